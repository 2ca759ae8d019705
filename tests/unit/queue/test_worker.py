"""A worker runs what it claims, and every job ends or goes back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from nova_server.errors import ServiceUnavailable
from nova_server.ports.clock import plus_seconds
from nova_server.ports.queue import Failed, Lease, Outcome, Postpone, Retry, Succeeded
from nova_server.ports.scoring import BatchStatus
from structlog.testing import capture_logs

from tests.support.clock import PATIENCE_SECONDS
from tests.support.queue import ObservedQueue
from tests.support.store import FAILED
from tests.support.submissions import submission
from tests.unit.queue.conftest import EXHAUSTED, HEARTBEAT_SECONDS, Work

StartWork = Callable[..., Awaitable[Work]]
SECRET = "words of a resume"


def crash(_lease: Lease) -> Outcome:
    raise RuntimeError(SECRET)


def always(outcome: Outcome) -> Callable[[Lease], Outcome]:
    return lambda _lease: outcome


async def test_submitted_jobs_are_run_and_their_results_written(start_work: StartWork) -> None:
    work = await start_work()
    work.handling.open.set()
    accepted = await work.store.submit(submission("anna", "ben", "cleo"))
    for _ in range(3):
        await work.queue.next("complete")
    batch = (await work.store.read(accepted)).batch
    assert (batch.status, batch.completed_jobs) == (BatchStatus.COMPLETED, 3)
    await work.worker.stop()
    assert work.metrics.finished == ["completed"] * 3


async def test_a_failure_is_written_with_its_code(start_work: StartWork) -> None:
    work = await start_work()
    work.handling.outcome = always(FAILED)
    work.handling.open.set()
    accepted = await work.store.submit(submission("anna"))
    await work.queue.next("complete")
    (job,) = (await work.store.read(accepted)).jobs
    assert (job.error_code, job.error_message) == (FAILED.code, FAILED.message)
    await work.worker.stop()
    assert work.metrics.finished == [FAILED.code]


async def test_no_more_jobs_run_at_once_than_there_are_places(start_work: StartWork) -> None:
    work = await start_work(concurrency=2)
    await work.submit(*(f"applicant-{number}" for number in range(9)))
    await work.handling.next()
    await work.handling.next()
    assert (await work.store.queue.depth()).pending == 7
    work.handling.open.set()
    for _ in range(9):
        await work.queue.next("complete")
    assert work.handling.most_running == 2


async def test_no_more_jobs_of_a_tenant_run_at_once_than_its_limit(start_work: StartWork) -> None:
    work = await start_work(concurrency=8, tenant_limit=3)
    await work.submit(*(f"applicant-{number}" for number in range(9)))
    for _ in range(3):
        await work.handling.next()
    assert (await work.store.queue.depth()).pending == 6
    work.handling.open.set()
    for _ in range(9):
        await work.queue.next("complete")
    assert work.handling.most_running == 3


async def test_a_job_that_crashes_goes_back_and_waits_longer_each_time(start_work: StartWork) -> None:
    work = await start_work()
    work.handling.outcome = crash
    work.handling.open.set()
    await work.submit("anna")
    for starts, seconds in enumerate((1, 2, 4, 8), start=1):  # half of 2, 4, 8 and 16, as the random number says
        assert (await work.handling.next()).starts == starts
        requeue = await work.queue.next("requeue")
        assert requeue.available_at == plus_seconds(work.store.clock.now(), seconds)
        assert not requeue.give_back_start
        await work.elapse(seconds)
    assert work.metrics.retried == 4


async def test_a_job_that_crashes_at_its_last_start_fails(start_work: StartWork) -> None:
    work = await start_work(max_starts=1)
    work.handling.outcome = crash
    work.handling.open.set()
    accepted = await work.store.submit(submission("anna"))
    assert (await work.queue.next("complete")).outcome == EXHAUSTED
    assert (await work.store.read(accepted)).batch.status is BatchStatus.FAILED
    assert work.queue.asked("requeue") == 0


async def test_a_passing_fault_at_the_last_start_fails_the_job_with_its_own_failure(start_work: StartWork) -> None:
    work = await start_work(max_starts=2)
    failure = Failed("RESUME_FETCH_FAILED", "The resume could not be fetched from its URL.")
    work.handling.outcome = always(Retry(failure))
    work.handling.open.set()
    await work.submit("anna")
    await work.queue.next("requeue")
    await work.elapse(1)
    assert (await work.queue.next("complete")).outcome == failure


async def test_a_crash_is_logged_without_the_words_of_its_error(start_work: StartWork) -> None:
    with capture_logs() as logs:
        work = await start_work()
        work.handling.outcome = crash
        work.handling.open.set()
        await work.submit("anna")
        await work.queue.next("requeue")
    (entry,) = [entry for entry in logs if entry["event"] == "job_crashed"]
    assert entry["error"] == "RuntimeError"
    assert SECRET not in str(logs)


@pytest.mark.parametrize("seconds", [0.5, 40])
async def test_a_postponed_job_waits_and_gets_its_start_back(start_work: StartWork, seconds: float) -> None:
    work = await start_work(max_starts=1)
    work.handling.outcome = always(Postpone(seconds))
    work.handling.open.set()
    await work.submit("anna")
    assert (await work.handling.next()).starts == 1
    requeue = await work.queue.next("requeue")
    assert requeue.available_at == plus_seconds(work.store.clock.now(), seconds)
    await work.elapse(seconds)
    again = await work.handling.next()
    assert (again.attempt, again.starts) == (2, 1)
    assert work.metrics.retried == 0


async def test_a_job_that_found_the_store_away_is_postponed(start_work: StartWork) -> None:
    def find_the_store_away(_lease: Lease) -> Outcome:
        raise ServiceUnavailable

    work = await start_work(max_starts=1)
    work.handling.outcome = find_the_store_away
    work.handling.open.set()
    await work.submit("anna")
    assert (await work.queue.next("requeue")).give_back_start


async def test_stopping_waits_for_the_jobs_that_run_and_claims_no_more(start_work: StartWork) -> None:
    work = await start_work(concurrency=1, grace_seconds=PATIENCE_SECONDS)
    await work.submit("anna", "ben")
    anna = await work.handling.next()
    stopping = asyncio.create_task(work.worker.stop())
    work.signals.queue_grew()
    work.handling.open.set()
    await stopping
    assert (await work.store.job_row(anna.job_id)).state == "completed"
    assert (await work.store.queue.depth()).pending == 1
    assert not work.worker.ready()


async def test_stopping_returns_jobs_that_outlive_the_grace_with_their_start(start_work: StartWork) -> None:
    work = await start_work(grace_seconds=0.01)
    await work.submit("anna")
    anna = await work.handling.next()
    await work.worker.stop()
    assert work.handling.cancelled.is_set()
    row = await work.store.job_row(anna.job_id)
    assert (row.state, row.attempt, row.starts) == ("pending", 1, 0)
    again = await work.store.claim_one()
    assert (again.job_id, again.attempt, again.starts) == (anna.job_id, 2, 1)


async def test_stopping_while_the_store_is_away_leaves_the_jobs_to_the_sweeper(start_work: StartWork) -> None:
    work = await start_work(grace_seconds=0.01)
    await work.submit("anna")
    anna = await work.handling.next()
    work.queue.go_away("requeue")
    await work.worker.stop()
    assert (await work.store.job_row(anna.job_id)).state == "running"


async def test_a_worker_can_be_stopped_twice(start_work: StartWork) -> None:
    work = await start_work()
    await work.worker.stop()
    await work.worker.stop()
    assert not work.worker.ready()


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
        work.handling.outcome = always(Succeeded(SECRET))
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
