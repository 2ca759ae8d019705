"""Which deliveries are sent next, and how many of one endpoint at once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from nova_server.ports.queue import Lease
from nova_server.ports.tenancy import Caller
from nova_server.ports.webhooks import (
    FAILING_ATTEMPTS,
    PROBE_SECONDS,
    DeliveryWork,
    EndpointChange,
    WebhookEndpoint,
    WebhookEvent,
)
from nova_server.storage.schema import webhook_deliveries, webhook_events
from sqlalchemy import String, cast, func, insert, literal, select

from tests.support.clock import START
from tests.support.store import StoreUnderTest
from tests.support.stored_webhooks import (
    OWNER,
    REFUSED,
    SECRET,
    URL,
    add_endpoint,
    add_test,
    add_tests,
    bodies_of,
    claim,
    claim_one,
    end,
    release,
    retry,
    work_of,
)

STEPS = 100  # how many endpoints the store walks to in one statement


def endpoints_of(leases: list[Lease]) -> list[str]:
    return [work_of(lease).endpoint_id for lease in leases]


async def many_endpoints(store: StoreUnderTest, count: int) -> list[WebhookEndpoint]:
    """Store an endpoint for each of `count` partners."""
    owners = [Caller(f"partner-{number}", OWNER.environment) for number in range(count)]
    return list(await asyncio.gather(*(add_endpoint(store, owner=owner) for owner in owners)))


async def add_crowd(store: StoreUnderTest, endpoint: WebhookEndpoint, count: int) -> None:
    """Store many deliveries that are all due."""
    numbers = select(literal(1).label("number")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.number + 1).where(numbers.c.number < count))
    digits = cast(numbers.c.number, String)
    new_id = func.substr(literal("c" + 24 * "0"), 1, 25 - func.length(digits)).op("||")(digits)
    events = select(new_id, literal("test"), literal("one of many"), literal(START))
    await store.execute(insert(webhook_events).from_select(["id", "event", "body", "created_at"], events))
    deliveries = select(new_id, literal(endpoint.id), new_id, literal("pending"), literal(START))
    names = ["id", "endpoint_id", "event_id", "state", "available_at"]
    await store.execute(insert(webhook_deliveries).from_select(names, deliveries))


async def fail_often(store: StoreUnderTest, endpoint: WebhookEndpoint, attempts: int = FAILING_ATTEMPTS) -> None:
    """Let attempts at an endpoint fail, which is then known as failing, and probed next in PROBE_SECONDS."""
    for _ in range(attempts):
        await add_test(store, endpoint)
        await end(store, await claim_one(store), REFUSED)


async def test_a_lease_brings_all_that_an_attempt_needs(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    delivery = await add_test(store, endpoint, "Zoë 😀")
    lease = await claim_one(store)
    assert (lease.job_id, lease.attempt, lease.starts) == (delivery.id, 1, 0)
    assert lease.work == DeliveryWork(endpoint.id, URL, (SECRET,), WebhookEvent.TEST, "Zoë 😀".encode(), 0)
    await retry(store, lease, seconds=0)
    again = await claim_one(store)
    assert (again.attempt, again.starts, work_of(again).attempts) == (2, 1, 1)


async def test_a_lease_shows_neither_where_it_goes_nor_what_it_says(store: StoreUnderTest) -> None:
    await add_test(store, await add_endpoint(store), "a secret body")
    lease = await claim_one(store)
    for hidden in ("secret body", SECRET, URL):
        assert hidden not in repr((lease, lease.work))


async def test_an_attempt_goes_where_the_endpoint_is_by_then(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    await add_test(store, endpoint)
    await store.webhooks.update_endpoint(OWNER, endpoint.id, EndpointChange(url="https://moved.example/"), START)
    assert work_of(await claim_one(store)).url == "https://moved.example/"


async def test_deliveries_of_an_endpoint_are_claimed_in_the_order_in_which_they_are_due(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    await add_tests(store, endpoint, 4)
    first = await claim_one(store)
    await retry(store, first, seconds=5)
    store.clock.advance(5)
    await add_test(store, endpoint, "the newest")
    assert bodies_of(await claim(store)) == ["test 1", "test 2", "test 3", "test 0", "the newest"]


async def test_what_is_not_yet_due_is_not_claimed(store: StoreUnderTest) -> None:
    await add_tests(store, await add_endpoint(store), 2)
    await retry(store, await claim_one(store), seconds=60)
    assert bodies_of(await claim(store)) == ["test 1"]
    store.clock.advance(59)
    assert await claim(store) == []
    store.clock.advance(1)
    assert bodies_of(await claim(store)) == ["test 0"]


async def test_a_claim_takes_no_more_than_its_limit_and_nothing_twice(store: StoreUnderTest) -> None:
    await add_tests(store, await add_endpoint(store), 5)
    claims = await asyncio.gather(*(claim(store, 2) for _ in range(4)))
    assert [len(leases) for leases in claims] == [2, 2, 1, 0]
    assert len({lease.job_id for leases in claims for lease in leases}) == 5


async def test_an_endpoint_has_no_more_on_their_way_than_it_may_have_over_all_claims(store: StoreUnderTest) -> None:
    busy, other = await add_endpoint(store), await add_endpoint(store)
    await add_tests(store, busy, 10)
    await add_tests(store, other, 1)
    first = await claim(store, group_limit=3)
    assert Counter(endpoints_of(first)) == {busy.id: 3, other.id: 1}
    assert await claim(store, group_limit=3) == []
    done = next(lease for lease in first if work_of(lease).endpoint_id == busy.id)
    await end(store, done)
    assert endpoints_of(await claim(store, group_limit=3)) == [busy.id]


async def test_a_claim_takes_of_every_endpoint_before_it_takes_more_of_one(store: StoreUnderTest) -> None:
    endpoints = [await add_endpoint(store) for _ in range(3)]
    for endpoint, count in zip(endpoints, (5, 2, 1), strict=True):
        await add_tests(store, endpoint, count)
    a, b, c = (endpoint.id for endpoint in endpoints)
    assert endpoints_of(await claim(store, 6)) == [a, b, c, a, b, a]


async def test_endpoints_take_turns_however_much_each_has_waiting(store: StoreUnderTest) -> None:
    endpoints = [await add_endpoint(store) for _ in range(3)]
    for endpoint in endpoints:
        await add_tests(store, endpoint, 6)
    served = []
    for _ in range(9):
        lease = await claim_one(store)
        served.append(work_of(lease).endpoint_id)
        await end(store, lease)
    assert Counter(served) == {endpoint.id: 3 for endpoint in endpoints}
    assert all(len(set(served[start : start + 3])) == 3 for start in (0, 3, 6))


async def test_an_endpoint_with_one_delivery_is_served_within_one_round_of_the_others(store: StoreUnderTest) -> None:
    endpoints = [await add_endpoint(store) for _ in range(4)]
    for endpoint in endpoints[1:]:
        await add_tests(store, endpoint, 10)
    for _ in range(5):
        await end(store, await claim_one(store))
    await add_test(store, endpoints[0], "the only one")
    served = []
    for _ in range(4):
        lease = await claim_one(store)
        served += bodies_of([lease])
        await end(store, lease)
    assert "the only one" in served


async def test_more_endpoints_than_are_walked_to_at_once_all_get_their_turn(store: StoreUnderTest) -> None:
    endpoints = await many_endpoints(store, 2 * STEPS + 50)
    await asyncio.gather(*(add_test(store, endpoint) for endpoint in endpoints * 2))
    claimed = [await claim(store, 90) for _ in range(5)]
    assert [len(leases) for leases in claimed] == [90, 90, 90, 90, 90]
    served = Counter(endpoints_of([lease for leases in claimed[:3] for lease in leases]))
    assert set(served) == {endpoint.id for endpoint in endpoints}
    assert max(served.values()) == 2  # the third claim has begun the second round
    assert len(await claim(store, 500)) == 50


async def test_exactly_as_many_endpoints_as_are_walked_to_at_once_are_all_found(store: StoreUnderTest) -> None:
    endpoints = await many_endpoints(store, STEPS)
    await asyncio.gather(*(add_test(store, endpoint) for endpoint in endpoints))
    assert len(await claim(store, 2 * STEPS)) == STEPS
    assert await claim(store, 2 * STEPS) == []


async def test_an_endpoint_behind_many_that_cannot_be_served_is_found(store: StoreUnderTest) -> None:
    endpoints = sorted(await many_endpoints(store, STEPS + 20), key=lambda endpoint: endpoint.id)
    await asyncio.gather(*(add_test(store, endpoint) for endpoint in endpoints))
    for endpoint in endpoints[:-1]:
        await store.webhooks.update_endpoint(endpoint.owner, endpoint.id, EndpointChange(enabled=False), START)
    assert endpoints_of(await claim(store, 5)) == [endpoints[-1].id]


async def test_endpoints_with_nothing_due_take_no_place_of_one_that_has(store: StoreUnderTest) -> None:
    endpoints = sorted([await add_endpoint(store) for _ in range(4)], key=lambda endpoint: endpoint.id)
    for endpoint in endpoints[:3]:
        await add_test(store, endpoint)
        await retry(store, await claim_one(store))
    await add_tests(store, endpoints[3], 2)
    assert endpoints_of([await claim_one(store), await claim_one(store)]) == [endpoints[3].id] * 2


async def test_what_waits_for_an_endpoint_that_is_off_waits_until_it_is_on_again(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    await add_test(store, endpoint)
    await store.webhooks.update_endpoint(OWNER, endpoint.id, EndpointChange(enabled=False), START)
    assert await claim(store) == []
    await store.webhooks.update_endpoint(OWNER, endpoint.id, EndpointChange(enabled=True), START)
    assert len(await claim(store)) == 1


async def test_an_endpoint_that_has_failed_a_few_times_is_served_like_any_other(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    await fail_often(store, endpoint, FAILING_ATTEMPTS - 1)
    await add_tests(store, endpoint, 3)
    assert len(await claim(store)) == 3


async def test_an_endpoint_that_failed_often_is_probed_by_one_delivery_at_a_time(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    await fail_often(store, endpoint)
    await add_tests(store, endpoint, 3)
    assert await claim(store) == []  # three seconds later
    store.clock.advance(PROBE_SECONDS - 4)
    assert await claim(store) == []
    store.clock.advance(1)
    (probe,) = await claim(store)
    store.clock.advance(PROBE_SECONDS)
    assert await claim(store) == []
    await retry(store, probe)
    assert await claim(store) == []
    store.clock.advance(PROBE_SECONDS)
    assert len(await claim(store)) == 1


async def test_failures_at_the_same_time_all_count(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    await add_tests(store, endpoint, FAILING_ATTEMPTS + 1)
    leases = await claim(store, FAILING_ATTEMPTS)
    await asyncio.gather(*(retry(store, lease) for lease in leases))
    assert await claim(store) == []


async def test_a_probe_that_was_never_sent_can_be_made_again_at_once(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    await fail_often(store, endpoint)
    await add_test(store, endpoint)
    store.clock.advance(PROBE_SECONDS)
    await release(store, await claim_one(store))
    assert len(await claim(store)) == 1


async def test_an_endpoint_that_answers_its_probe_is_served_like_any_other_again(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    await fail_often(store, endpoint)
    await add_tests(store, endpoint, 5)
    store.clock.advance(PROBE_SECONDS)
    await end(store, await claim_one(store))
    assert len(await claim(store)) == 4


async def test_a_failing_endpoint_delays_only_itself(store: StoreUnderTest) -> None:
    dead, healthy = await add_endpoint(store), await add_endpoint(store)
    await fail_often(store, dead)
    await add_tests(store, dead, 5)
    await add_tests(store, healthy, 5)
    store.clock.advance(PROBE_SECONDS)
    assert Counter(endpoints_of(await claim(store))) == {dead.id: 1, healthy.id: 5}


async def test_an_endpoint_that_was_changed_is_served_at_once(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    await fail_often(store, endpoint)
    await add_tests(store, endpoint, 3)
    await store.webhooks.update_endpoint(OWNER, endpoint.id, EndpointChange(url="https://moved.example/"), START)
    assert len(await claim(store)) == 3


@pytest.mark.parametrize("moved", [0, 1], ids=["the crowd waits first", "the crowd waits last"])
async def test_ten_thousand_deliveries_of_one_endpoint_take_no_place_of_another(
    store: StoreUnderTest, moved: int
) -> None:
    crowded, quiet = await add_endpoint(store), await add_endpoint(store)
    if moved:
        crowded, quiet = quiet, crowded
    await add_crowd(store, crowded, 10_000)
    await add_test(store, quiet, "the other")
    for _ in range(5):
        leases = await claim(store, 8, group_limit=4)
        assert len(leases) == 5
        assert "the other" in bodies_of(leases)
        await asyncio.gather(*(release(store, lease) for lease in leases))
