"""Deliveries are listed and read by their owner."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence

import pytest
from nova_server.ports.clock import Instant, plus_seconds
from nova_server.ports.queue import Lease
from nova_server.ports.tenancy import Caller
from nova_server.ports.webhooks import (
    DeliveryFilter,
    DeliveryState,
    DeliveryWithAttempts,
    StoredAttempt,
    WebhookDelivery,
    WebhookEvent,
)

from tests.support.clock import START
from tests.support.signals import RecordedSignals
from tests.support.store import StoreUnderTest
from tests.support.stored_webhooks import (
    DELIVERED,
    OWNER,
    REFUSED,
    add_endpoint,
    add_test,
    add_tests,
    claim,
    claim_one,
    end,
    listed,
    of_another_owner,
    read,
    release,
    retry,
)
from tests.support.submissions import submission

UNKNOWN = "c" + "9" * 24


def ids(deliveries: Sequence[WebhookDelivery]) -> list[str]:
    """Return the ids of deliveries, newest first."""
    return sorted((delivery.id for delivery in deliveries), reverse=True)


async def test_a_test_is_a_delivery_like_any_other(store: StoreUnderTest, signals: RecordedSignals) -> None:
    endpoint = await add_endpoint(store, WebhookEvent.SCORE_FAILED)
    delivery = await add_test(store, endpoint, '{"event":"test"}')
    assert delivery == WebhookDelivery(
        delivery.id, endpoint.id, WebhookEvent.TEST, None, DeliveryState.PENDING, 0, START, START, None
    )
    assert await read(store, delivery.id) == DeliveryWithAttempts(delivery, '{"event":"test"}', ())
    assert signals.deliveries == 1


async def test_a_delivery_is_read_with_each_of_its_attempts_oldest_first(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    delivery = await add_test(store, endpoint)
    await retry(store, await claim_one(store), seconds=90)
    store.clock.advance(90)
    await end(store, await claim_one(store))
    found = await read(store, delivery.id)
    assert (found.delivery.state, found.delivery.attempts) == (DeliveryState.DELIVERED, 2)
    assert (found.delivery.next_attempt_at, found.delivery.finished_at) == (None, store.clock.now())
    assert found.attempts == (StoredAttempt(1, REFUSED), StoredAttempt(2, DELIVERED))


async def test_a_delivery_shows_when_its_next_attempt_is_due_as_long_as_it_waits_for_it(store: StoreUnderTest) -> None:
    delivery = await add_test(store, await add_endpoint(store))
    lease = await claim_one(store)
    running = (await read(store, delivery.id)).delivery
    assert (running.state, running.next_attempt_at) == (DeliveryState.RUNNING, None)
    await retry(store, lease, seconds=90)
    waiting = (await read(store, delivery.id)).delivery
    assert (waiting.state, waiting.next_attempt_at) == (DeliveryState.PENDING, plus_seconds(START, 90))


async def test_a_delivery_of_an_event_tells_of_its_tenant(store: StoreUnderTest) -> None:
    await add_endpoint(store, WebhookEvent.SCORE_COMPLETED)
    await store.submit(submission("anna"))
    await store.complete_everything()
    (delivery,) = await store.webhooks.list_deliveries(OWNER, DeliveryFilter())
    assert (delivery.event, delivery.tenant_id) == (WebhookEvent.SCORE_COMPLETED, "acme")


async def test_a_delivery_is_found_under_its_own_endpoint_only(store: StoreUnderTest) -> None:
    endpoint, other = await add_endpoint(store), await add_endpoint(store)
    delivery = await add_test(store, endpoint)
    webhooks = store.webhooks
    assert await webhooks.read_delivery(OWNER, endpoint.id, delivery.id) is not None
    assert await webhooks.read_delivery(OWNER, None, delivery.id) is not None
    assert await webhooks.read_delivery(OWNER, other.id, delivery.id) is None
    assert await webhooks.read_delivery(OWNER, None, UNKNOWN) is None
    assert await webhooks.redeliver(OWNER, other.id, delivery.id, START) is None
    assert await webhooks.redeliver(OWNER, endpoint.id, UNKNOWN, START) is None


@pytest.mark.parametrize("other", of_another_owner(OWNER), ids=["another partner", "another environment"])
async def test_deliveries_of_somebody_else_are_not_there(
    store: StoreUnderTest, other: Caller, signals: RecordedSignals
) -> None:
    endpoint = await add_endpoint(store)
    delivery = await add_test(store, endpoint)
    await end(store, await claim_one(store), REFUSED)
    told = signals.deliveries
    webhooks = store.webhooks
    assert await listed(store, owner=other) == []
    assert await listed(store, DeliveryFilter(endpoint_id=endpoint.id), owner=other) == []
    for endpoint_id in (endpoint.id, None):
        assert await webhooks.read_delivery(other, endpoint_id, delivery.id) is None
    assert await webhooks.redeliver(other, endpoint.id, delivery.id, START) is None
    assert await webhooks.redeliver_failed(other, endpoint.id, START, START) == 0
    assert (await read(store, delivery.id)).delivery.state is DeliveryState.FAILED
    assert signals.deliveries == told


async def test_deliveries_are_listed_newest_first_over_all_endpoints_of_the_owner(store: StoreUnderTest) -> None:
    endpoints = [await add_endpoint(store) for _ in range(3)]
    stranger = await add_endpoint(store, owner=of_another_owner(OWNER)[0])
    made = [await add_tests(store, endpoint, 4) for endpoint in (*endpoints, stranger)]
    assert await listed(store) == ids([one for of_endpoint in made[:3] for one in of_endpoint])
    assert await listed(store, DeliveryFilter(endpoint_id=endpoints[1].id)) == ids(made[1])
    assert await listed(store, DeliveryFilter(endpoint_id=stranger.id)) == []


async def test_pages_follow_one_another_without_a_gap_or_a_repetition(store: StoreUnderTest) -> None:
    endpoints = [await add_endpoint(store) for _ in range(2)]
    expected = ids([await add_test(store, endpoint) for endpoint in endpoints * 6])
    await end(store, await claim_one(store))
    await claim_one(store)
    found: list[str] = []
    while page := await listed(store, DeliveryFilter(before_id=found[-1] if found else None, limit=5)):
        assert len(page) <= 5
        found += page
    assert found == expected


async def test_deliveries_are_listed_by_what_became_of_them(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    delivered, failed, running, retried, waiting = await add_tests(store, endpoint, 5)
    leases = {lease.job_id: lease for lease in await claim(store, 4)}
    await end(store, leases[delivered.id])
    await end(store, leases[failed.id], REFUSED)
    await retry(store, leases[retried.id])
    by_state = {
        DeliveryState.DELIVERED: [delivered],
        DeliveryState.FAILED: [failed],
        DeliveryState.RUNNING: [running],
        DeliveryState.PENDING: [running, retried, waiting],  # what is on its way is waiting, as callers see it
        None: [delivered, failed, running, retried, waiting],
    }
    for status, deliveries in by_state.items():
        for endpoint_id in (None, endpoint.id):
            assert await listed(store, DeliveryFilter(endpoint_id, status)) == ids(deliveries)
    assert await listed(store, DeliveryFilter(status=DeliveryState.PENDING, limit=2)) == ids([retried, waiting])


async def test_deliveries_are_listed_by_event(store: StoreUnderTest) -> None:
    test = await add_test(store, await add_endpoint(store))
    await store.submit(submission("anna", "ben"))
    anna, ben = await store.claim()
    await store.complete(anna)
    await store.fail(ben)
    found = [await listed(store, DeliveryFilter(event=event)) for event in WebhookEvent]
    assert [len(of_event) for of_event in found] == [1, 1, 1, 1]
    assert found[-1] == [test.id]
    assert len({one for of_event in found for one in of_event}) == 4


async def test_deliveries_are_listed_by_when_their_event_happened(store: StoreUnderTest) -> None:
    made = await add_tests(store, await add_endpoint(store), 5)
    second, fourth = made[1].created_at, made[3].created_at
    assert await listed(store, DeliveryFilter(created_after=second)) == ids(made[1:])
    assert await listed(store, DeliveryFilter(created_before=fourth)) == ids(made[:3])
    assert await listed(store, DeliveryFilter(created_after=second, created_before=fourth)) == ids(made[1:3])
    assert await listed(store, DeliveryFilter(created_after=plus_seconds(fourth, 60))) == []


async def test_every_combination_of_filters_lists_what_all_of_them_let_through(store: StoreUnderTest) -> None:
    chance = random.Random(4)
    endpoints = [await add_endpoint(store) for _ in range(2)]
    await store.submit(submission(*(f"applicant-{number}" for number in range(20))))
    for lease in await store.claim():
        store.clock.advance(1)
        await (store.complete(lease) if chance.random() < 0.5 else store.fail(lease))
    ways: list[Callable[[StoreUnderTest, Lease], Awaitable[bool]]] = [end, retry, release]
    for lease in await claim(store, 30):
        await chance.choice(ways)(store, lease)
    everything = await store.webhooks.list_deliveries(OWNER, DeliveryFilter(limit=1_000))
    assert len(everything) == 42
    for _ in range(100):
        wanted = some_filter(chance, [endpoint.id for endpoint in endpoints], everything)
        expected = [one.id for one in everything if lets_through(wanted, one)][: wanted.limit]
        assert await listed(store, wanted) == expected


def some_filter(
    chance: random.Random, endpoint_ids: Sequence[str], everything: Sequence[WebhookDelivery]
) -> DeliveryFilter:
    times: list[Instant] = [one.created_at for one in everything]
    return DeliveryFilter(
        endpoint_id=chance.choice([None, *endpoint_ids]),
        status=chance.choice([None, DeliveryState.PENDING, DeliveryState.DELIVERED]),
        event=chance.choice([None, None, *WebhookEvent]),
        created_after=chance.choice([None, None, *times]),
        created_before=chance.choice([None, None, *times]),
        before_id=chance.choice([None, chance.choice(everything).id]),
        limit=chance.choice([1, 5, 100]),
    )


def lets_through(wanted: DeliveryFilter, one: WebhookDelivery) -> bool:
    shown = DeliveryState.PENDING if one.state is DeliveryState.RUNNING else one.state
    return (
        wanted.endpoint_id in (None, one.endpoint_id)
        and wanted.status in (None, shown)
        and wanted.event in (None, one.event)
        and (wanted.created_after is None or one.created_at >= wanted.created_after)
        and (wanted.created_before is None or one.created_at < wanted.created_before)
        and (wanted.before_id is None or one.id < wanted.before_id)
    )
