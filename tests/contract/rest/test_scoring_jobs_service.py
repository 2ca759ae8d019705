"""Single scoring jobs over REST on a running server: who is scored, when it is scored again, and against what."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.support.rest import RESUME, Answer, RestClient, job_submission, refused
from tests.support.rest_service import RestService, running
from tests.support.scoring_job_routes import KEYS

ID = re.compile(r"[a-z0-9]{25}")
UNKNOWN = "cmlz26d0a000awp61m3xq81vd"


@dataclass(frozen=True)
class Job:
    """A job that nothing is known of, as one caller sees it."""

    service: RestService
    client: RestClient
    id: str
    tenant: str = "tenant-1"

    async def call(self, method: str, path: str, body: Any = None) -> Answer:
        """Call a path below the job."""
        sent = {"json": body} if body is not None else {}
        return await self.client.call(
            method, f"/v1/jobs/{self.id}/{path}", headers=self.service.headers(self.tenant), **sent
        )

    async def submit(self, application_id: str = "app-1", **changes: Any) -> Answer:
        return await self.call("POST", f"applications/{application_id}/scoring-jobs", job_submission(**changes))

    async def submitted(self, application_id: str = "app-1", **changes: Any) -> Any:
        return found(await self.submit(application_id, **changes), 202)

    async def rescored(self, **rescore: str) -> Any:
        return await self.submitted(rescore={"enabled": True, **rescore})

    async def set_criteria(self, text: str) -> str:
        """Set a criterion, and return the id of the version that this makes."""
        await self.call("PUT", "criteria", {"criteria": [{"text": text, "importance": "MUST_HAVE"}]})
        return str((await self.call("GET", "criteria/versions/current")).json["version"]["id"])


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestService]:
    with running(tmp_path_factory.mktemp("data")) as service:
        yield service


@pytest.fixture
async def job(service: RestService) -> AsyncIterator[Job]:
    async with service.client() as client:
        yield Job(service, client, f"job-{uuid4().hex}")


def found(answer: Answer, status: int = 200) -> Any:
    """Return the scoring job of an answer, with every key in it."""
    assert (answer.status, answer.content_type) == (status, "application/json"), answer.text
    assert list(answer.json) == ["scoringJob"]
    assert list(answer.json["scoringJob"]) == KEYS
    return answer.json["scoringJob"]


async def test_an_application_is_accepted_at_once_and_what_is_not_known_is_null(job: Job) -> None:
    accepted = await job.submitted()

    assert ID.fullmatch(accepted["id"])
    assert ID.fullmatch(accepted["criteriaVersionId"])
    assert accepted["queuedAt"].endswith("Z")
    made = dict.fromkeys(("id", "criteriaVersionId", "queuedAt"))
    assert accepted | made == {
        **dict.fromkeys(KEYS),
        "jobId": job.id,
        "applicationId": "app-1",
        "status": "pending",
        "isRescore": False,
    }


async def test_a_job_is_read_by_its_id_and_as_the_latest_score(job: Job) -> None:
    accepted = await job.submitted()

    for path in (f"scoring-jobs/{accepted['id']}", "score"):
        read = found(await job.call("GET", f"applications/app-1/{path}"))
        stable = ("id", "criteriaVersionId", "jobId", "applicationId", "isRescore", "queuedAt")
        assert {key: read[key] for key in stable} == {key: accepted[key] for key in stable}


async def test_an_application_keeps_its_job_whatever_else_is_sent(job: Job) -> None:
    first = await job.submitted()
    other_resume = await job.submitted(resume={**RESUME, "content": "Eight years of Go. " * 4})
    other_texts = await job.submitted(jobTitle="Engineer", applicationData={"context": "Referral."})
    not_again = await job.submitted(rescore={"enabled": False})

    assert {each["id"] for each in (first, other_resume, other_texts, not_again)} == {first["id"]}
    assert (await job.submitted("app-2"))["id"] != first["id"]


async def test_a_rescore_is_a_new_job_once_for_each_version(job: Job) -> None:
    first = await job.submitted()
    rescore, again = await job.rescored(), await job.rescored()
    version = await job.set_criteria("Go")
    under_new_criteria = await job.rescored()

    assert (first["isRescore"], rescore["isRescore"]) == (False, True)
    assert rescore["id"] == again["id"] != first["id"]
    assert under_new_criteria["criteriaVersionId"] == version != rescore["criteriaVersionId"]
    latest = found(await job.call("GET", "applications/app-1/score"))
    assert latest["id"] == under_new_criteria["id"]


async def test_a_rescore_is_against_the_version_that_it_pins(job: Job) -> None:
    old = await job.set_criteria("Python")
    await job.set_criteria("Go")
    await job.submitted()

    pinned = await job.rescored(criteriaVersionId=old)

    assert (pinned["criteriaVersionId"], pinned["isRescore"]) == (old, True)
    assert (await job.rescored(criteriaVersionId=old))["id"] == pinned["id"]


async def test_a_rescore_of_what_was_never_scored_is_an_ordinary_first_job(job: Job) -> None:
    first = await job.rescored()

    assert first["isRescore"] is False
    assert (await job.submitted())["id"] == first["id"]


async def test_a_version_that_the_job_does_not_have_cannot_be_pinned(job: Job) -> None:
    await job.submitted()
    other = await Job(job.service, job.client, f"{job.id}-other").set_criteria("Go")

    for version in (UNKNOWN, other, "x"):
        answer = await job.submit(rescore={"enabled": True, "criteriaVersionId": version})
        refused(answer, 404, "CRITERIA_VERSION_NOT_FOUND")


async def test_a_job_of_a_batch_is_a_job_like_any_other(job: Job) -> None:
    body = {"jobDescription": "A backend engineer.", "applications": [{"applicationId": "app-1", "resume": RESUME}]}
    (scoring_job_id,) = (await job.call("POST", "scoring-batches", body)).json["scoringJobIds"]

    assert found(await job.call("GET", f"applications/app-1/scoring-jobs/{scoring_job_id}"))["id"] == scoring_job_id
    assert (await job.submitted())["id"] == scoring_job_id


async def test_what_there_is_not_is_not_found(job: Job) -> None:
    accepted = await job.submitted()
    other_tenant = Job(job.service, job.client, job.id, tenant="tenant-2")
    other_job = Job(job.service, job.client, f"{job.id}-other")

    for caller in (other_tenant, other_job):
        read = await caller.call("GET", f"applications/app-1/scoring-jobs/{accepted['id']}")
        refused(read, 404, "SCORING_JOB_NOT_FOUND")
        refused(await caller.call("GET", "applications/app-1/score"), 404, "APPLICATION_NOT_FOUND")
    for path in (f"app-2/scoring-jobs/{accepted['id']}", f"app-1/scoring-jobs/{UNKNOWN}", "app-1/scoring-jobs/x"):
        refused(await job.call("GET", f"applications/{path}"), 404, "SCORING_JOB_NOT_FOUND")
    refused(await job.call("GET", "applications/app-2/score"), 404, "APPLICATION_NOT_FOUND")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"resume": {"type": "url", "url": "https://127.0.0.1/cv.pdf"}}, "resume.url", "url_not_allowed"),
        ({"resume": {"type": "url", "url": "http://example.com/cv.pdf"}}, "resume.url", "url_not_allowed"),
        (
            {"rescore": {"enabled": False, "criteriaVersionId": UNKNOWN}},
            "rescore.criteriaVersionId",
            "conflict",
        ),
    ],
)
async def test_what_is_refused_is_not_submitted(job: Job, changes: dict[str, Any], field: str, code: str) -> None:
    answer = await job.submit(**changes)

    refused(answer, 400, "VALIDATION_ERROR")
    assert [(fault["field"], fault["code"]) for fault in answer.json["details"]] == [(field, code)]
    refused(await job.call("GET", "applications/app-1/score"), 404, "APPLICATION_NOT_FOUND")
