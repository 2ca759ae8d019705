"""Batches share the jobs of the applications they have in common."""

from __future__ import annotations

from nova_server.ports.scoring import BatchStatus, JobState
from nova_server.storage.schema import scoring_jobs

from tests.support.store import StoreUnderTest
from tests.support.submissions import GLOBEX, JOB_DESCRIPTION, submission


async def test_an_application_keeps_its_job_in_another_batch(store: StoreUnderTest) -> None:
    first = await store.submit(submission("anna", "ben"))
    second = await store.submit(submission("cleo", "ben"))
    assert second.batch.id != first.batch.id
    assert second.scoring_job_ids[1] == first.scoring_job_ids[1]
    assert await store.count(scoring_jobs) == 3


async def test_jobs_that_ended_before_are_counted_at_once(store: StoreUnderTest) -> None:
    await store.submit(submission("anna", "ben"))
    first, second = await store.claim()
    await store.complete(first)
    await store.fail(second)
    overlapping = await store.submit(submission("ben", "cleo", "anna"))
    assert (overlapping.batch.completed_jobs, overlapping.batch.failed_jobs) == (1, 1)
    assert overlapping.batch.status is BatchStatus.PENDING
    assert (await store.read(overlapping)).batch == overlapping.batch


async def test_a_running_job_is_counted_in_each_of_its_batches_when_it_ends(store: StoreUnderTest) -> None:
    first = await store.submit(submission("anna"))
    lease = await store.claim_one()
    second = await store.submit(submission("anna", "ben"))
    assert second.batch.completed_jobs == 0
    await store.complete(lease)
    assert (await store.read(first)).batch.status is BatchStatus.COMPLETED
    assert (await store.read(second)).batch.completed_jobs == 1
    assert [job.state for job in (await store.read(second)).jobs] == [JobState.COMPLETED, JobState.PENDING]


async def test_a_batch_of_which_every_job_was_scored_before_is_born_completed(store: StoreUnderTest) -> None:
    await store.submit(submission("anna", "ben", "cleo"))
    await store.complete_everything()
    store.clock.advance(60)
    born = (await store.submit(submission("anna", "cleo"))).batch
    assert (born.status, born.completed_jobs, born.total_jobs) == (BatchStatus.COMPLETED, 2, 2)
    assert born.created_at == born.completed_at == store.clock.now()


async def test_a_batch_of_which_a_job_failed_before_is_born_failed(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    await store.fail(await store.claim_one())
    await store.submit(submission("ben"))
    await store.complete(await store.claim_one())
    born = (await store.submit(submission("anna", "ben"))).batch
    assert (born.status, born.completed_jobs, born.failed_jobs) == (BatchStatus.FAILED, 1, 1)
    assert born.completed_at == store.clock.now()


async def test_a_shared_job_keeps_the_texts_and_the_criteria_it_was_first_submitted_with(store: StoreUnderTest) -> None:
    first = await store.submit(submission("anna"))
    second = await store.submit(submission("anna", "ben", job_description="Another description."))
    anna, ben = second.scoring_job_ids
    texts = await store.store.read_job_texts([anna, ben])
    assert texts[anna].job_description == JOB_DESCRIPTION
    assert texts[ben].job_description == "Another description."
    (first_job,) = (await store.read(first)).jobs
    second_jobs = (await store.read(second)).jobs
    assert second_jobs[0].criteria_version_id == first_job.criteria_version_id
    assert second_jobs[1].criteria_version_id != first_job.criteria_version_id


async def test_the_same_application_of_another_job_or_tenant_is_another_job(store: StoreUnderTest) -> None:
    ids = {
        (await store.submit(one)).scoring_job_ids[0]
        for one in (submission("anna"), submission("anna", job_id="job-2"), submission("anna", tenant=GLOBEX))
    }
    assert len(ids) == 3
