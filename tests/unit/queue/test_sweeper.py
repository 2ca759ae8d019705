"""The sweeper rescues what a silent worker left, and says how the queue is."""

from __future__ import annotations

import pytest
from nova_server.errors import StoreUnavailable
from nova_server.ports.queue import QueueDepth, Swept
from nova_server.queue.sweeper import MISSED_SWEEPS, Sweeper

from tests.support.queue import ObservedQueue, RecordedMetrics
from tests.support.store import LEASE_SECONDS, STUCK, StoreUnderTest
from tests.support.submissions import submission
from tests.unit.queue.conftest import SWEEP_SECONDS


async def elapse(store: StoreUnderTest, seconds: float = SWEEP_SECONDS) -> None:
    """Let time pass once the sweeper sleeps."""
    await store.clock.until_asleep()
    store.clock.advance(seconds)


async def leave_behind(store: StoreUnderTest) -> None:
    """Submit a job and let its worker go silent until the lease has ended."""
    await store.submit(submission("anna"))
    await store.claim_one()
    store.clock.advance(LEASE_SECONDS + 1)


async def test_a_job_of_a_silent_worker_goes_back_at_the_next_sweep(
    store: StoreUnderTest, queue: ObservedQueue, metrics: RecordedMetrics, sweeper: Sweeper
) -> None:
    await leave_behind(store)
    await sweeper.start()
    await elapse(store, SWEEP_SECONDS - 1)
    assert queue.asked("sweep") == 0
    store.clock.advance(1)
    await queue.next("depth")
    assert metrics.swept == [Swept(1, 0)]
    assert (await store.claim_one()).starts == 2


async def test_a_job_that_silenced_its_worker_at_every_start_fails(
    store: StoreUnderTest, queue: ObservedQueue, metrics: RecordedMetrics, sweeper: Sweeper
) -> None:
    await store.submit(submission("anna"))
    await sweeper.start()
    for _ in range(2):
        lease = await store.claim_one()
        await elapse(store, LEASE_SECONDS + 1)
        await queue.next("depth")
    assert metrics.swept == [Swept(1, 0), Swept(0, 1)]
    (job,) = (await store.read(await store.submit(submission("anna")))).jobs
    assert (job.id, job.error_code) == (lease.job_id, STUCK.code)


async def test_a_sweep_that_finds_nothing_reports_nothing_but_the_depth(
    store: StoreUnderTest, queue: ObservedQueue, metrics: RecordedMetrics, sweeper: Sweeper
) -> None:
    await store.submit(submission("anna", "ben", "cleo"))
    queued_at = store.clock.now()
    await store.claim_one()
    await sweeper.start()
    await elapse(store)
    await queue.next("depth")
    await store.clock.until_asleep()
    assert metrics.swept == []
    assert metrics.measured == [(QueueDepth(2, 1, queued_at), SWEEP_SECONDS)]


async def test_an_empty_queue_has_no_age(store: StoreUnderTest, metrics: RecordedMetrics, sweeper: Sweeper) -> None:
    await sweeper.start()
    await elapse(store)
    await store.clock.until_asleep()
    assert metrics.measured == [(QueueDepth(0, 0, None), 0.0)]


async def test_a_sweeper_is_unhealthy_after_a_few_failures_in_a_row_and_lives_on(
    store: StoreUnderTest, queue: ObservedQueue, sweeper: Sweeper
) -> None:
    queue.go_away("sweep")
    await sweeper.start()
    for failures in range(MISSED_SWEEPS):
        assert sweeper.healthy()
        assert failures == MISSED_SWEEPS - 1 or sweeper.ready()
        await elapse(store)
        await queue.next("sweep")
        await store.clock.until_asleep()
    assert not sweeper.healthy()
    assert sweeper.ready()


async def test_a_sweeper_is_healthy_again_after_one_success(
    store: StoreUnderTest, queue: ObservedQueue, sweeper: Sweeper
) -> None:
    queue.go_away("depth")
    await sweeper.start()
    for _ in range(MISSED_SWEEPS):
        await elapse(store)
        await queue.next("depth")
    queue.come_back()
    await elapse(store)
    await queue.next("depth")
    await store.clock.until_asleep()
    assert sweeper.healthy()


@pytest.mark.parametrize("sole_process", [True, False])
async def test_only_the_sole_process_of_a_store_rescues_every_running_job_at_its_start(
    store: StoreUnderTest, metrics: RecordedMetrics, *, sole_process: bool
) -> None:
    await store.submit(submission("anna"))
    await store.claim_one()
    sweeper = Sweeper(
        store.queue, store.clock, metrics, interval_seconds=10, max_starts=5, stuck=STUCK, sole_process=sole_process
    )
    await sweeper.start()
    await sweeper.stop()
    assert metrics.swept == ([Swept(1, 0)] if sole_process else [])
    assert (await store.queue.depth()).pending == int(sole_process)


async def test_a_sole_process_does_not_start_on_a_store_that_is_away(
    store: StoreUnderTest, queue: ObservedQueue, metrics: RecordedMetrics
) -> None:
    queue.go_away("sweep")
    sweeper = Sweeper(queue, store.clock, metrics, interval_seconds=10, max_starts=5, stuck=STUCK, sole_process=True)
    with pytest.raises(StoreUnavailable):
        await sweeper.start()
    assert not sweeper.ready()


async def test_a_sweeper_can_be_stopped_before_its_start_and_twice(sweeper: Sweeper) -> None:
    await sweeper.stop()
    await sweeper.start()
    assert sweeper.ready()
    await sweeper.stop()
    await sweeper.stop()
    assert not sweeper.ready()
