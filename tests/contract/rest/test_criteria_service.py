"""Criteria over REST on a running server: what is set is there, once, for its tenant and in its versions."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.support.documented_routes import documented_routes, shape
from tests.support.rest import Answer, RestClient, job_submission, refused
from tests.support.rest_service import RestService, running

PYTHON = {"text": "Five years of Python", "importance": "MUST_HAVE"}
POSTGRES = {"text": "PostgreSQL", "importance": "PREFERRED"}
GO = {"text": "Go", "importance": "NICE_TO_HAVE"}
CRITERION_ID = re.compile("crit_[0-9a-f]{12}")
REPLAYED = "Idempotent-Replayed"


@dataclass(frozen=True)
class Job:
    """A job that nothing is known of, as one caller sees it."""

    service: RestService
    client: RestClient
    id: str
    tenant: str = "tenant-1"

    async def call(self, method: str, path: str = "", body: Any = None, **headers: str) -> Answer:
        """Call a path below the job's criteria."""
        sent = {"json": body} if body is not None else {}
        named = self.service.headers(self.tenant, **headers)
        return await self.client.call(method, f"/v1/jobs/{self.id}/criteria{path}", headers=named, **sent)

    async def set(self, *criteria: Any, **headers: str) -> Answer:
        return await self.call("PUT", "", {"criteria": list(criteria)}, **headers)

    async def submit(self, application_id: str) -> Answer:
        path = f"/v1/jobs/{self.id}/applications/{application_id}/scoring-jobs"
        body = job_submission(jobDescription="Requirements:\n- 5+ years of experience with Python\n- PostgreSQL")
        return await self.client.post(path, json=body, headers=self.service.headers(self.tenant))

    async def submitted(self, application_id: str) -> Any:
        answer = await self.submit(application_id)
        assert answer.status == 202, answer.text
        return answer.json["scoringJob"]

    async def current(self) -> Any:
        answer = await self.call("GET", "/versions/current")
        assert answer.status == 200, answer.text
        return answer.json

    async def versions(self) -> list[tuple[int, str]]:
        """Return the number and the status of each version, newest first."""
        listed = (await self.call("GET", "/versions")).json["versions"]
        return [(version["version"], version["status"]) for version in listed]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestService]:
    with running(tmp_path_factory.mktemp("data")) as service:
        yield service


@pytest.fixture
async def job(service: RestService) -> AsyncIterator[Job]:
    async with service.client() as client:
        yield Job(service, client, f"job-{uuid4().hex}")


def texts(answer: Answer) -> list[str]:
    return [criterion["text"] for criterion in answer.json["criteria"]]


async def test_each_route_answers_with_the_keys_and_types_of_its_example(job: Job) -> None:
    added = await job.call("POST", "/items", POSTGRES)
    criterion = f"/items/{added.json['criterion']['id']}"
    current = await job.call("GET", "/versions/current")
    answers = {
        "addCriterion": added,
        "getCurrentCriteriaVersion": current,
        "getCriteriaVersion": await job.call("GET", f"/versions/{current.json['version']['id']}"),
        "listCriteriaVersions": await job.call("GET", "/versions"),
        "updateCriterion": await job.call("PATCH", criterion, {"importance": "MUST_HAVE"}),
        "getCriteria": await job.call("GET"),
        "removeCriterion": await job.call("DELETE", criterion),
        "setCriteria": await job.set(PYTHON),
        "archiveCriteria": await job.call("DELETE"),
    }

    routes = documented_routes(*answers, jobId="", criterionId="", criteriaVersionId="")
    for route in routes:
        answer = answers[route.operation]
        assert (answer.status, shape(answer.json)) == (route.status, shape(route.answer)), route.operation


async def test_what_is_set_is_current_in_its_order(job: Job) -> None:
    answer = await job.set(PYTHON, GO, POSTGRES)

    assert texts(answer) == [PYTHON["text"], GO["text"], POSTGRES["text"]]
    assert [each["importance"] for each in answer.json["criteria"]] == ["MUST_HAVE", "NICE_TO_HAVE", "PREFERRED"]
    assert [each["order"] for each in answer.json["criteria"]] == [0, 1, 2]
    assert all(CRITERION_ID.fullmatch(each["id"]) for each in answer.json["criteria"])
    assert (await job.call("GET")).json == answer.json
    assert (await job.current())["criteria"] == answer.json["criteria"]


async def test_a_criterion_keeps_its_id_while_its_text_stays(job: Job) -> None:
    first = {each["text"]: each["id"] for each in (await job.set(PYTHON, GO)).json["criteria"]}
    second = {each["text"]: each["id"] for each in (await job.set(POSTGRES, GO)).json["criteria"]}

    assert second["Go"] == first["Go"]
    assert second["PostgreSQL"] not in first.values()


async def test_every_change_makes_a_version_and_the_one_before_has_an_end(job: Job) -> None:
    await job.set(PYTHON)
    first = await job.current()
    added = await job.call("POST", "/items", GO)
    await job.call("PATCH", f"/items/{added.json['criterion']['id']}", {"text": "Rust"})

    assert (added.status, texts(added)) == (201, [PYTHON["text"], "Go"])
    assert await job.versions() == [(3, "ACTIVE"), (2, "ARCHIVED"), (1, "ARCHIVED")]
    old = (await job.call("GET", f"/versions/{first['version']['id']}")).json
    assert old["criteria"] == first["criteria"]
    assert (first["version"]["archivedAt"], old["version"]["status"]) == (None, "ARCHIVED")
    assert old["version"]["archivedAt"].endswith("Z")


async def test_a_content_that_the_job_had_before_is_the_version_that_it_was(job: Job) -> None:
    await job.set(PYTHON)
    first = await job.current()
    await job.set(GO)
    await job.set(PYTHON)
    again = await job.current()

    assert again["version"]["id"] == first["version"]["id"]
    assert again["criteriaRevision"] != first["criteriaRevision"]


async def test_a_change_with_the_same_key_is_made_once(job: Job) -> None:
    key = uuid4().hex
    first = await job.call("POST", "/items", GO, Idempotency_Key=key)
    await job.call("POST", "/items", PYTHON)
    again = await job.call("POST", "/items", GO, Idempotency_Key=key)

    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert texts(await job.call("GET")) == ["Go", PYTHON["text"]]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "/items", POSTGRES), ("PUT", "", {"criteria": [GO]}), ("DELETE", "", None)],
    ids=["body", "route", "method"],
)
async def test_a_key_of_another_call_is_refused(job: Job, method: str, path: str, body: Any) -> None:
    key = uuid4().hex
    await job.call("POST", "/items", GO, Idempotency_Key=key)

    refused(await job.call(method, path, body, Idempotency_Key=key), 422, "IDEMPOTENCY_KEY_REUSED")
    assert texts(await job.call("GET")) == ["Go"]


async def test_a_refused_call_may_be_repeated_with_its_key(job: Job) -> None:
    key = uuid4().hex
    refused(await job.call("DELETE", "", Idempotency_Key=key), 404, "CRITERIA_NOT_FOUND")
    await job.set(PYTHON)

    answer = await job.call("DELETE", "", Idempotency_Key=key)

    assert (answer.status, answer.json, REPLAYED in answer.headers) == (200, {"success": True}, False)


async def test_a_replacement_is_made_only_at_the_revision_that_is_expected(job: Job) -> None:
    await job.set(PYTHON)
    revision = (await job.current())["criteriaRevision"]
    await job.call("POST", "/items", GO)

    refused(await job.set(POSTGRES, X_Expected_Criteria_Revision=revision), 412, "CRITERIA_REVISION_MISMATCH")
    assert texts(await job.call("GET")) == [PYTHON["text"], "Go"]
    now = (await job.current())["criteriaRevision"]
    assert texts(await job.set(POSTGRES, X_Expected_Criteria_Revision=now)) == ["PostgreSQL"]


async def test_a_hundred_criteria_are_enough(job: Job) -> None:
    await job.set(*({"text": f"Criterion {number}", "importance": "PREFERRED"} for number in range(100)))

    refused(await job.call("POST", "/items", GO), 409, "CRITERIA_LIMIT_REACHED")
    assert len(texts(await job.call("GET"))) == 100


async def test_while_criteria_are_archived_nothing_is_scored(job: Job) -> None:
    await job.set(PYTHON)

    assert (await job.call("DELETE")).json == {"success": True}
    for path in ("", "/versions/current"):
        refused(await job.call("GET", path), 404, "CRITERIA_NOT_FOUND")
    refused(await job.call("DELETE"), 404, "CRITERIA_NOT_FOUND")
    refused(await job.submit("app-1"), 404, "CRITERIA_NOT_FOUND")
    assert await job.versions() == [(1, "ARCHIVED")]
    await job.set(GO)
    assert (await job.submit("app-1")).status == 202


async def test_what_there_is_not_is_not_found(job: Job) -> None:
    refused(await job.call("GET"), 404, "CRITERIA_NOT_FOUND")
    refused(await job.call("GET", "/versions/cmlz26d0a000awp61m3xq81vd"), 404, "CRITERIA_VERSION_NOT_FOUND")
    assert (await job.call("GET", "/versions")).json == {"versions": [], "nextPageToken": None}
    await job.set(PYTHON)
    for method, body in (("PATCH", {"text": "Go"}), ("DELETE", None)):
        refused(await job.call(method, "/items/crit_000000000000", body), 404, "CRITERION_NOT_FOUND")


async def test_another_tenant_has_criteria_of_its_own(job: Job) -> None:
    await job.set(PYTHON)
    version = (await job.current())["version"]["id"]
    other = Job(job.service, job.client, job.id, tenant="tenant-2")

    refused(await other.call("GET"), 404, "CRITERIA_NOT_FOUND")
    refused(await other.call("GET", f"/versions/{version}"), 404, "CRITERIA_VERSION_NOT_FOUND")
    assert await other.versions() == []


async def test_a_replacement_that_forgot_its_list_clears_nothing(job: Job) -> None:
    await job.set(PYTHON)

    refused(await job.call("PUT", "", {}), 400, "VALIDATION_ERROR")
    assert texts(await job.call("GET")) == [PYTHON["text"]]


async def test_a_submission_gives_a_job_criteria_and_an_empty_list_gives_them_back(job: Job) -> None:
    first = await job.submitted("app-1")
    derived = await job.current()

    assert derived["version"]["id"] == first["criteriaVersionId"]
    assert derived["criteria"]
    await job.set(GO)
    assert (await job.submitted("app-2"))["criteriaVersionId"] != first["criteriaVersionId"]
    assert (await job.set()).json == {"criteria": []}
    assert (await job.submitted("app-3"))["criteriaVersionId"] == first["criteriaVersionId"]
