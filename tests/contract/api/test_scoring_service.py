"""The rpcs of ScoringService: what reaches the use cases, and what comes back."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from nova.errors.v1 import error_reason_pb2
from nova.scoring.v1 import resume_pb2, scoring_batch_pb2, scoring_job_pb2, scoring_service_pb2
from nova_server.ports.clock import Instant
from nova_server.ports.scorer import ApplicationAnswer, Assessment
from nova_server.ports.scoring import (
    BatchSubmission,
    BatchWithJobs,
    JobState,
    ResumeSource,
    ScoringBatch,
    SubmittedApplication,
)
from nova_server.ports.tenancy import Environment, TenantKey

from tests.support.api import METADATA, Served, serving, submission
from tests.support.clock import START
from tests.support.use_cases import BATCH, ENDED, JOB

GET = scoring_service_pb2.GetScoringBatchRequest(job_id="job-1", scoring_batch_id="cbatch")
WATCH = scoring_service_pb2.WatchScoringBatchRequest(job_id="job-1", scoring_batch_id="cbatch")
STARTED = Instant(START + 1)
FINISHED = Instant(START + 1_500_000)
SCORED = dataclasses.replace(
    JOB,
    state=JobState.COMPLETED,
    started_at=STARTED,
    finished_at=FINISHED,
    score=8,
    assessment=Assessment("Strong.", ("Python",), ("No Go",), ("Ask about Go",)),
)
FAILED = dataclasses.replace(
    JOB,
    state=JobState.FAILED,
    started_at=STARTED,
    finished_at=FINISHED,
    error_code="RESUME_ENCRYPTED",
    error_message="The resume's document is protected by a password.",
)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


async def test_a_submission_reaches_the_use_case_as_it_was_sent(served: Served) -> None:
    request = scoring_service_pb2.SubmitScoringBatchRequest(
        job_id="job-1", job_description="Engineer.", job_title="Title", company_name="Company", role_knowledge="Go"
    )
    by_url = request.applications.add(application_id="app-1")
    by_url.resume.CopyFrom(resume_pb2.Resume(type=resume_pb2.Resume.URL, url="https://example.com/1.pdf"))
    by_url.application_data.context = ""
    by_url.application_data.application_answers.add(question="Where?", answer="Here.")
    by_text = request.applications.add(application_id="app-2")
    by_text.resume.CopyFrom(resume_pb2.Resume(type=resume_pb2.Resume.TEXT, content="x" * 50))

    await served.stub.SubmitScoringBatch(request, metadata=METADATA)

    first = SubmittedApplication(
        "app-1", ResumeSource(url="https://example.com/1.pdf"), (ApplicationAnswer("Where?", "Here."),), context=""
    )
    second = SubmittedApplication("app-2", ResumeSource(text="x" * 50))
    tenant = TenantKey("acme", Environment.SANDBOX, "tenant-1")
    assert served.use_cases.submissions == [
        BatchSubmission(tenant, "job-1", "Engineer.", (first, second), "Title", "Company", "Go")
    ]


async def test_what_was_not_sent_is_none(served: Served) -> None:
    await served.stub.SubmitScoringBatch(submission(), metadata=METADATA)

    (seen,) = served.use_cases.submissions
    assert (seen.job_title, seen.company_name, seen.role_knowledge) == (None, None, None)
    assert (seen.applications[0].answers, seen.applications[0].context) == ((), None)


async def test_an_accepted_batch_is_answered_with_its_jobs_in_the_order_of_the_request(served: Served) -> None:
    answer = await served.stub.SubmitScoringBatch(submission(3), metadata=METADATA)

    assert list(answer.scoring_job_ids) == ["capp-1", "capp-2", "capp-3"]
    assert answer.batch == scoring_batch_pb2.ScoringBatch(
        id="cbatch",
        job_id="job-1",
        status=scoring_batch_pb2.ScoringBatch.PENDING,
        total_jobs=1,
        created_at=Timestamp(seconds=1_772_355_600),
    )


async def test_accepted_batches_and_their_applications_are_counted(served: Served) -> None:
    await served.stub.SubmitScoringBatch(submission(3), metadata=METADATA)

    value = served.metrics.registry.get_sample_value
    assert (value("nova_submissions_total"), value("nova_submitted_applications_total")) == (1, 3)


@pytest.mark.parametrize(
    ("batch", "status"),
    [
        (BATCH, scoring_batch_pb2.ScoringBatch.PENDING),
        (ENDED, scoring_batch_pb2.ScoringBatch.COMPLETED),
        (ScoringBatch("cbatch", "job-1", 2, 1, 1, START, FINISHED), scoring_batch_pb2.ScoringBatch.FAILED),
    ],
)
async def test_a_batch_shows_its_status_and_when_it_ended(served: Served, batch: ScoringBatch, status: int) -> None:
    served.use_cases.found = BatchWithJobs(batch, ())

    shown = (await served.stub.GetScoringBatch(GET, metadata=METADATA)).batch

    assert (shown.status, shown.completed_jobs, shown.failed_jobs) == (status, batch.completed_jobs, batch.failed_jobs)
    assert shown.HasField("completed_at") is (batch.completed_at is not None)


async def test_a_scored_job_shows_its_score_and_assessment(served: Served) -> None:
    served.use_cases.found = BatchWithJobs(ENDED, (SCORED,))

    (job,) = (await served.stub.GetScoringBatch(GET, metadata=METADATA)).scoring_jobs

    assert (job.status, job.score) == (scoring_job_pb2.ScoringJob.COMPLETED, 8)
    assert (job.assessment.verdict, list(job.assessment.strengths)) == ("Strong.", ["Python"])
    assert (list(job.assessment.concerns), list(job.assessment.interview_focus)) == (["No Go"], ["Ask about Go"])
    assert (job.started_at.ToMicroseconds(), job.completed_at.ToMicroseconds()) == (STARTED, FINISHED)
    assert not any(job.HasField(name) for name in ("error_code", "error_message", "failed_at"))


async def test_a_failed_job_shows_its_error(served: Served) -> None:
    served.use_cases.found = BatchWithJobs(ENDED, (FAILED,))

    (job,) = (await served.stub.GetScoringBatch(GET, metadata=METADATA)).scoring_jobs

    assert (job.status, job.error_code) == (scoring_job_pb2.ScoringJob.FAILED, error_reason_pb2.RESUME_ENCRYPTED)
    assert job.error_message == "The resume's document is protected by a password."
    assert job.failed_at.ToMicroseconds() == FINISHED
    assert not any((job.HasField("score"), job.HasField("assessment"), job.HasField("completed_at")))


@pytest.mark.parametrize("state", [JobState.PENDING, JobState.RUNNING])
async def test_a_job_that_waits_or_runs_is_pending_and_leaves_the_rest_unset(served: Served, state: JobState) -> None:
    served.use_cases.found = BatchWithJobs(BATCH, (dataclasses.replace(JOB, state=state),))

    (job,) = (await served.stub.GetScoringBatch(GET, metadata=METADATA)).scoring_jobs

    assert {field.name for field, _ in job.ListFields()} == {
        "id",
        "criteria_version_id",
        "job_id",
        "application_id",
        "status",
        "queued_at",
    }
    assert job.status == scoring_job_pb2.ScoringJob.PENDING


async def test_a_watch_tells_every_change_in_order_and_ends(served: Served) -> None:
    served.use_cases.changes = [BatchWithJobs(BATCH, (JOB,)), BatchWithJobs(ENDED, (SCORED,))]

    told = [change async for change in served.stub.WatchScoringBatch(WATCH, metadata=METADATA)]

    assert [change.batch.completed_jobs for change in told] == [0, 1]
    assert [change.scoring_jobs[0].status for change in told] == [
        scoring_job_pb2.ScoringJob.PENDING,
        scoring_job_pb2.ScoringJob.COMPLETED,
    ]
