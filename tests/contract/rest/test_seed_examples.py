"""The examples of the public documentation page, sent with curl to a running server."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.documented_routes import shape
from tests.support.running_server import new_key, started

FIRST_REQUEST = {
    "jobDescription": "We are looking for a senior engineer...",
    "applications": [
        {
            "applicationId": "app_001",
            "resume": {"type": "url", "url": "https://example.com/resumes/candidate-1.pdf"},
        },
        {
            "applicationId": "app_002",
            "resume": {"type": "url", "url": "https://example.com/resumes/candidate-2.pdf"},
        },
    ],
}
SECOND_REQUEST = {
    "jobDescription": "We are looking for a Senior Backend Engineer with 5+ years of experience in Node.js and "
    "TypeScript...",
    "roleKnowledge": "Team values candidates who've built systems from scratch. Strong preference for distributed "
    "systems experience over frontend-heavy backgrounds.",
    "applications": [
        {
            "applicationId": "app-001",
            "resume": {"type": "url", "url": "https://storage.example.com/resumes/001.pdf"},
        },
        {
            "applicationId": "app-002",
            "resume": {
                "type": "text",
                "content": "# Jane Smith\n\nSenior Backend Engineer with 7 years of experience...",
            },
            "applicationData": {
                "applicationAnswers": [{"question": "Are you eligible to work in the UK?", "answer": "Yes"}],
                "context": "Internal recruiter note: Strong referral from engineering lead. Candidate expressed "
                "interest in platform team specifically.",
            },
        },
    ],
}
SECOND_ANSWER = {
    "batch": {
        "id": "cmlz26em4002cwp61t7ukh3lb",
        "jobId": "job-123",
        "status": "pending",
        "totalJobs": 2,
        "completedJobs": 0,
        "failedJobs": 0,
        "createdAt": "2025-12-14T10:30:45Z",
        "completedAt": None,
    },
    "scoringJobIds": ["cmlz26dl3001bwp61r8sjf2ka", "cmlz26dl3001bwp61r8sjf2kb"],
}
EXAMPLES = [("job_abc123", FIRST_REQUEST), ("job-123", SECOND_REQUEST)]
ID = re.compile(r"[a-z0-9]{25}")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Yield the URL of a running server and a key."""
    data = tmp_path_factory.mktemp("data")
    secret = new_key(data)
    with started(data, gateway=True) as server:
        yield server.rest_url, secret
        assert asyncio.run(server.envoy_admin().lua_errors()) == 0
        assert server.stop() == 0


def curl(url: str, secret: str, *options: str, tenant: str) -> tuple[int, dict[str, str], Any]:
    """Return the status, the headers and the JSON that curl shows."""
    headers = ("-H", f"Authorization: Bearer {secret}", "-H", f"X-Tenant-Id: {tenant}")
    shown = subprocess.run(
        ["curl", "--silent", "--include", url, *headers, *options], capture_output=True, text=True, check=True
    )
    head, _, body = shown.stdout.partition("\n\n")
    first, *rest = head.splitlines()
    return int(first.split()[1]), dict(line.lower().split(": ", 1) for line in rest), json.loads(body)


def submit(service: tuple[str, str], job: str, request: Any, tenant: str) -> tuple[int, dict[str, str], Any]:
    url, secret = service
    body = ("-H", "Content-Type: application/json", "-d", json.dumps(request))
    return curl(f"{url}/v1/jobs/{job}/scoring-batches", secret, *body, tenant=tenant)


@pytest.mark.parametrize(("job", "request_body"), EXAMPLES, ids=["first", "second"])
def test_the_answer_to_an_example_has_the_documented_status_keys_types_and_nulls(
    service: tuple[str, str], job: str, request_body: Any, tmp_path: Path
) -> None:
    status, headers, answer = submit(service, job, request_body, tenant=f"acme-{tmp_path.name}")

    assert status == 202
    assert headers["content-type"] == "application/json"
    assert re.fullmatch("[0-9a-f]{32}", headers["x-trace-id"])
    assert shape(answer) == shape(SECOND_ANSWER)
    assert {**answer["batch"], "id": "", "createdAt": ""} == {
        **SECOND_ANSWER["batch"], "id": "", "createdAt": "", "jobId": job,  # type: ignore[dict-item]
    }  # fmt: skip
    assert all(ID.fullmatch(id_) for id_ in [answer["batch"]["id"], *answer["scoringJobIds"]])
    assert answer["batch"]["createdAt"].endswith("Z")
    assert datetime.fromisoformat(answer["batch"]["createdAt"]).tzinfo is not None


def test_sending_an_example_again_shows_the_same_batch(service: tuple[str, str]) -> None:
    _, _, first = submit(service, "job-123", SECOND_REQUEST, tenant="acme-again")
    status, _, second = submit(service, "job-123", SECOND_REQUEST, tenant="acme-again")

    assert status == 202
    assert (second["batch"]["id"], second["scoringJobIds"]) == (first["batch"]["id"], first["scoringJobIds"])


def test_the_status_of_an_examples_batch_has_every_documented_key(service: tuple[str, str]) -> None:
    url, secret = service
    _, _, submitted = submit(service, "job-123", SECOND_REQUEST, tenant="acme-read")
    path = f"{url}/v1/jobs/job-123/scoring-batches/{submitted['batch']['id']}"
    status, _, answer = curl(path, secret, tenant="acme-read")

    assert status == 200
    assert list(answer) == ["batch", "scoringJobs"]
    assert [job["id"] for job in answer["scoringJobs"]] == submitted["scoringJobIds"]
    for job in answer["scoringJobs"]:
        assert list(job) == [
            "id", "criteriaVersionId", "jobId", "applicationId", "status", "isRescore", "score", "assessment",
            "errorCode", "errorMessage", "queuedAt", "startedAt", "completedAt", "failedAt",
        ]  # fmt: skip
