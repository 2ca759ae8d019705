"""A submission is stored once, whole, and answered the same way every time."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest
from nova_server.ports.scorer import ApplicationAnswer
from nova_server.ports.scoring import (
    BatchStatus,
    BatchSubmission,
    JobState,
    JobTexts,
    ResumeSource,
    ScoringJob,
    SubmittedApplication,
)
from nova_server.storage.schema import (
    criteria_versions,
    scoring_batch_jobs,
    scoring_batches,
    scoring_inputs,
    scoring_jobs,
    tenants,
    texts,
)

from tests.support.store import ASSESSMENT, StoreUnderTest
from tests.support.submissions import ACME, submission

ALL_TABLES = (
    tenants,
    texts,
    criteria_versions,
    scoring_batches,
    scoring_jobs,
    scoring_inputs,
    scoring_batch_jobs,
)


async def test_a_submission_is_accepted_as_a_pending_batch_with_a_scoring_job_for_each_application(
    store: StoreUnderTest,
) -> None:
    accepted = await store.submit(submission("anna", "ben", "cleo"))
    assert len(accepted.batch.id) == 25
    assert accepted.batch.job_id == "job-1"
    assert accepted.batch.status is BatchStatus.PENDING
    assert (accepted.batch.total_jobs, accepted.batch.completed_jobs, accepted.batch.failed_jobs) == (3, 0, 0)
    assert accepted.batch.created_at == store.clock.now()
    assert accepted.batch.completed_at is None
    assert len(set(accepted.scoring_job_ids)) == 3


async def test_an_accepted_batch_is_read_back_with_its_jobs_in_the_order_of_the_submission(
    store: StoreUnderTest,
) -> None:
    names = [f"applicant-{number}" for number in range(25)]
    random.Random(1).shuffle(names)
    accepted = await store.submit(submission(*names))
    found = await store.read(accepted)
    assert found.batch == accepted.batch
    assert [job.application_id for job in found.jobs] == names
    assert tuple(job.id for job in found.jobs) == accepted.scoring_job_ids


async def test_a_job_that_waits_shows_what_is_known_and_nothing_else(store: StoreUnderTest) -> None:
    (job,) = (await store.read(await store.submit(submission("anna")))).jobs
    assert job == ScoringJob(
        id=job.id,
        criteria_version_id=job.criteria_version_id,
        job_id="job-1",
        application_id="anna",
        state=JobState.PENDING,
        is_rescore=False,
        queued_at=store.clock.now(),
    )
    assert len(job.criteria_version_id) == 25


async def test_a_scored_job_is_read_back_with_its_result_and_its_times(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission("anna"))
    queued_at = store.clock.now()
    store.clock.advance(2)
    lease = await store.claim_one()
    store.clock.advance(3)
    await store.complete(lease)
    (job,) = (await store.read(accepted)).jobs
    assert (job.state, job.score, job.assessment) == (JobState.COMPLETED, 7, ASSESSMENT)
    assert (job.error_code, job.error_message) == (None, None)
    assert job.queued_at == queued_at
    assert job.started_at == queued_at + 2_000_000
    assert job.finished_at == queued_at + 5_000_000


async def test_a_failed_job_is_read_back_with_its_error(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission("anna"))
    await store.fail(await store.claim_one())
    (job,) = (await store.read(accepted)).jobs
    assert (job.state, job.score, job.assessment) == (JobState.FAILED, None, None)
    assert job.error_code == "RESUME_EMPTY"
    assert job.error_message == "The resume's document holds no text. It may be a scan."


async def test_every_text_of_a_submission_is_read_back_for_scoring(store: StoreUnderTest) -> None:
    full = SubmittedApplication(
        "anna",
        ResumeSource(text="Zoë Müller — ingénieure 😀\n“quoted” \\ 'single'"),
        (ApplicationAnswer("Visa?", "Not needed"), ApplicationAnswer("", "")),
        "A cover letter.",
    )
    linked = SubmittedApplication("ben", ResumeSource(url="https://storage.example/ben.pdf"))
    accepted = await store.submit(
        BatchSubmission(ACME, "job-1", "Describes.", (full, linked), "Engineer", "Acme", "Knows Kafka.")
    )
    anna, ben = accepted.scoring_job_ids
    version = (await store.read(accepted)).jobs[0].criteria_version_id
    of_job = JobTexts("Describes.", full.resume, "Engineer", "Acme", "Knows Kafka.", (), None, version, None)
    assert await store.store.read_job_texts([anna, ben, "unknown"]) == {
        anna: replace(of_job, answers=full.answers, context="A cover letter."),
        ben: replace(of_job, resume=linked.resume),
    }


async def test_the_same_applications_in_another_order_are_the_same_batch(store: StoreUnderTest) -> None:
    first = await store.submit(submission("anna", "ben", "cleo"))
    again = await store.submit(submission("cleo", "anna", "ben"))
    anna, ben, cleo = first.scoring_job_ids
    assert again.batch == first.batch
    assert again.scoring_job_ids == (cleo, anna, ben)


async def test_a_resubmission_stores_nothing_even_when_its_texts_differ(store: StoreUnderTest) -> None:
    first = await store.submit(submission("anna", "ben"))
    before = [await store.count(table) for table in ALL_TABLES]
    again = await store.submit(submission("anna", "ben", job_description="Another.", role_knowledge="More."))
    assert again == first
    assert [await store.count(table) for table in ALL_TABLES] == before


async def test_a_resubmission_is_answered_with_current_counts(store: StoreUnderTest) -> None:
    await store.submit(submission("anna", "ben", "cleo"))
    first, second, _ = await store.claim()
    await store.complete(first)
    await store.fail(second)
    again = await store.submit(submission("ben", "cleo", "anna"))
    assert (again.batch.completed_jobs, again.batch.failed_jobs) == (1, 1)
    assert again.batch.status is BatchStatus.PENDING


@pytest.mark.parametrize(
    "other",
    [submission("anna"), submission("anna", "ben", "cleo"), submission("anna", "ben", job_id="job-2")],
    ids=["fewer applications", "more applications", "another job"],
)
async def test_another_job_or_another_set_of_applications_is_another_batch(
    store: StoreUnderTest, other: BatchSubmission
) -> None:
    first = await store.submit(submission("anna", "ben"))
    assert (await store.submit(other)).batch.id != first.batch.id


async def test_application_ids_cannot_be_strung_together_into_another_set(store: StoreUnderTest) -> None:
    first = await store.submit(submission("a,b", "c"))
    assert (await store.submit(submission("a", "b,c"))).batch.id != first.batch.id
    assert await store.count(scoring_jobs) == 4


@pytest.mark.parametrize("name", ["É\u2028😀", '"], ["', "\\u0041", "1", "null", " a ", "%", "A"])
async def test_ids_of_every_spelling_are_found_again_as_they_are(store: StoreUnderTest, name: str) -> None:
    first = await store.submit(submission(name, "a", job_id=name))
    assert await store.submit(submission("a", name, job_id=name)) != first  # ids in the order of the request
    assert (await store.submit(submission(name, "a", job_id=name))) == first
    assert [job.application_id for job in (await store.read(first)).jobs] == [name, "a"]


async def test_three_hundred_identical_submissions_at_once_make_one_batch(store: StoreUnderTest) -> None:
    names = [f"applicant-{number}" for number in range(25)]
    chance = random.Random(2)
    shuffled = [chance.sample(names, len(names)) for _ in range(300)]
    answers = await asyncio.gather(*(store.submit(submission(*order)) for order in shuffled))
    assert len({answer.batch.id for answer in answers}) == 1
    job_of = dict(zip(shuffled[0], answers[0].scoring_job_ids, strict=True))
    for order, answer in zip(shuffled, answers, strict=True):
        assert answer.scoring_job_ids == tuple(job_of[name] for name in order)
    counts = {table.name: await store.count(table) for table in ALL_TABLES}
    assert counts == {
        "tenants": 1,
        "texts": 26,  # one for each resume, and the job description
        "criteria_versions": 1,
        "scoring_batches": 1,
        "scoring_jobs": 25,
        "scoring_inputs": 25,
        "scoring_batch_jobs": 25,
    }


async def test_two_hundred_overlapping_submissions_at_once_make_one_job_for_each_application(
    store: StoreUnderTest,
) -> None:
    names = [f"applicant-{number}" for number in range(60)]
    chance = random.Random(3)
    sets = [chance.sample(names, chance.randint(1, 25)) for _ in range(200)]
    answers = await asyncio.gather(*(store.submit(submission(*chosen)) for chosen in sets))
    jobs: dict[str, set[str]] = {}
    for chosen, answer in zip(sets, answers, strict=True):
        for name, job_id in zip(chosen, answer.scoring_job_ids, strict=True):
            jobs.setdefault(name, set()).add(job_id)
    assert all(len(ids) == 1 for ids in jobs.values())
    assert await store.count(scoring_jobs) == len(jobs)
    await store.complete_everything()
    for chosen, answer in zip(sets, answers, strict=True):
        batch = (await store.read(answer)).batch
        assert (batch.status, batch.completed_jobs, batch.failed_jobs) == (BatchStatus.COMPLETED, len(chosen), 0)
