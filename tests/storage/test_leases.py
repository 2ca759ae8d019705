"""Only the holder of a lease may say what became of a job."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from nova_server.ports.clock import plus_seconds
from nova_server.ports.queue import Completion, Extension, Lease, Succeeded, Swept
from nova_server.ports.scoring import BatchStatus, JobState
from nova_server.storage.schema import scoring_results

from tests.support.store import FAILED, LEASE_SECONDS, SCORED, STUCK, StoreUnderTest
from tests.support.submissions import submission


async def extend(store: StoreUnderTest, *leases: Lease) -> list[Lease]:
    """Renew leases for another LEASE_SECONDS. Returns those that are lost."""
    return list(await store.queue.extend(Extension(leases, plus_seconds(store.clock.now(), LEASE_SECONDS))))


async def reclaim(store: StoreUnderTest) -> Lease:
    """Let the lease of the only job end, and lease it again."""
    store.clock.advance(LEASE_SECONDS + 1)
    assert await store.sweep() == Swept(requeued=1, failed=0)
    return await store.claim_one()


async def test_a_claim_raises_the_attempt_and_counts_the_start(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    first = await store.claim_one()
    second = await reclaim(store)
    assert (first.attempt, first.starts) == (1, 1)
    assert (second.attempt, second.starts) == (2, 2)
    row = await store.job_row(second.job_id)
    assert (row.state, row.lease_owner) == ("running", "worker")
    assert row.lease_expires_at == plus_seconds(store.clock.now(), LEASE_SECONDS)


async def test_a_job_keeps_the_time_of_its_first_start(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission("anna"))
    started_at = store.clock.now()
    await store.claim_one()
    await reclaim(store)
    (job,) = (await store.read(accepted)).jobs
    assert job.started_at == started_at


async def test_a_completion_under_an_older_attempt_is_refused(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission("anna"))
    old = await store.claim_one()
    new = await reclaim(store)
    assert not await store.fail(old)
    assert (await store.read(accepted)).batch.failed_jobs == 0
    assert await store.complete(new)
    assert (await store.read(accepted)).jobs[0].state is JobState.COMPLETED


async def test_a_completion_after_the_lease_was_swept_is_refused(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission("anna"))
    lease = await store.claim_one()
    store.clock.advance(LEASE_SECONDS + 1)
    await store.sweep()
    assert not await store.complete(lease)
    assert await store.count(scoring_results) == 0
    assert (await store.read(accepted)).batch.status is BatchStatus.PENDING


async def test_a_completion_after_the_lease_ended_but_before_anybody_noticed_counts(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    lease = await store.claim_one()
    store.clock.advance(LEASE_SECONDS + 1)
    assert await store.complete(lease)


async def test_a_job_ends_only_once(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission("anna"))
    lease = await store.claim_one()
    assert await store.complete(lease)
    assert not await store.complete(lease)
    assert not await store.fail(lease)
    assert (await store.read(accepted)).batch.completed_jobs == 1


async def test_of_two_completions_at_the_same_time_one_wins(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission("anna"))
    lease = await store.claim_one()
    answers = await asyncio.gather(store.complete(lease), store.fail(lease))
    assert sorted(answers) == [False, True]
    batch = (await store.read(accepted)).batch
    assert batch.completed_jobs + batch.failed_jobs == 1
    assert await store.count(scoring_results) == 1


async def test_the_very_same_completion_twice_at_the_same_time_is_accepted_once(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    lease = await store.claim_one()
    completion = Completion(lease.job_id, lease.attempt, SCORED)
    answers = await asyncio.gather(*(store.queue.complete(completion) for _ in range(3)))
    assert sorted(answers) == [False, False, True]


async def test_a_completion_and_a_return_at_the_same_time_are_not_both_accepted(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    lease = await store.claim_one()
    answers = await asyncio.gather(store.complete(lease), store.requeue(lease))
    assert sorted(answers) == [False, True]


async def test_of_two_returns_at_the_same_time_one_is_accepted(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    lease = await store.claim_one()
    answers = await asyncio.gather(store.requeue(lease), store.requeue(lease, seconds=60))
    assert sorted(answers) == [False, True]


async def test_a_job_that_does_not_exist_cannot_end(store: StoreUnderTest) -> None:
    assert not await store.complete(Lease("c" * 25, 1, 1))
    assert not await store.requeue(Lease("c" * 25, 1, 1))


async def test_a_result_of_an_unknown_kind_is_an_error_and_ends_nothing(store: StoreUnderTest) -> None:
    await store.submit(submission("anna", "ben"))
    anna, ben = await store.claim()
    odd, even = await asyncio.gather(
        store.queue.complete(Completion(anna.job_id, anna.attempt, Succeeded("a text of a resume"))),
        store.complete(ben),
        return_exceptions=True,
    )
    assert isinstance(odd, TypeError)
    assert "resume" not in str(odd)
    assert even is True
    assert (await store.job_row(anna.job_id)).state == "running"


async def test_a_heartbeat_keeps_a_lease_from_being_swept(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    lease = await store.claim_one()
    store.clock.advance(LEASE_SECONDS - 1)
    assert await extend(store, lease) == []
    store.clock.advance(LEASE_SECONDS - 1)
    assert await store.sweep() == Swept(0, 0)
    assert await store.complete(lease)


async def test_a_heartbeat_names_the_leases_that_are_lost(store: StoreUnderTest) -> None:
    await store.submit(submission("anna", "ben", "cleo"))
    anna, ben, cleo = await store.claim()
    await store.complete(anna)
    await store.requeue(ben)
    assert await extend(store, anna, ben, cleo) == [anna, ben]
    older = replace(cleo, attempt=cleo.attempt - 1)
    assert await extend(store, older) == [older]


async def test_a_heartbeat_of_a_lost_lease_does_not_renew_the_new_holders(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    old = await store.claim_one()
    new = await reclaim(store)
    store.clock.advance(LEASE_SECONDS - 1)
    assert await extend(store, old) == [old]
    assert (await store.job_row(new.job_id)).lease_expires_at == plus_seconds(store.clock.now(), 1)


async def test_a_released_job_gets_its_start_back_while_its_attempt_stays(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    await store.requeue(await store.claim_one(), give_back_start=True)
    lease = await store.claim_one()
    assert (lease.attempt, lease.starts) == (2, 1)


async def test_a_retried_job_has_used_up_its_start(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    await store.requeue(await store.claim_one())
    lease = await store.claim_one()
    assert (lease.attempt, lease.starts) == (2, 2)


async def test_a_job_that_waits_has_no_lease(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    lease = await store.claim_one()
    await store.requeue(lease)
    row = await store.job_row(lease.job_id)
    assert (row.state, row.lease_owner, row.lease_expires_at) == ("pending", None, None)


async def test_a_lease_that_has_not_ended_is_not_swept(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    await store.claim_one()
    store.clock.advance(LEASE_SECONDS)
    assert await store.sweep() == Swept(0, 0)


async def test_a_job_that_stops_its_worker_each_time_ends_as_stuck(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission("anna", "ben"))
    await store.complete(await store.claim_one())
    for start in range(1, 4):
        assert (await store.claim_one()).starts == start
        store.clock.advance(LEASE_SECONDS + 1)
        swept = await store.sweep(max_starts=3)
        assert swept == (Swept(0, 1) if start == 3 else Swept(1, 0))
    assert await store.claim() == []
    found = await store.read(accepted)
    assert [(job.state, job.error_code) for job in found.jobs] == [
        (JobState.COMPLETED, None),
        (JobState.FAILED, STUCK.code),
    ]
    assert (found.batch.status, found.batch.completed_jobs, found.batch.failed_jobs) == (BatchStatus.FAILED, 1, 1)
    assert found.batch.completed_at == found.jobs[1].finished_at == store.clock.now()


async def test_one_sweep_treats_every_lease_that_ended_and_no_other(store: StoreUnderTest) -> None:
    await store.submit(submission("anna", "ben", "cleo", "dave"))
    await store.claim(3)
    store.clock.advance(LEASE_SECONDS + 1)
    (held,) = await store.claim()
    assert await store.sweep() == Swept(3, 0)
    assert await store.complete(held)
    assert len(await store.claim()) == 3


async def test_sweeps_at_the_same_time_rescue_a_job_once(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    await store.claim_one()
    store.clock.advance(LEASE_SECONDS + 1)
    sweeps = await asyncio.gather(*(store.sweep() for _ in range(3)))
    assert sum(swept.requeued for swept in sweeps) == 1


async def test_a_failure_is_written_with_the_words_of_the_catalogue_and_no_others(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission("anna"))
    await store.fail(await store.claim_one())
    (job,) = (await store.read(accepted)).jobs
    assert (job.error_code, job.error_message) == (FAILED.code, FAILED.message)
