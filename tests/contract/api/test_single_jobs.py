"""The rpcs of ScoringService for one application: what reaches the use cases, and what comes back."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator

import grpc.aio
import pytest
from google.protobuf.message import Message
from nova.errors.v1 import error_reason_pb2
from nova.scoring.v1 import resume_pb2, scoring_job_pb2
from nova_server.errors import (
    ApplicationNotFound,
    CriteriaNotFound,
    CriteriaVersionNotFound,
    NovaError,
    ScoringJobNotFound,
    StoreUnavailable,
)
from nova_server.ports.clock import Instant
from nova_server.ports.scorer import ApplicationAnswer, Assessment
from nova_server.ports.scoring import JobState, JobSubmission, Rescore, ResumeSource, ScoringJob, SubmittedApplication
from nova_server.ports.tenancy import Environment, TenantKey

from tests.support.api import METADATA, SERVICE, Served, called, job_submission, refusal, serving, submission
from tests.support.clock import START
from tests.support.requests import get_job, latest_score
from tests.support.use_cases import JOB

TENANT = TenantKey("acme", Environment.SANDBOX, "tenant-1")
SUBMIT = job_submission()
GET = get_job("job-1", "app-1", "cjob")
LATEST = latest_score("job-1", "app-1")
CALLS = [SUBMIT, GET, LATEST]
FINISHED = Instant(START + 1_500_000)
SCORED = dataclasses.replace(
    JOB,
    state=JobState.COMPLETED,
    is_rescore=True,
    started_at=START,
    finished_at=FINISHED,
    score=8,
    assessment=Assessment("Strong.", ("Python",), ("No Go",), ("Ask about Go",)),
)
FAILED = dataclasses.replace(
    JOB,
    state=JobState.FAILED,
    started_at=START,
    finished_at=FINISHED,
    error_code="RESUME_EMPTY",
    error_message="The resume's document holds no text. It may be a scan.",
)
Rescored = scoring_job_pb2.Rescore


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


async def answered(served: Served, request: Message) -> scoring_job_pb2.ScoringJob:
    """Return the scoring job that a call is answered with."""
    method = getattr(served.stub, called(request).removesuffix("Request"))
    job: scoring_job_pb2.ScoringJob = (await method(request, metadata=METADATA)).scoring_job
    return job


async def test_an_application_reaches_the_use_case_as_it_was_sent(served: Served) -> None:
    resume = resume_pb2.Resume(type=resume_pb2.Resume.URL, url="https://example.com/1.pdf")
    request = job_submission(resume=resume, job_title="Title", company_name="Company", role_knowledge="Go")
    request.application_data.context = ""
    request.application_data.application_answers.add(question="Where?", answer="Here.")

    await answered(served, request)

    application = SubmittedApplication(
        "app-1", ResumeSource(url="https://example.com/1.pdf"), (ApplicationAnswer("Where?", "Here."),), context=""
    )
    assert served.use_cases.job_submissions == [
        JobSubmission(TENANT, "job-1", "A backend engineer.", application, "Title", "Company", "Go", rescore=None)
    ]
    assert served.use_cases.submissions == []


async def test_what_was_not_sent_is_none(served: Served) -> None:
    await answered(served, SUBMIT)

    (seen,) = served.use_cases.job_submissions
    assert (seen.job_title, seen.company_name, seen.role_knowledge, seen.rescore) == (None, None, None, None)
    assert seen.application == SubmittedApplication("app-1", ResumeSource(text="Seven years of Python. " * 3))


@pytest.mark.parametrize(
    ("rescore", "meant"),
    [
        (Rescored(enabled=False), None),
        (Rescored(enabled=True), Rescore()),
        (Rescored(enabled=True, criteria_version_id="cversion"), Rescore("cversion")),
    ],
)
async def test_a_rescore_is_asked_for_only_when_it_is_enabled(
    served: Served, rescore: Rescored, meant: Rescore | None
) -> None:
    await answered(served, job_submission(rescore=rescore))

    assert served.use_cases.job_submissions[0].rescore == meant


async def test_reads_name_the_tenant_the_job_the_application_and_the_scoring_job(served: Served) -> None:
    await answered(served, GET)
    await answered(served, LATEST)

    assert served.use_cases.job_reads == [(TENANT, "job-1", "app-1", "cjob"), (TENANT, "job-1", "app-1")]


@pytest.mark.parametrize("request_", CALLS, ids=called)
@pytest.mark.parametrize("job", [SCORED, FAILED, JOB], ids=lambda job: job.state)
async def test_the_answer_is_the_scoring_job_as_in_its_batch(
    served: Served, request_: Message, job: ScoringJob
) -> None:
    served.use_cases.job = job

    shown = await answered(served, request_)

    assert (shown.id, shown.criteria_version_id, shown.is_rescore) == ("cjob", "cversion", job.is_rescore)
    assert (shown.HasField("score"), shown.HasField("assessment")) == (job is SCORED, job is SCORED)
    assert (shown.HasField("error_code"), shown.HasField("failed_at")) == (job is FAILED, job is FAILED)
    assert shown.HasField("completed_at") is (job is SCORED)


async def test_a_failed_job_says_why(served: Served) -> None:
    served.use_cases.job = FAILED

    shown = await answered(served, LATEST)

    assert (shown.status, shown.error_code) == (scoring_job_pb2.ScoringJob.FAILED, error_reason_pb2.RESUME_EMPTY)
    assert shown.error_message == FAILED.error_message


async def test_an_accepted_application_is_counted_as_a_submission_of_one(served: Served) -> None:
    await answered(served, SUBMIT)
    await answered(served, GET)

    value = served.metrics.registry.get_sample_value
    assert (value("nova_submissions_total"), value("nova_submitted_applications_total")) == (1, 1)


async def test_an_application_that_is_not_accepted_is_not_counted(served: Served) -> None:
    await refusal(served.stub.SubmitScoringJob(job_submission(job_id=""), metadata=METADATA))
    served.use_cases.fault = StoreUnavailable()
    await refusal(served.stub.SubmitScoringJob(SUBMIT, metadata=METADATA))

    assert served.metrics.registry.get_sample_value("nova_submissions_total") == 0


@pytest.mark.parametrize(
    ("request_", "error", "code"),
    [
        (SUBMIT, CriteriaNotFound(), grpc.StatusCode.NOT_FOUND),
        (SUBMIT, CriteriaVersionNotFound(), grpc.StatusCode.NOT_FOUND),
        (SUBMIT, StoreUnavailable(), grpc.StatusCode.UNAVAILABLE),
        (GET, ScoringJobNotFound(), grpc.StatusCode.NOT_FOUND),
        (LATEST, ApplicationNotFound(), grpc.StatusCode.NOT_FOUND),
        (LATEST, ValueError("surprise"), grpc.StatusCode.INTERNAL),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_what_a_use_case_raises_is_answered(
    served: Served, request_: Message, error: Exception, code: grpc.StatusCode
) -> None:
    served.use_cases.fault = error

    failed = await refusal(answered(served, request_))

    assert failed.code is code
    expected = error_reason_pb2.ErrorReason.Name(error.reason) if isinstance(error, NovaError) else "INTERNAL_ERROR"
    assert failed.info.reason == expected


async def test_a_batch_for_a_job_whose_criteria_are_archived_is_refused(served: Served) -> None:
    served.use_cases.fault = CriteriaNotFound()

    failed = await refusal(served.stub.SubmitScoringBatch(submission(), metadata=METADATA))

    assert (failed.code, failed.info.reason) == (grpc.StatusCode.NOT_FOUND, "CRITERIA_NOT_FOUND")


@pytest.mark.parametrize("request_", CALLS, ids=called)
async def test_a_call_without_a_key_is_unauthorized(served: Served, request_: Message) -> None:
    failed = await refusal(served.raw(f"/{SERVICE}/{called(request_).removesuffix('Request')}", b""))

    assert failed.info.reason == "UNAUTHORIZED"


async def test_a_body_over_its_limit_is_too_large(served: Served) -> None:
    request = job_submission(job_description="x" * 4_718_592)

    failed = await refusal(served.stub.SubmitScoringJob(request, metadata=METADATA))

    assert (failed.code, failed.info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "PAYLOAD_TOO_LARGE")
