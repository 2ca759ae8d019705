"""A worker keeps its leases, loses them with dignity, and outlives its store."""

from __future__ import annotations

import asyncio

from nova_server.ports.clock import plus_seconds
from nova_server.ports.queue import Retry, Succeeded
from nova_server.ports.scoring import BatchStatus
from structlog.testing import capture_logs

from tests.support.clock import PATIENCE_SECONDS
from tests.support.queue import ObservedQueue
from tests.support.submissions import submission
from tests.unit.queue.conftest import EXHAUSTED, HEARTBEAT_SECONDS, StartWork

SECRET = "words of a resume"


async def test_a_heartbeat_renews_the_leases_of_running_jobs(start_work: StartWork) -> None:
    work = await start_work()
    await work.submit("anna", "ben")
    leases = {await work.handling.next(), await work.handling.next()}
    for _ in range(4):
        await work.elapse(HEARTBEAT_SECONDS)
        extension = await work.queue.next("extend")
        assert set(extension.leases) == leases
        assert extension.lease_expires_at == plus_seconds(work.store.clock.now(), 30)
    assert (await work.store.sweep()).requeued == 0


async def test_an_idle_worker_sends_no_heartbeats(start_work: StartWork) -> None:
    work = await start_work()
    await work.elapse(HEARTBEAT_SECONDS)
    await work.store.clock.until_asleep()
    assert work.queue.asked("extend") == 0


async def test_a_lost_lease_stops_its_job_at_the_next_heartbeat(start_work: StartWork) -> None:
    work = await start_work()
    await work.submit("anna")
    anna = await work.handling.next()
    await work.lose_leases()
    await work.elapse(HEARTBEAT_SECONDS)
    await asyncio.wait_for(work.handling.cancelled.wait(), PATIENCE_SECONDS)
    assert work.metrics.lost == 1
    row = await work.store.job_row(anna.job_id)
    assert (row.state, row.lease_owner, row.attempt) == ("running", "worker", 2)


async def test_a_result_that_comes_after_the_lease_was_lost_is_refused(start_work: StartWork) -> None:
    work = await start_work()
    await work.submit("anna")
    anna = await work.handling.next()
    await work.lose_leases()
    work.handling.open.set()
    await work.queue.next("complete")
    await work.worker.stop()
    assert (work.metrics.lost, work.metrics.finished) == (1, [])
    assert (await work.store.job_row(anna.job_id)).state == "running"


async def test_a_heartbeat_does_not_disturb_a_job_of_which_the_end_is_being_written(start_work: StartWork) -> None:
    work = await start_work()
    work.queue.held["complete"] = asyncio.Event()
    work.handling.open.set()
    await work.submit("anna")
    await work.queue.next("complete")  # it is in the store, and the worker does not know it yet
    await work.elapse(HEARTBEAT_SECONDS)
    await work.queue.next("extend")
    work.queue.held["complete"].set()
    await work.worker.stop()
    assert (work.metrics.finished, work.metrics.lost) == (["completed"], 0)


async def test_a_job_whose_end_was_written_as_the_grace_passed_is_no_lost_lease(start_work: StartWork) -> None:
    work = await start_work(grace_seconds=0.01)
    work.queue.held["complete"] = asyncio.Event()
    work.handling.open.set()
    accepted = await work.store.submit(submission("anna"))
    await work.queue.next("complete")  # it is in the store, and the worker does not know it yet
    await work.worker.stop()
    assert (await work.store.read(accepted)).batch.status is BatchStatus.COMPLETED
    assert work.metrics.lost == 0


async def test_a_retry_that_finds_the_store_away_is_counted_once(start_work: StartWork) -> None:
    work = await start_work()
    work.queue.go_away("requeue")
    work.handling.outcome = lambda _lease: Retry(EXHAUSTED)
    work.handling.open.set()
    await work.submit("anna")
    for _ in range(3):
        await work.queue.next("requeue")
        await work.elapse(1, sleepers=2)
    work.queue.come_back()
    await work.queue.next("requeue")
    assert work.metrics.retried == 1


async def test_an_outcome_that_finds_the_store_away_is_written_when_it_is_back(start_work: StartWork) -> None:
    work = await start_work()
    work.queue.go_away("complete")
    work.handling.open.set()
    accepted = await work.store.submit(submission("anna"))
    for _ in range(3):
        await work.queue.next("complete")
        await work.elapse(1, sleepers=2)
    work.queue.come_back()
    await work.queue.next("complete")
    await work.elapse(1, sleepers=1)
    await work.worker.stop()
    assert work.metrics.finished == ["completed"]
    assert (await work.store.read(accepted)).batch.status is BatchStatus.COMPLETED


async def test_a_worker_outlives_a_store_that_is_away(start_work: StartWork) -> None:
    work = await start_work()
    work.queue.go_away("claim", "extend")
    work.signals.queue_grew()
    await work.queue.next("claim")
    await work.submit("anna")
    await work.queue.next("claim")
    work.queue.come_back()
    work.signals.queue_grew()
    assert (await work.handling.next()).starts == 1
    assert work.worker.ready()


async def test_a_heartbeat_that_finds_the_store_away_stops_no_job(start_work: StartWork) -> None:
    work = await start_work()
    await work.submit("anna")
    await work.handling.next()
    work.queue.go_away("extend")
    await work.elapse(HEARTBEAT_SECONDS)
    await work.queue.next("extend")
    work.queue.come_back()
    await work.elapse(HEARTBEAT_SECONDS)
    await work.queue.next("extend")
    assert not work.handling.cancelled.is_set()
    assert work.worker.ready()


async def test_an_outcome_that_the_store_cannot_write_is_left_to_the_sweeper(start_work: StartWork) -> None:
    with capture_logs() as logs:
        work = await start_work(concurrency=1)
        work.handling.outcome = lambda _lease: Succeeded(SECRET)
        work.handling.open.set()
        await work.submit("anna", "ben")
        anna, ben = await work.handling.next(), await work.handling.next()
        await work.queue.next("complete")
        await work.queue.next("complete")
        await work.worker.stop()
    assert {(await work.store.job_row(lease.job_id)).state for lease in (anna, ben)} == {"running"}
    refused = [entry for entry in logs if entry["event"] == "outcome_refused"]
    assert [entry["error"] for entry in refused] == ["TypeError", "TypeError"]
    assert SECRET not in str(logs)


async def test_a_worker_that_cannot_claim_for_an_unknown_reason_is_not_ready(
    start_work: StartWork, queue: ObservedQueue
) -> None:
    queue.faults["claim"] = RuntimeError("unknown")
    work = await start_work()
    await queue.next("claim")
    assert not work.worker.ready()
