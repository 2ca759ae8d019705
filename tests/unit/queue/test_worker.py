"""A worker runs what it claims, and every job ends or goes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from nova_server.errors import ServiceUnavailable
from nova_server.ports.clock import plus_seconds
from nova_server.ports.queue import Failed, Lease, Outcome, Postpone, Retry
from nova_server.ports.scoring import BatchStatus
from structlog.testing import capture_logs

from tests.support.clock import PATIENCE_SECONDS
from tests.support.store import FAILED
from tests.support.submissions import submission
from tests.unit.queue.conftest import EXHAUSTED, StartWork

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
    work = await start_work(concurrency=8, group_limit=3)
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
