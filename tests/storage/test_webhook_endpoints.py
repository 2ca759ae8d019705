"""Endpoints belong to a partner in one environment, which may have a few of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from nova_server.ports.clock import plus_seconds
from nova_server.ports.tenancy import Caller
from nova_server.ports.webhooks import MAX_ENDPOINTS, EndpointChange, WebhookEvent
from nova_server.storage.schema import webhook_attempts, webhook_deliveries, webhook_endpoints, webhook_events

from tests.support.clock import START
from tests.support.signals import RecordedSignals
from tests.support.store import StoreUnderTest
from tests.support.stored_webhooks import (
    OWNER,
    SECRET,
    WELL,
    add_endpoint,
    add_test,
    claim_one,
    end,
    endpoint_row,
    health,
    listed,
    of_another_owner,
    retry,
    work_of,
)
from tests.support.submissions import submission

TABLES = (webhook_endpoints, webhook_events, webhook_deliveries, webhook_attempts)
UNKNOWN = "c" + "9" * 24


async def test_an_endpoint_is_read_back_as_it_was_created(store: StoreUnderTest) -> None:
    plain = await add_endpoint(store)
    full = await add_endpoint(
        store, WebhookEvent.SCORE_FAILED, WebhookEvent.BATCH_COMPLETED, name="Zoë's “hook”", enabled=False
    )
    for endpoint in (plain, full):
        assert await store.webhooks.read_endpoint(OWNER, endpoint.id) == endpoint


async def test_endpoints_are_listed_oldest_first(store: StoreUnderTest) -> None:
    created = []
    for _ in range(3):
        created.append(await add_endpoint(store))
        store.clock.advance(1)
    assert await store.webhooks.list_endpoints(OWNER) == created


async def test_no_record_of_an_endpoint_holds_its_secret(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    rotated = await store.webhooks.rotate_secret(OWNER, endpoint.id, "whsec_second", plus_seconds(START, 60), START)
    assert "whsec" not in repr((endpoint, rotated, await store.webhooks.list_endpoints(OWNER)))


async def test_an_owner_has_no_more_endpoints_than_allowed_however_many_come_at_once(store: StoreUnderTest) -> None:
    first = await add_endpoint(store)
    others = [replace(first, id=f"c{number:024d}") for number in range(300)]
    answers = await asyncio.gather(*(store.webhooks.create_endpoint(one, SECRET) for one in others))
    assert answers.count(True) == MAX_ENDPOINTS - 1
    assert len(await store.webhooks.list_endpoints(OWNER)) == MAX_ENDPOINTS
    assert await store.count(webhook_endpoints) == MAX_ENDPOINTS


async def test_a_deleted_endpoint_makes_room_for_another(store: StoreUnderTest) -> None:
    endpoints = [await add_endpoint(store) for _ in range(MAX_ENDPOINTS)]
    another = replace(endpoints[0], id=UNKNOWN)
    assert not await store.webhooks.create_endpoint(another, SECRET)
    await store.webhooks.delete_endpoint(OWNER, endpoints[1].id)
    assert await store.webhooks.create_endpoint(another, SECRET)


async def test_every_partner_has_its_own_allowance_in_each_environment(store: StoreUnderTest) -> None:
    for owner in (OWNER, *of_another_owner(OWNER)):
        for _ in range(MAX_ENDPOINTS):
            await add_endpoint(store, owner=owner)
    assert await store.count(webhook_endpoints) == 3 * MAX_ENDPOINTS


@pytest.mark.parametrize("other", of_another_owner(OWNER), ids=["another partner", "another environment"])
async def test_what_belongs_to_somebody_else_is_not_there(store: StoreUnderTest, other: Caller) -> None:
    endpoint = await add_endpoint(store)
    before = await endpoint_row(store, endpoint)
    webhooks = store.webhooks
    assert await webhooks.list_endpoints(other) == []
    assert await webhooks.read_endpoint(other, endpoint.id) is None
    assert await webhooks.update_endpoint(other, endpoint.id, EndpointChange(url="https://evil.example"), START) is None
    assert await webhooks.rotate_secret(other, endpoint.id, "whsec_theirs", START, START) is None
    assert await webhooks.delete_endpoint(other, endpoint.id) is None
    assert await endpoint_row(store, endpoint) == before


async def test_an_endpoint_that_does_not_exist_cannot_be_changed(store: StoreUnderTest) -> None:
    assert await store.webhooks.read_endpoint(OWNER, UNKNOWN) is None
    assert await store.webhooks.update_endpoint(OWNER, UNKNOWN, EndpointChange(enabled=True), START) is None
    assert await store.webhooks.rotate_secret(OWNER, UNKNOWN, "whsec_new", START, START) is None
    assert await store.webhooks.delete_endpoint(OWNER, UNKNOWN) is None


@pytest.mark.parametrize(
    "change",
    [
        EndpointChange(url="https://elsewhere.example/"),
        EndpointChange(name="Another name"),
        EndpointChange(events=(WebhookEvent.BATCH_COMPLETED,)),
        EndpointChange(enabled=False),
        EndpointChange("https://both.example", "Both", (WebhookEvent.SCORE_FAILED,), enabled=False),
        EndpointChange(),
    ],
    ids=["url", "name", "events", "switch", "everything", "nothing"],
)
async def test_a_change_leaves_alone_what_it_does_not_name(store: StoreUnderTest, change: EndpointChange) -> None:
    endpoint = await add_endpoint(store, name="Scores")
    other = await add_endpoint(store, name="Other")
    store.clock.advance(60)
    now = store.clock.now()
    expected = replace(
        endpoint,
        url=change.url or endpoint.url,
        name=change.name or endpoint.name,
        events=change.events or endpoint.events,
        enabled=change.enabled is not False,
        updated_at=now,
    )
    assert await store.webhooks.update_endpoint(OWNER, endpoint.id, change, now) == expected
    assert await store.webhooks.read_endpoint(OWNER, endpoint.id) == expected
    assert await store.webhooks.read_endpoint(OWNER, other.id) == other


@pytest.mark.parametrize(
    ("change", "forgotten"),
    [
        (EndpointChange(url="https://elsewhere.example/"), True),
        (EndpointChange(enabled=True), True),
        (EndpointChange(name="Renamed"), False),
        (EndpointChange(events=(WebhookEvent.SCORE_FAILED,)), False),
    ],
    ids=["url", "switch", "name", "events"],
)
async def test_another_url_or_the_switch_lets_failures_be_forgotten(
    store: StoreUnderTest, change: EndpointChange, *, forgotten: bool
) -> None:
    endpoint = await add_endpoint(store)
    await add_test(store, endpoint)
    await retry(store, await claim_one(store))
    before = await health(store, endpoint)
    assert before != WELL
    changed = await store.webhooks.update_endpoint(OWNER, endpoint.id, change, START)
    assert await health(store, endpoint) == (WELL if forgotten else before)
    assert changed is not None
    assert changed.failing_since == (None if forgotten else START)


async def test_a_change_tells_that_there_may_be_something_to_deliver_unless_the_endpoint_is_off(
    store: StoreUnderTest, signals: RecordedSignals
) -> None:
    endpoint = await add_endpoint(store)
    await store.webhooks.update_endpoint(OWNER, endpoint.id, EndpointChange(enabled=False), START)
    assert signals.deliveries == 0
    await store.webhooks.update_endpoint(OWNER, endpoint.id, EndpointChange(enabled=True), START)
    assert signals.deliveries == 1


async def test_a_rotated_secret_signs_beside_the_new_one_until_its_time_is_over(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    ends_at = plus_seconds(START, 3600)
    rotated = await store.webhooks.rotate_secret(OWNER, endpoint.id, "whsec_second", ends_at, START)
    assert rotated == replace(endpoint, previous_secret_expires_at=ends_at)
    for seconds, secrets in ((0, ("whsec_second", SECRET)), (3599, ("whsec_second", SECRET)), (1, ("whsec_second",))):
        store.clock.advance(seconds)
        await add_test(store, endpoint)
        lease = await claim_one(store)
        assert work_of(lease).secrets == secrets
        await end(store, lease)


async def test_only_the_secret_before_the_current_one_signs_too(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    for secret in ("whsec_second", "whsec_third"):
        await store.webhooks.rotate_secret(OWNER, endpoint.id, secret, plus_seconds(START, 60), START)
    await add_test(store, endpoint)
    assert work_of(await claim_one(store)).secrets == ("whsec_third", "whsec_second")


async def test_a_secret_that_is_replaced_at_once_is_not_kept(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    rotated = await store.webhooks.rotate_secret(OWNER, endpoint.id, "whsec_second", START, START)
    assert rotated == endpoint
    row = await endpoint_row(store, endpoint)
    assert (row.secret, row.previous_secret, row.previous_secret_expires_at) == ("whsec_second", None, None)


async def test_a_deleted_endpoint_takes_with_it_all_that_was_for_it_alone(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    for _ in range(3):
        await add_test(store, endpoint)
    await retry(store, await claim_one(store))
    await end(store, await claim_one(store))
    assert await store.webhooks.delete_endpoint(OWNER, endpoint.id) == replace(endpoint, failing_since=None)
    assert [await store.count(table) for table in TABLES] == [0, 0, 0, 0]


async def test_a_deleted_endpoint_leaves_what_others_have_a_part_in(store: StoreUnderTest) -> None:
    gone, stays = await add_endpoint(store), await add_endpoint(store)
    await store.submit(submission("anna"))
    await store.complete_everything()
    await add_test(store, gone)
    await add_test(store, stays)
    kept = await listed(store)
    for _ in range(5):
        await end(store, await claim_one(store))
    await store.webhooks.delete_endpoint(OWNER, gone.id)
    assert [await store.count(table) for table in TABLES[:3]] == [1, 3, 3]
    remaining = await listed(store)
    assert len(remaining) == 3
    assert set(remaining) < set(kept)
    assert await store.webhooks.list_endpoints(OWNER) == [stays]


async def test_a_delivery_that_runs_while_its_endpoint_is_deleted_ends_as_lost(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    await add_test(store, endpoint)
    await add_test(store, endpoint)
    first, second = await claim_one(store), await claim_one(store)
    await store.webhooks.delete_endpoint(OWNER, endpoint.id)
    assert not await end(store, first)
    assert not await retry(store, second)
    assert [await store.count(table) for table in TABLES] == [0, 0, 0, 0]


async def test_a_test_of_an_endpoint_that_was_just_deleted_leaves_nothing(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    await store.webhooks.delete_endpoint(OWNER, endpoint.id)
    await add_test(store, endpoint)
    assert [await store.count(table) for table in TABLES] == [0, 0, 0, 0]
