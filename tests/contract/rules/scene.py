"""A job of its own for one rule, with the verbs that rules are told in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.contract.rules.doors import Answer, Door, Json, Refused

PATIENCE_SECONDS = 30
RESUME = {
    "type": "text",
    "content": "Anna has built services in Python and PostgreSQL since 2015. References on request.",
}
OTHER_RESUME = {"type": "text", "content": "Ben has repaired bicycles in Leeds since 2019, and rides them every day."}
BROKEN_RESUME = {"type": "text", "content": " " * 60}
PYTHON_JOB = "Backend engineer\n\nMust have:\n- five years of Python\n\nNice to have:\n- PostgreSQL\n"
BICYCLE_JOB = "Mechanic\n\nMust have:\n- repaired bicycles\n"
MUST, PREFERRED, NICE = "MUST_HAVE", "PREFERRED", "NICE_TO_HAVE"


def criterion(text: str, importance: str = MUST) -> Json:
    """Return a criterion as it is set."""
    return {"text": text, "importance": importance}


def told(criteria: Sequence[Json]) -> list[tuple[str, str]]:
    """Return what criteria ask for, without what the service adds."""
    return [(one["text"], one["importance"]) for one in criteria]


@dataclass(frozen=True, slots=True)
class Scene:
    """One job of one tenant, seen through one door."""

    door: Door
    job_id: str
    secret: str
    other_secret: str
    tenant: str = "tenant-1"
    headers: Mapping[str, str] = field(default_factory=dict)

    async def call(self, rpc: str, **body: Any) -> Answer:
        """Call an rpc about the job. What is None is not sent."""
        sent = {"authorization": f"Bearer {self.secret}", "x-tenant-id": self.tenant, **self.headers}
        given = {"jobId": self.job_id, **body}
        return await self.door.call(rpc, {key: part for key, part in given.items() if part is not None}, sent)

    def with_headers(self, **headers: str) -> Scene:
        """Return the same scene, with more headers on each call. Underscores stand for dashes."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers=more)

    def of_tenant(self, tenant: str) -> Scene:
        """Return the scene of the same job id at another tenant."""
        return replace(self, tenant=tenant)

    def of_other_partner(self) -> Scene:
        """Return the scene of the same job id and tenant id at another partner."""
        return replace(self, secret=self.other_secret)

    async def submit(
        self,
        application: str = "app-1",
        *,
        job: str = PYTHON_JOB,
        resume: Json = RESUME,
        rescore: Json | None = None,
        **more: Any,
    ) -> Json:
        """Submit one application. Returns its scoring job."""
        body = {"applicationId": application, "jobDescription": job, "resume": resume, "rescore": rescore, **more}
        answer: Json = (await self.call("SubmitScoringJob", **body)).body["scoringJob"]
        return answer

    async def rescore(self, application: str = "app-1", *, pinned: str | None = None, **more: Any) -> Json:
        """Ask for a fresh score."""
        wish = {"enabled": True} | ({"criteriaVersionId": pinned} if pinned else {})
        return await self.submit(application, rescore=wish, **more)

    async def submit_batch(self, *applications: str, job: str = PYTHON_JOB) -> Json:
        """Submit a batch. Returns the whole answer."""
        given = [{"applicationId": one, "resume": RESUME} for one in applications]
        return (await self.call("SubmitScoringBatch", jobDescription=job, applications=given)).body

    async def read(self, scoring_job_id: str, application: str = "app-1") -> Json:
        """Return one scoring job."""
        answer = await self.call("GetScoringJob", applicationId=application, scoringJobId=scoring_job_id)
        job: Json = answer.body["scoringJob"]
        return job

    async def latest(self, application: str = "app-1") -> Json:
        """Return the latest scoring job of an application."""
        job: Json = (await self.call("GetLatestScore", applicationId=application)).body["scoringJob"]
        return job

    async def ended(self, job: Json) -> Json:
        """Return a scoring job once it has ended."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (found := await self.read(job["id"], job["applicationId"]))["status"] == "pending":
                pass
        return found

    async def set_criteria(self, *criteria: Json) -> list[Json]:
        """Replace the job's criteria."""
        found: list[Json] = (await self.call("SetCriteria", criteria=list(criteria))).body["criteria"]
        return found

    async def criteria(self) -> list[Json]:
        """Return the job's current criteria."""
        found: list[Json] = (await self.call("GetCriteria")).body["criteria"]
        return found

    async def current(self) -> Json:
        """Return the job's current version, with its criteria and its revision."""
        return (await self.call("GetCurrentCriteriaVersion")).body

    async def versions(self) -> list[Json]:
        """Return the job's versions, newest first."""
        found: list[Json] = (await self.call("ListCriteriaVersions")).body["versions"]
        return found

    async def version(self, version_id: str) -> Json:
        """Return one version with its criteria."""
        return (await self.call("GetCriteriaVersion", criteriaVersionId=version_id)).body


@contextmanager
def refused(code: str, http_status: int, *fields: str) -> Iterator[None]:
    """Check that the one call in it is refused, with this status over REST, and for these fields."""
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.code == code
    assert caught.value.http_status in (None, http_status)
    assert caught.value.fields == list(fields)


Rule = Callable[[Scene], Awaitable[None]]


def rule_of(table: list[Rule]) -> Callable[[Rule], Rule]:
    """Return what puts a rule into a table."""

    def add(rule: Rule) -> Rule:
        table.append(rule)
        return rule

    return add


def sentence_of(rule: Rule) -> str:
    """Return the name of a rule as a sentence."""
    return rule.__name__.replace("_", " ")
