"""Only the holder of a lease may say how a delivery went, and what it says counts for the endpoint too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from nova_server.ports.clock import plus_seconds
from nova_server.ports.queue import Completion, Extension, Failed, Lease, QueueDepth, Requeue, Succeeded, Swept
from nova_server.ports.webhooks import PROBE_SECONDS, Attempt, DeliveryState, FailureReason, StoredAttempt
from nova_server.storage.schema import webhook_attempts

from tests.support.clock import START
from tests.support.store import LEASE_SECONDS, StoreUnderTest
from tests.support.stored_webhooks import (
    DELIVERED,
    REFUSED,
    WELL,
    add_endpoint,
    add_test,
    add_tests,
    claim,
    claim_one,
    end,
    health,
    read,
    release,
    retry,
    sweep,
    work_of,
)

CRASHED = Failed("INTERNAL_ERROR", "A webhook ends with its attempts.")


async def extend(store: StoreUnderTest, *leases: Lease) -> list[Lease]:
    """Renew leases for another LEASE_SECONDS. Returns those that are lost."""
    return list(await store.deliveries.extend(Extension(leases, plus_seconds(store.clock.now(), LEASE_SECONDS))))


async def fail(store: StoreUnderTest, lease: Lease) -> bool:
    """End a delivery with an attempt that failed."""
    return await end(store, lease, REFUSED)


async def lose(store: StoreUnderTest) -> Lease:
    """Claim a delivery, and let the lease end."""
    lease = await claim_one(store)
    store.clock.advance(LEASE_SECONDS + 1)
    assert await sweep(store) == Swept(requeued=1, failed=0)
    return lease


async def test_a_delivery_that_arrived_ends_as_delivered(store: StoreUnderTest) -> None:
    delivery = await add_test(store, await add_endpoint(store))
    lease = await claim_one(store)
    store.clock.advance(2)
    assert await end(store, lease)
    found = await read(store, delivery.id)
    assert (found.delivery.state, found.delivery.finished_at) == (DeliveryState.DELIVERED, store.clock.now())
    assert found.attempts == (StoredAttempt(1, DELIVERED),)
    assert await claim(store) == []


@pytest.mark.parametrize("reason", FailureReason)
async def test_a_delivery_whose_last_attempt_failed_ends_as_failed(
    store: StoreUnderTest, reason: FailureReason
) -> None:
    delivery = await add_test(store, await add_endpoint(store))
    attempt = Attempt(START, 30_000, None, reason)
    assert await end(store, await claim_one(store), attempt)
    found = await read(store, delivery.id)
    assert (found.delivery.state, found.delivery.attempts) == (DeliveryState.FAILED, 1)
    assert found.attempts == (StoredAttempt(1, attempt),)


async def test_a_delivery_that_cannot_even_be_tried_ends_as_failed_without_an_attempt(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    delivery = await add_test(store, endpoint)
    lease = await claim_one(store)
    assert await store.deliveries.complete(Completion(lease.job_id, lease.attempt, CRASHED))
    found = await read(store, delivery.id)
    assert (found.delivery.state, found.delivery.attempts) == (DeliveryState.FAILED, 0)
    assert found.attempts == ()
    assert await health(store, endpoint) == WELL


async def test_attempts_are_counted_and_numbered_until_one_arrives(store: StoreUnderTest) -> None:
    delivery = await add_test(store, await add_endpoint(store))
    for attempts in range(4):
        lease = await claim_one(store)
        assert (lease.starts, work_of(lease).attempts) == (attempts, attempts)
        await retry(store, lease, replace(REFUSED, duration_ms=attempts), seconds=0)
    await end(store, await claim_one(store))
    found = await read(store, delivery.id)
    assert found.delivery.attempts == 5
    assert [one.number for one in found.attempts] == [1, 2, 3, 4, 5]
    assert [one.attempt.duration_ms for one in found.attempts] == [0, 1, 2, 3, DELIVERED.duration_ms]


async def test_a_delivery_that_is_let_go_costs_no_attempt_and_blames_nobody(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    delivery = await add_test(store, endpoint)
    assert await release(store, await claim_one(store), seconds=10)
    assert await claim(store) == []
    store.clock.advance(10)
    lease = await claim_one(store)
    assert (lease.attempt, lease.starts) == (2, 0)
    found = await read(store, delivery.id)
    assert (found.delivery.attempts, found.attempts) == (0, ())
    assert await health(store, endpoint) == WELL


async def test_a_worker_that_lost_its_lease_writes_nothing(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    delivery = await add_test(store, endpoint)
    old = await lose(store)
    for _ in range(2):  # first while nobody holds the lease, then while somebody else does
        assert not await end(store, old)
        assert not await end(store, old, REFUSED)
        assert not await retry(store, old)
        assert not await release(store, old)
        new = await claim(store)
    assert new == []
    found = await read(store, delivery.id)
    assert (found.delivery.state, found.delivery.attempts, found.attempts) == (DeliveryState.RUNNING, 0, ())
    assert await health(store, endpoint) == WELL
    assert await end(store, replace(old, attempt=2))


async def test_of_several_ends_under_one_lease_the_first_counts(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    delivery = await add_test(store, endpoint)
    lease = await claim_one(store)
    ways = (end(store, lease), end(store, lease, REFUSED), end(store, lease), retry(store, lease))
    assert list(await asyncio.gather(*ways)) == [True, False, False, False]
    assert (await read(store, delivery.id)).attempts == (StoredAttempt(1, DELIVERED),)
    assert await health(store, endpoint) == WELL


async def test_a_delivery_that_begins_anew_keeps_its_fence(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    delivery = await add_test(store, endpoint)
    old = await claim_one(store)
    await end(store, old, REFUSED)
    await store.webhooks.redeliver(endpoint.owner, endpoint.id, delivery.id, START)
    new = await claim_one(store)
    assert new.attempt == old.attempt + 1
    assert not await end(store, old)
    assert await end(store, new)


async def test_an_end_or_a_note_of_another_kind_is_refused_and_changes_nothing(store: StoreUnderTest) -> None:
    delivery = await add_test(store, await add_endpoint(store))
    lease = await claim_one(store)
    with pytest.raises(TypeError, match="cannot end with a str"):
        await store.deliveries.complete(Completion(lease.job_id, lease.attempt, Succeeded("delivered")))
    with pytest.raises(TypeError, match="cannot be put back with a str"):
        await store.deliveries.requeue(Requeue(lease.job_id, lease.attempt, START, False, "a note"))
    assert (await read(store, delivery.id)).delivery.state is DeliveryState.RUNNING
    assert await end(store, lease)


async def test_many_deliveries_end_in_different_ways_at_the_same_time(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    deliveries = await add_tests(store, endpoint, 40)
    leases = await claim(store)
    ways: list[Callable[[StoreUnderTest, Lease], Awaitable[bool]]] = [end, fail, retry, release]
    assert all(await asyncio.gather(*(ways[place % 4](store, lease) for place, lease in enumerate(leases))))
    found = {one.id: await read(store, one.id) for one in deliveries}
    shown = [(found[lease.job_id].delivery.state.value, len(found[lease.job_id].attempts)) for lease in leases]
    assert shown == [("delivered", 1), ("failed", 1), ("pending", 1), ("pending", 0)] * 10


async def test_an_endpoint_fails_since_its_first_failure_and_is_probed_after_its_last(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    await add_tests(store, endpoint, 2)
    await retry(store, await claim_one(store))
    first_at = store.clock.now()
    store.clock.advance(7)
    await end(store, await claim_one(store), REFUSED)
    assert await health(store, endpoint) == (first_at, 2, plus_seconds(store.clock.now(), PROBE_SECONDS))


async def test_an_endpoint_is_well_again_with_the_first_success(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    await add_tests(store, endpoint, 2)
    await retry(store, await claim_one(store))
    await end(store, await claim_one(store))
    assert await health(store, endpoint) == WELL


async def test_one_success_outweighs_the_failures_at_the_same_time(store: StoreUnderTest) -> None:
    mixed, failing, untouched = [await add_endpoint(store) for _ in range(3)]
    for endpoint in (mixed, failing):
        await add_tests(store, endpoint, 5)
    leases = await claim(store)
    success = next(lease for lease in leases if work_of(lease).endpoint_id == mixed.id)
    await asyncio.gather(*(end(store, lease, DELIVERED if lease is success else REFUSED) for lease in leases))
    assert await health(store, mixed) == WELL
    assert await health(store, failing) == (store.clock.now(), 5, plus_seconds(store.clock.now(), PROBE_SECONDS))
    assert await health(store, untouched) == WELL


async def test_a_heartbeat_keeps_a_lease_from_ending(store: StoreUnderTest) -> None:
    await add_test(store, await add_endpoint(store))
    lease = await claim_one(store)
    store.clock.advance(LEASE_SECONDS - 1)
    assert await extend(store, lease) == []
    store.clock.advance(LEASE_SECONDS)
    assert await sweep(store) == Swept(0, 0)
    assert await end(store, lease)


async def test_a_heartbeat_tells_which_leases_are_lost(store: StoreUnderTest) -> None:
    await add_tests(store, await add_endpoint(store), 3)
    ended, kept, older = await claim(store)
    await end(store, ended)
    old = replace(older, attempt=0)
    assert await extend(store, ended, kept, old) == [ended, old]
    assert await extend(store) == []


async def test_the_crash_of_a_process_is_not_an_attempt(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store)
    delivery = await add_test(store, endpoint)
    for attempt in range(1, 8):
        lease = await lose(store)
        assert (lease.attempt, lease.starts) == (attempt, 0)
    found = await read(store, delivery.id)
    assert (found.delivery.state, found.delivery.attempts) == (DeliveryState.PENDING, 0)
    assert found.delivery.next_attempt_at == store.clock.now()
    assert await store.count(webhook_attempts) == 0
    assert await health(store, endpoint) == WELL


async def test_one_sweep_treats_every_lease_that_ended_and_no_other(store: StoreUnderTest) -> None:
    for _ in range(2):
        await add_tests(store, await add_endpoint(store), 3)
    await claim(store, 4)
    store.clock.advance(LEASE_SECONDS + 1)
    held = await claim(store)
    sweeps = await asyncio.gather(*(sweep(store) for _ in range(3)))
    assert [swept.requeued for swept in sweeps] == [4, 0, 0]
    assert all(await asyncio.gather(*(end(store, lease) for lease in held)))
    assert len(await claim(store)) == 4


async def test_the_depth_counts_what_waits_and_runs_since_its_oldest_event(store: StoreUnderTest) -> None:
    assert await store.deliveries.depth() == QueueDepth(0, 0, None)
    first, second, *_ = await add_tests(store, await add_endpoint(store), 4)
    assert await store.deliveries.depth() == QueueDepth(4, 0, first.created_at)
    lease = await claim_one(store)
    assert await store.deliveries.depth() == QueueDepth(3, 1, second.created_at)
    await retry(store, lease, seconds=600)
    assert await store.deliveries.depth() == QueueDepth(4, 0, first.created_at)
    for lease in await claim(store):
        await end(store, lease)
    store.clock.advance(600)
    await end(store, await claim_one(store), REFUSED)
    assert await store.deliveries.depth() == QueueDepth(0, 0, None)
