"""An application that is submitted alone has one scoring job, which it shares with every batch it is in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from nova_server.ports.scorer import ApplicationAnswer
from nova_server.ports.scoring import JobState, JobSubmission, JobTexts, ResumeSource, ScoringJob, SubmittedApplication
from nova_server.storage.schema import (
    criteria_versions,
    scoring_batch_jobs,
    scoring_batches,
    scoring_inputs,
    scoring_jobs,
    tenants,
    texts,
)

from tests.support.signals import RecordedSignals
from tests.support.store import ASSESSMENT, StoreUnderTest
from tests.support.submissions import ACME, GLOBEX, JOB_DESCRIPTION, resume_text, single, submission

ALL_TABLES = (tenants, texts, criteria_versions, scoring_batches, scoring_jobs, scoring_inputs, scoring_batch_jobs)


async def row_counts(store: StoreUnderTest) -> dict[str, int]:
    return {table.name: await store.count(table) for table in ALL_TABLES}


async def test_a_single_application_is_accepted_as_a_pending_job(store: StoreUnderTest) -> None:
    job = await store.submit_job(single("anna"))
    assert job == ScoringJob(
        id=job.id,
        criteria_version_id=job.criteria_version_id,
        job_id="job-1",
        application_id="anna",
        state=JobState.PENDING,
        is_rescore=False,
        queued_at=store.clock.now(),
    )
    assert len(job.id) == len(job.criteria_version_id) == 25


async def test_a_single_application_is_stored_without_a_batch(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna"))
    assert await row_counts(store) == {
        "tenants": 1,
        "texts": 2,  # the resume and the job description
        "criteria_versions": 1,
        "scoring_batches": 0,
        "scoring_jobs": 1,
        "scoring_inputs": 1,
        "scoring_batch_jobs": 0,
    }


async def test_a_single_application_is_claimed_and_scored_like_any_other(store: StoreUnderTest) -> None:
    job = await store.submit_job(single("anna"))
    lease = await store.claim_one()
    assert lease.job_id == job.id
    assert await store.complete(lease)
    assert (await store.latest("anna")).score == 7


async def test_every_text_of_a_single_application_is_read_back_for_scoring(store: StoreUnderTest) -> None:
    answers = (ApplicationAnswer("Visa?", "Not needed"),)
    application = SubmittedApplication("anna", ResumeSource(text="Zoë 😀 \\ '"), answers, "A cover letter.")
    job = await store.submit_job(
        JobSubmission(ACME, "job-1", "Describes.", application, "Engineer", "Acme", "Knows Kafka.")
    )
    assert await store.store.read_job_texts([job.id]) == {
        job.id: JobTexts(
            job_description="Describes.",
            resume=application.resume,
            job_title="Engineer",
            company_name="Acme",
            role_knowledge="Knows Kafka.",
            answers=answers,
            context="A cover letter.",
            criteria_version_id=job.criteria_version_id,
            criteria=None,
        )
    }


async def test_the_same_application_again_is_the_same_job_whatever_else_is_said(store: StoreUnderTest) -> None:
    first = await store.submit_job(single("anna"))
    before = await row_counts(store)
    changed = replace(
        single("anna", job_description="Another.", role_knowledge="More."),
        application=SubmittedApplication("anna", ResumeSource(url="https://storage.example/anna.pdf")),
    )
    store.clock.advance(1)
    assert await store.submit_job(changed) == first
    assert await row_counts(store) == before
    assert (await store.store.read_job_texts([first.id]))[first.id].resume.text == resume_text("anna")


async def test_an_application_that_was_scored_is_answered_with_its_result(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna"))
    await store.complete_everything()
    job = await store.submit_job(single("anna"))
    assert (job.state, job.score, job.assessment) == (JobState.COMPLETED, 7, ASSESSMENT)


async def test_an_application_that_failed_is_answered_with_its_failure_and_not_tried_again(
    store: StoreUnderTest,
) -> None:
    first = await store.submit_job(single("anna"))
    await store.fail(await store.claim_one())
    job = await store.submit_job(single("anna"))
    assert (job.id, job.state, job.error_code) == (first.id, JobState.FAILED, "RESUME_EMPTY")
    assert await store.claim() == []


async def test_an_application_of_a_batch_is_the_same_job_when_it_is_submitted_alone(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission("anna", "ben"))
    assert (await store.submit_job(single("ben"))).id == accepted.scoring_job_ids[1]
    assert await store.count(scoring_jobs) == 2


async def test_a_batch_takes_in_an_application_that_was_submitted_alone_and_counts_it_when_it_ended(
    store: StoreUnderTest,
) -> None:
    anna, ben = await store.submit_jobs(single("anna"), single("ben"))
    await store.complete(await store.claim_one())
    accepted = await store.submit(submission("cleo", "ben", "anna"))
    assert accepted.scoring_job_ids[1:] == (ben.id, anna.id)
    assert accepted.batch.completed_jobs == 1
    await store.complete_everything()
    assert (await store.read(accepted)).batch.completed_jobs == 3


async def test_the_same_application_of_another_job_or_tenant_is_another_job(store: StoreUnderTest) -> None:
    jobs = await store.submit_jobs(single("anna"), single("anna", job_id="job-2"), single("anna", tenant=GLOBEX))
    assert len({job.id for job in jobs}) == 3
    assert len({job.criteria_version_id for job in jobs}) == 3


@pytest.mark.parametrize("name", ["É\u2028😀", '"], ["', "\\u0041", "1", "null", " a ", "%", "A"])
async def test_ids_of_every_spelling_are_found_again_as_they_are(store: StoreUnderTest, name: str) -> None:
    first, other = await store.submit_jobs(single(name, job_id=name), single("a", job_id=name))
    assert first.id != other.id
    assert await store.submit_job(single(name, job_id=name)) == first
    assert await store.store.read_latest_job(ACME, name, name) == first


async def test_single_applications_of_one_group_stand_in_the_queue_in_their_order(store: StoreUnderTest) -> None:
    await store.submit_job(single("first of all"))
    await store.submit_jobs(*(single(name) for name in ("anna", "ben", "first of all", "cleo")))
    places = [(await store.job_row((await store.latest(name)).id)).virtual_time for name in ("anna", "ben", "cleo")]
    assert places == [2, 3, 4]


async def test_a_new_job_tells_that_the_queue_grew_and_a_known_one_does_not(
    store: StoreUnderTest, signals: RecordedSignals
) -> None:
    await store.submit_job(single("anna"))
    assert signals.growths == 1
    await store.submit_job(single("anna"))
    assert signals.growths == 1


async def test_a_batch_of_known_jobs_only_does_not_tell_that_the_queue_grew(
    store: StoreUnderTest, signals: RecordedSignals
) -> None:
    await store.submit_jobs(single("anna"), single("ben"))
    growths = signals.growths
    await store.submit(submission("anna", "ben"))
    assert signals.growths == growths
    await store.submit(submission("anna", "cleo"))
    assert signals.growths == growths + 1


async def test_a_job_is_read_under_its_application_only(store: StoreUnderTest) -> None:
    anna, ben = await store.submit_jobs(single("anna"), single("ben"))
    assert await store.store.read_job(ACME, "job-1", "anna", anna.id) == anna
    assert await store.store.read_job(ACME, "job-1", "anna", ben.id) is None
    assert await store.store.read_job(ACME, "job-2", "anna", anna.id) is None
    assert await store.store.read_job(ACME, "job-1", "anna", "c" * 25) is None


async def test_an_application_that_was_never_submitted_has_no_latest_job(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna"))
    assert await store.store.read_latest_job(ACME, "job-1", "ben") is None
    assert await store.store.read_latest_job(ACME, "job-2", "anna") is None


async def test_what_is_stored_of_a_job_are_the_texts_of_its_own_submission(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna", job_description="One.", role_knowledge="Two."))
    await store.submit(submission("ben"))
    rows = await store.rows(scoring_inputs.select().order_by(scoring_inputs.c.scoring_job_id))
    contents = {row.digest: row.content for row in await store.rows(texts.select())}
    described = {contents[row.job_description_digest] for row in rows}
    known = {contents.get(row.role_knowledge_digest) for row in rows}
    assert (described, known) == ({"One.", JOB_DESCRIPTION}, {"Two.", None})
