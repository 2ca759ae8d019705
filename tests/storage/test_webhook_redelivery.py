"""What was delivered, or was not, can be delivered again."""

from __future__ import annotations

import pytest
from nova_server.ports.webhooks import (
    Attempt,
    DeliveryState,
    StoredAttempt,
    WebhookDelivery,
    WebhookEvent,
)
from nova_server.storage.schema import webhook_attempts

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
    bodies_of,
    claim,
    claim_one,
    end,
    read,
    retry,
)

UNKNOWN = "c" + "9" * 24


@pytest.mark.parametrize("last", [REFUSED, DELIVERED], ids=["failed", "delivered"])
async def test_a_delivery_that_ended_begins_anew_and_keeps_what_was_tried(store: StoreUnderTest, last: Attempt) -> None:
    endpoint = await add_endpoint(store)
    delivery = await add_test(store, endpoint)
    await retry(store, await claim_one(store), seconds=0)
    await end(store, await claim_one(store), last)
    store.clock.advance(3600)
    now = store.clock.now()
    again = await store.webhooks.redeliver(OWNER, endpoint.id, delivery.id, now)
    assert again == WebhookDelivery(
        delivery.id, endpoint.id, WebhookEvent.TEST, None, DeliveryState.PENDING, 0, START, now, None
    )
    lease = await claim_one(store)
    assert (lease.starts, bodies_of([lease])) == (0, ["a test"])
    await end(store, lease)
    found = await read(store, delivery.id)
    assert (found.delivery.state, found.delivery.attempts) == (DeliveryState.DELIVERED, 1)
    assert found.attempts == (StoredAttempt(1, REFUSED), StoredAttempt(2, last), StoredAttempt(3, DELIVERED))


async def test_a_delivery_that_waits_for_its_next_attempt_becomes_due(
    store: StoreUnderTest, signals: RecordedSignals
) -> None:
    endpoint = await add_endpoint(store)
    delivery = await add_test(store, endpoint)
    await retry(store, await claim_one(store), seconds=1800)
    assert await claim(store) == []
    told = signals.deliveries
    again = await store.webhooks.redeliver(OWNER, endpoint.id, delivery.id, store.clock.now())
    assert again is not None
    assert (again.attempts, again.next_attempt_at) == (0, store.clock.now())
    assert signals.deliveries == told + 1
    assert [lease.job_id for lease in await claim(store)] == [delivery.id]


async def test_a_delivery_on_its_way_is_left_alone(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    delivery = await add_test(store, endpoint)
    await retry(store, await claim_one(store), seconds=0)
    lease = await claim_one(store)
    again = await store.webhooks.redeliver(OWNER, endpoint.id, delivery.id, START)
    assert again is not None
    assert (again.state, again.attempts) == (DeliveryState.RUNNING, 1)
    assert await claim(store) == []
    assert await end(store, lease)


async def test_all_that_failed_since_a_time_begins_anew_and_nothing_else(
    store: StoreUnderTest, signals: RecordedSignals
) -> None:
    endpoint, other = await add_endpoint(store), await add_endpoint(store)
    old, failed, delivered, retried, running = await add_tests(store, endpoint, 5)
    elsewhere = await add_test(store, other)
    leases = {lease.job_id: lease for lease in await claim(store)}
    for one in (old, failed, elsewhere):
        await end(store, leases[one.id], REFUSED)
    await end(store, leases[delivered.id])
    await retry(store, leases[retried.id])
    told = signals.deliveries
    assert await store.webhooks.redeliver_failed(OWNER, endpoint.id, failed.created_at, store.clock.now()) == 1
    assert signals.deliveries == told + 1
    assert [lease.job_id for lease in await claim(store)] == [failed.id]
    states = {one.id: (await read(store, one.id)).delivery.state for one in (old, delivered, retried, elsewhere)}
    assert list(states.values()) == [
        DeliveryState.FAILED,
        DeliveryState.DELIVERED,
        DeliveryState.PENDING,
        DeliveryState.FAILED,
    ]
    assert await end(store, leases[running.id])


async def test_when_nothing_failed_nothing_begins_anew_and_nobody_is_told(
    store: StoreUnderTest, signals: RecordedSignals
) -> None:
    endpoint = await add_endpoint(store)
    assert await store.webhooks.redeliver_failed(OWNER, endpoint.id, START, START) == 0
    assert await store.webhooks.redeliver_failed(OWNER, UNKNOWN, START, START) == 0
    assert signals.deliveries == 0
    assert await store.count(webhook_attempts) == 0
