"""The routes of single scoring jobs: statuses, every key with its type and its nulls, and what reaches the api."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from nova_server.ports.clock import plus_seconds
from nova_server.ports.scorer import ApplicationAnswer, Assessment
from nova_server.ports.scoring import JobState, JobSubmission, Rescore, ResumeSource, SubmittedApplication
from nova_server.ports.tenancy import Environment, TenantKey
from yarl import URL

from tests.support.api import Served
from tests.support.clock import START
from tests.support.documented_routes import Route, shape
from tests.support.rest import HEADERS, PROBLEM_TYPE, RESUME, TRACE_ID, Rest, job_submission
from tests.support.scoring_job_routes import JOBS, KEYS, READ, ROUTES, SCORE
from tests.support.use_cases import JOB

TENANT = TenantKey("acme", Environment.SANDBOX, "tenant-1")
LATER = plus_seconds(START, 1)
COMPLETED = replace(
    JOB,
    state=JobState.COMPLETED,
    started_at=START,
    finished_at=LATER,
    score=7,
    assessment=Assessment("Strong.", ("Python",), ("No Go",), ("Depth of Python",)),
)
FAILED = replace(
    JOB,
    state=JobState.FAILED,
    started_at=START,
    finished_at=LATER,
    error_code="RESUME_EMPTY",
    error_message="The resume's document holds no text. It may be a scan.",
)
FULL = job_submission(
    jobTitle="Engineer",
    companyName="Acme",
    roleKnowledge="We like small teams.",
    applicationData={"applicationAnswers": [{"question": "Where?", "answer": "Berlin"}], "context": "Referral."},
)


@pytest.mark.parametrize("route", ROUTES, ids=str)
async def test_a_route_answers_with_the_status_the_keys_and_the_types_of_its_example(
    rest: Rest, served: Served, route: Route
) -> None:
    served.use_cases.job = JOB if route.method == "POST" else COMPLETED

    answer = await route.called(rest)

    assert (answer.status, answer.content_type) == (202 if route.method == "POST" else 200, "application/json")
    assert shape(answer.json) == shape(route.answer)
    assert TRACE_ID.fullmatch(answer.headers["X-Trace-Id"])


@pytest.mark.parametrize("path", [READ, SCORE])
@pytest.mark.parametrize(
    ("job", "known"),
    [
        (JOB, {}),
        (replace(JOB, state=JobState.RUNNING, started_at=START), {"startedAt"}),
        (COMPLETED, {"startedAt", "completedAt", "score", "assessment"}),
        (FAILED, {"startedAt", "failedAt", "errorCode", "errorMessage"}),
    ],
    ids=["queued", "running", "completed", "failed"],
)
async def test_every_key_is_there_and_what_is_not_known_is_null(
    rest: Rest, served: Served, path: str, job: Any, known: set[str]
) -> None:
    served.use_cases.job = job

    answer = (await rest.get(path)).json

    assert list(answer) == ["scoringJob"]
    assert list(answer["scoringJob"]) == KEYS
    always = {"id", "criteriaVersionId", "jobId", "applicationId", "status", "isRescore", "queuedAt"}
    assert {key for key, value in answer["scoringJob"].items() if value is not None} == always | set(known)


async def test_a_running_job_is_pending_to_callers(rest: Rest, served: Served) -> None:
    served.use_cases.job = replace(JOB, state=JobState.RUNNING, started_at=START)

    assert (await rest.get(READ)).json["scoringJob"]["status"] == "pending"


async def test_that_a_job_is_a_rescore_is_told(rest: Rest, served: Served) -> None:
    served.use_cases.job = replace(JOB, is_rescore=True)

    answer = await rest.post(JOBS, json=job_submission(rescore={"enabled": True}))

    assert (answer.status, answer.json["scoringJob"]["isRescore"]) == (202, True)


async def test_every_documented_key_reaches_the_api(rest: Rest, served: Served) -> None:
    await rest.post(JOBS, json=FULL)

    application = SubmittedApplication(
        "app-1", ResumeSource(text=RESUME["content"]), (ApplicationAnswer("Where?", "Berlin"),), "Referral."
    )
    assert served.use_cases.job_submissions == [
        JobSubmission(TENANT, "job-1", "A backend engineer.", application, "Engineer", "Acme", "We like small teams.")
    ]


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (None, None),
        ({"enabled": False}, None),
        ({"enabled": False, "criteriaVersionId": None}, None),
        ({"enabled": True}, Rescore()),
        ({"enabled": True, "criteriaVersionId": None, "unknown": 1}, Rescore()),
        ({"enabled": True, "criteriaVersionId": "cmlz26d0a000awp61m3xq81vd"}, Rescore("cmlz26d0a000awp61m3xq81vd")),
    ],
)
async def test_a_rescore_is_asked_for_in_words(rest: Rest, served: Served, given: Any, asked: Rescore | None) -> None:
    assert (await rest.post(JOBS, json=job_submission(rescore=given))).status == 202
    assert [submission.rescore for submission in served.use_cases.job_submissions] == [asked]


async def test_a_url_is_submitted_as_one(rest: Rest, served: Served) -> None:
    await rest.post(JOBS, json=job_submission(resume={"type": "url", "url": "https://example.com/resume.pdf"}))

    (submission,) = served.use_cases.job_submissions
    assert submission.application.resume == ResumeSource(url="https://example.com/resume.pdf")


async def test_what_the_path_names_no_body_can_change(rest: Rest, served: Served) -> None:
    other = {"jobId": "job-2", "applicationId": "app-2", "job_id": "job-2", "path_application_id": None}

    assert (await rest.post(JOBS, json=job_submission(**other))).status == 202

    (submission,) = served.use_cases.job_submissions
    assert (submission.job_id, submission.application.application_id) == ("job-1", "app-1")


@pytest.mark.parametrize(
    ("path", "read"),
    [
        (READ, ("job-1", "app-1", "cjob")),
        (SCORE, ("job-1", "app-1")),
        ("/v1/jobs/a%2Fb/applications/c%2Fd/score", ("a/b", "c/d")),
        ("/v1/jobs/score/applications/score/score", ("score", "score")),
        (
            "/v1/jobs/applications/applications/scoring-jobs/scoring-jobs/score",
            ("applications", "scoring-jobs", "score"),
        ),
        ("/v1/jobs/j/applications/Z%C3%BCrich%20%F0%9F%8E%89/scoring-jobs/s%2F", ("j", "Zürich 🎉", "s/")),
    ],
)
async def test_a_path_reaches_the_job_that_it_names(
    rest: Rest, served: Served, path: str, read: tuple[str, ...]
) -> None:
    async with rest.session.get(URL(rest.url + path, encoded=True), headers=HEADERS) as answer:
        assert answer.status == 200
    assert served.use_cases.job_reads == [(TENANT, *read)]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", JOBS), ("PUT", JOBS), ("DELETE", READ), ("POST", READ), ("POST", SCORE), ("GET", f"{SCORE}/")],
)
async def test_what_is_no_route_is_not_found(rest: Rest, method: str, path: str) -> None:
    answer = await rest.call(method, path)

    assert (answer.status, answer.content_type, answer.json["code"]) == (404, PROBLEM_TYPE, "NOT_FOUND")
