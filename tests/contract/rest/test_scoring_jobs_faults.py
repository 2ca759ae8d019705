"""What the routes of single scoring jobs refuse: faults with their JSON paths, and what there is not."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from nova_server.errors import (
    ApplicationNotFound,
    CriteriaNotFound,
    CriteriaVersionNotFound,
    NovaError,
    ScoringJobNotFound,
)

from tests.support.api import Served
from tests.support.documented_routes import Route
from tests.support.rest import HEADERS, PROBLEM_TYPE, RESUME, Rest, faults, job_submission
from tests.support.scoring_job_routes import JOBS, READ, ROUTES, SCORE

VERSION_ID = "cmlz26d0a000awp61m3xq81vd"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"resume": None}, [("resume", "required")]),
        ({"resume": []}, [("resume", "wrong_type")]),
        ({"resume": {"content": "x" * 50}}, [("resume.type", "required")]),
        ({"resume": {"type": "URL"}}, [("resume.type", "invalid")]),
        ({"resume": {"type": "url"}}, [("resume.url", "required")]),
        ({"resume": {"type": "url", "url": "http://example.com/cv"}}, [("resume.url", "url_not_allowed")]),
        ({"resume": {"type": "text", "content": "x" * 49}}, [("resume.content", "too_short")]),
        ({"resume": {"type": "url", "content": "x" * 50}}, [("resume.type", "mismatch")]),
        ({"resume": {**RESUME, "url": "https://example.com/cv"}}, [("resume.url", "conflict")]),
        ({"jobDescription": None}, [("jobDescription", "required")]),
        ({"jobTitle": ""}, [("jobTitle", "too_short")]),
        ({"applicationData": {"context": "x" * 15_001}}, [("applicationData.context", "too_long")]),
        ({"applicationData": {"applicationAnswers": [7]}}, [("applicationData.applicationAnswers[0]", "wrong_type")]),
        ({"rescore": {}}, [("rescore.enabled", "required")]),
        ({"rescore": {"enabled": None}}, [("rescore.enabled", "required")]),
        ({"rescore": {"enabled": "true"}}, [("rescore.enabled", "wrong_type")]),
        ({"rescore": True}, [("rescore", "wrong_type")]),
        ({"rescore": {"enabled": True, "criteriaVersionId": ""}}, [("rescore.criteriaVersionId", "too_short")]),
        ({"rescore": {"enabled": True, "criteriaVersionId": 7}}, [("rescore.criteriaVersionId", "wrong_type")]),
        ({"rescore": {"enabled": True, "criteriaVersionId": "x" * 256}}, [("rescore.criteriaVersionId", "too_long")]),
        ({"rescore": {"enabled": False, "criteriaVersionId": VERSION_ID}}, [("rescore.criteriaVersionId", "conflict")]),
        ({"rescore": {"criteriaVersionId": VERSION_ID}}, [("rescore.enabled", "required")]),
    ],
)
async def test_a_fault_of_a_body_is_named_with_its_path(
    rest: Rest, served: Served, changes: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert faults(await rest.post(JOBS, json=job_submission(**changes))) == found
    assert served.use_cases.job_submissions == []


async def test_every_fault_is_named_at_once(rest: Rest) -> None:
    body = job_submission(
        resume={"type": "url", "url": "http://example.com/cv"},
        jobDescription="",
        rescore={"enabled": False, "criteriaVersionId": VERSION_ID},
    )

    assert sorted(faults(await rest.post(JOBS, json=body))) == [
        ("jobDescription", "required"),
        ("rescore.criteriaVersionId", "conflict"),
        ("resume.url", "url_not_allowed"),
    ]


@pytest.mark.parametrize(
    ("routes", "error", "code"),
    [
        (ROUTES[:1], CriteriaNotFound(), "CRITERIA_NOT_FOUND"),
        (ROUTES[:1], CriteriaVersionNotFound(), "CRITERIA_VERSION_NOT_FOUND"),
        (ROUTES[1:2], ScoringJobNotFound(), "SCORING_JOB_NOT_FOUND"),
        (ROUTES[2:], ApplicationNotFound(), "APPLICATION_NOT_FOUND"),
    ],
)
async def test_what_there_is_not_is_not_found(
    rest: Rest, served: Served, routes: list[Route], error: NovaError, code: str
) -> None:
    served.use_cases.fault = error

    for route in routes:
        answer = await route.called(rest)
        assert (answer.status, answer.content_type) == (404, PROBLEM_TYPE)
        assert (answer.json["code"], answer.json["message"], answer.json["retryable"]) == (code, error.message, False)
        assert "details" not in answer.json


@pytest.mark.parametrize("route", ROUTES, ids=str)
async def test_a_route_needs_a_key_and_a_tenant(rest: Rest, served: Served, route: Route) -> None:
    without_key = await route.called(rest, headers={"X-Tenant-Id": "tenant-1"})
    without_tenant = await route.called(rest, headers={"Authorization": HEADERS["Authorization"]})

    assert (without_key.status, without_key.json["code"]) == (401, "UNAUTHORIZED")
    assert faults(without_tenant) == [("X-Tenant-Id", "required")]
    assert (served.use_cases.job_reads, served.use_cases.job_submissions) == ([], [])


@pytest.mark.parametrize("route", ROUTES, ids=str)
async def test_a_parameter_that_a_route_does_not_have_is_refused(rest: Rest, route: Route) -> None:
    answer = await dataclasses.replace(route, path=f"{route.path}?x=1").called(rest)

    assert faults(answer) == [("x", "unknown_parameter")]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/jobs/{long}/applications/a/scoring-jobs", "jobId"),
        ("/v1/jobs/j/applications/{long}/scoring-jobs", "applicationId"),
        ("/v1/jobs/j%07/applications/a/scoring-jobs", "jobId"),
    ],
)
async def test_an_id_that_cannot_be_one_is_a_fault_of_its_parameter(rest: Rest, path: str, field: str) -> None:
    answer = await rest.post(path.format(long="x" * 256), json=job_submission())

    assert [found[0] for found in faults(answer)] == [field]


@pytest.mark.parametrize(
    ("path", "field"),
    [(READ.replace("cjob", "x" * 256), "scoringJobId"), (SCORE.replace("app-1", "x" * 256), "applicationId")],
)
async def test_no_longer_id_is_looked_for(rest: Rest, served: Served, path: str, field: str) -> None:
    assert faults(await rest.get(path)) == [(field, "too_long")]
    assert served.use_cases.job_reads == []
