"""Submitting and reading batches, and watching them until they end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from nova_server.errors import BatchNotFound, ServiceUnavailable
from nova_server.ports.scoring import AcceptedBatch, BatchStatus, BatchWithJobs, JobState, ScoringUseCases
from nova_server.scoring import use_cases
from nova_server.scoring.use_cases import Scoring, visible_state
from nova_server.signals import ProcessSignals

from tests.support.clock import PATIENCE_SECONDS
from tests.support.store import StoreUnderTest
from tests.support.submissions import ACME, GLOBEX, submission


def watch(scoring: Scoring, accepted: AcceptedBatch) -> AsyncIterator[BatchWithJobs]:
    return scoring.watch_batch(ACME, accepted.batch.job_id, accepted.batch.id)


async def following(messages: AsyncIterator[BatchWithJobs]) -> BatchWithJobs:
    return await asyncio.wait_for(anext(messages), PATIENCE_SECONDS)


async def collect(messages: AsyncIterator[BatchWithJobs]) -> list[BatchWithJobs]:
    return [message async for message in messages]


def states(message: BatchWithJobs) -> dict[str, JobState]:
    return {job.application_id: visible_state(job) for job in message.jobs}


async def test_a_submission_can_be_read_back(scoring: Scoring) -> None:
    promised: ScoringUseCases = scoring
    accepted = await promised.submit_batch(submission("anna", "ben"))
    found = await promised.get_batch(ACME, "job-1", accepted.batch.id)
    assert found.batch == accepted.batch
    assert tuple(job.id for job in found.jobs) == accepted.scoring_job_ids


async def test_a_batch_that_does_not_exist_is_not_found(scoring: Scoring) -> None:
    with pytest.raises(BatchNotFound):
        await scoring.get_batch(ACME, "job-1", "c" * 25)


async def test_a_batch_of_another_tenant_is_not_found(scoring: Scoring) -> None:
    accepted = await scoring.submit_batch(submission("anna"))
    with pytest.raises(BatchNotFound):
        await scoring.get_batch(GLOBEX, "job-1", accepted.batch.id)
    with pytest.raises(BatchNotFound):
        await anext(scoring.watch_batch(GLOBEX, "job-1", accepted.batch.id))


async def test_a_watch_begins_with_every_job(scoring: Scoring) -> None:
    accepted = await scoring.submit_batch(submission("anna", "ben"))
    first = await following(watch(scoring, accepted))
    assert first.batch == accepted.batch
    assert states(first) == {"anna": JobState.PENDING, "ben": JobState.PENDING}


async def test_a_watch_goes_on_with_the_jobs_that_changed_and_ends_with_the_batch(
    scoring: Scoring, store: StoreUnderTest
) -> None:
    messages = watch(scoring, await scoring.submit_batch(submission("anna", "ben", "cleo")))
    await following(messages)
    anna, ben, cleo = await store.claim()
    await store.complete(anna)
    second = await following(messages)
    assert (states(second), second.batch.completed_jobs) == ({"anna": JobState.COMPLETED}, 1)
    await store.fail(ben)
    await store.complete(cleo)
    rest = await asyncio.wait_for(collect(messages), PATIENCE_SECONDS)
    seen = [name for message in rest for name in states(message)]
    assert sorted(seen) == ["ben", "cleo"]
    assert rest[-1].batch.status is BatchStatus.FAILED


async def test_the_beginning_of_a_job_is_no_news(
    scoring: Scoring, store: StoreUnderTest, signals: ProcessSignals
) -> None:
    accepted = await scoring.submit_batch(submission("anna"))
    messages = watch(scoring, accepted)
    await following(messages)
    lease = await store.claim_one()
    signals.batches_changed([accepted.batch.id])
    waiting = asyncio.ensure_future(following(messages))
    await store.complete(lease)
    assert states(await waiting) == {"anna": JobState.COMPLETED}


async def test_a_batch_that_has_ended_is_told_once(scoring: Scoring, store: StoreUnderTest) -> None:
    accepted = await scoring.submit_batch(submission("anna", "ben"))
    await store.complete_everything()
    (only,) = await collect(watch(scoring, accepted))
    assert only.batch.status is BatchStatus.COMPLETED
    assert states(only) == {"anna": JobState.COMPLETED, "ben": JobState.COMPLETED}


async def test_several_watchers_see_the_same(scoring: Scoring, store: StoreUnderTest) -> None:
    accepted = await scoring.submit_batch(submission("anna", "ben"))
    watches = [watch(scoring, accepted) for _ in range(5)]
    await asyncio.gather(*(following(messages) for messages in watches))
    await store.complete_everything()
    rests = await asyncio.wait_for(asyncio.gather(*(collect(messages) for messages in watches)), PATIENCE_SECONDS)
    assert all(rest[-1].batch.status is BatchStatus.COMPLETED for rest in rests)


async def test_a_job_that_ended_in_another_process_is_seen_without_a_signal(
    store: StoreUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use_cases, "WATCH_POLL_SECONDS", 0.01)
    deaf = Scoring(store.store, ProcessSignals())
    messages = watch(deaf, await deaf.submit_batch(submission("anna")))
    await following(messages)
    await store.complete(await store.claim_one())
    assert (await following(messages)).batch.status is BatchStatus.COMPLETED


async def test_a_watch_ends_at_once_when_the_service_stops(scoring: Scoring, signals: ProcessSignals) -> None:
    messages = watch(scoring, await scoring.submit_batch(submission("anna")))
    await following(messages)
    waiting = asyncio.ensure_future(following(messages))
    scoring.stop_watching()
    signals.wake_all()
    with pytest.raises(ServiceUnavailable):
        await waiting


async def test_a_watch_of_a_batch_that_has_ended_is_answered_even_while_the_service_stops(
    scoring: Scoring, store: StoreUnderTest
) -> None:
    ended = await scoring.submit_batch(submission("anna"))
    await store.complete_everything()
    scoring.stop_watching()
    assert len(await collect(watch(scoring, ended))) == 1
    open_batch = await scoring.submit_batch(submission("ben"))
    with pytest.raises(ServiceUnavailable):
        await collect(watch(scoring, open_batch))


async def test_callers_see_a_running_job_as_pending(scoring: Scoring, store: StoreUnderTest) -> None:
    accepted = await scoring.submit_batch(submission("anna"))
    await store.claim_one()
    (job,) = (await scoring.get_batch(ACME, "job-1", accepted.batch.id)).jobs
    assert job.state is JobState.RUNNING
    assert visible_state(job) is JobState.PENDING
    for ended in (JobState.COMPLETED, JobState.FAILED):
        assert visible_state(replace(job, state=ended)) is ended
