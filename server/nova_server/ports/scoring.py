"""Records of the scoring use cases, and the store they need."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from nova_server.ports.clock import Instant
from nova_server.ports.scorer import ApplicationAnswer, Assessment, CriterionText
from nova_server.ports.tenancy import TenantKey


class JobState(StrEnum):
    """The state of a scoring job. Drawn in `docs/state_machine.md`."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class BatchStatus(StrEnum):
    """The state of a batch as callers see it."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ResumeSource:
    """A resume: exactly one of `url` and `text` is set."""

    url: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class SubmittedApplication:
    """One application of a submission."""

    application_id: str
    resume: ResumeSource
    answers: tuple[ApplicationAnswer, ...] = ()
    context: str | None = None


@dataclass(frozen=True, slots=True)
class BatchSubmission:
    """A valid submission of a batch."""

    tenant: TenantKey
    job_id: str
    job_description: str
    applications: tuple[SubmittedApplication, ...]
    job_title: str | None = None
    company_name: str | None = None
    role_knowledge: str | None = None


@dataclass(frozen=True, slots=True)
class Rescore:
    """A request to score an application again, against a version that is pinned, or else as a new application."""

    criteria_version_id: str | None = None


@dataclass(frozen=True, slots=True)
class JobSubmission:
    """A valid submission of one application. `rescore` is None unless it asks for a fresh score."""

    tenant: TenantKey
    job_id: str
    job_description: str
    application: SubmittedApplication
    job_title: str | None = None
    company_name: str | None = None
    role_knowledge: str | None = None
    rescore: Rescore | None = None


@dataclass(frozen=True, slots=True)
class ScoringBatch:
    """A batch and its counts."""

    id: str
    job_id: str
    total_jobs: int
    completed_jobs: int
    failed_jobs: int
    created_at: Instant
    completed_at: Instant | None

    @property
    def status(self) -> BatchStatus:
        """Pending until every job ended; failed when one of them did."""
        if self.completed_at is None:
            return BatchStatus.PENDING
        return BatchStatus.FAILED if self.failed_jobs else BatchStatus.COMPLETED


@dataclass(frozen=True, slots=True)
class ScoringJob:
    """A scoring job with its result. `error_code` is the name of an ErrorReason."""

    id: str
    criteria_version_id: str
    job_id: str
    application_id: str
    state: JobState
    is_rescore: bool
    queued_at: Instant
    started_at: Instant | None = None
    finished_at: Instant | None = None
    score: int | None = None
    assessment: Assessment | None = None
    error_code: str | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True)
class AcceptedBatch:
    """The answer to a submission: the batch, and the scoring jobs in the order of the submission's applications."""

    batch: ScoringBatch
    scoring_job_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BatchWithJobs:
    """A batch with its jobs, in the order in which they were submitted."""

    batch: ScoringBatch
    jobs: tuple[ScoringJob, ...]


class ScoringUseCases(Protocol):
    """What the api asks for."""

    async def submit_batch(self, submission: BatchSubmission) -> AcceptedBatch:
        """Store the submission, or find the batch it already is. Raises CriteriaNotFound, or StoreUnavailable."""
        ...

    async def submit_job(self, submission: JobSubmission) -> ScoringJob:
        """Store the submission, or find the job it already is.

        Raises CriteriaNotFound, CriteriaVersionNotFound, or StoreUnavailable.
        """
        ...

    async def get_job(self, tenant: TenantKey, job_id: str, application_id: str, scoring_job_id: str) -> ScoringJob:
        """Return a scoring job of an application. Raises ScoringJobNotFound, or StoreUnavailable."""
        ...

    async def get_latest_score(self, tenant: TenantKey, job_id: str, application_id: str) -> ScoringJob:
        """Return the job of an application that was submitted last. Raises ApplicationNotFound, or StoreUnavailable."""
        ...

    async def get_batch(self, tenant: TenantKey, job_id: str, batch_id: str) -> BatchWithJobs:
        """Return a batch. Raises BatchNotFound, or StoreUnavailable."""
        ...

    def watch_batch(self, tenant: TenantKey, job_id: str, batch_id: str) -> AsyncIterator[BatchWithJobs]:
        """Yield the batch with all its jobs, then with those that changed, until it ended.

        Raises BatchNotFound, or ServiceUnavailable when the service stops.
        """
        ...


@dataclass(frozen=True, slots=True)
class JobTexts:
    """What the scoring of one job needs.

    The texts of the job are those that its criteria version follows from. Where a partner set the version they are
    those that were submitted. `criteria` is None until they are derived.
    """

    job_description: str
    resume: ResumeSource
    job_title: str | None
    company_name: str | None
    role_knowledge: str | None
    answers: tuple[ApplicationAnswer, ...]
    context: str | None
    criteria_version_id: str
    criteria: tuple[CriterionText, ...] | None


class ScoringStore(Protocol):
    """What the use cases ask of the store. Every call may raise StoreUnavailable."""

    async def submit_batch(self, submission: BatchSubmission) -> AcceptedBatch:
        """Store the submission in one transaction, or find the batch it already is.

        Raises CriteriaNotFound when the job's criteria are archived and a new job would have to be made.
        """
        ...

    async def submit_job(self, submission: JobSubmission) -> ScoringJob:
        """Store the submission in one transaction, or find the job it already is.

        Raises CriteriaNotFound when the job's criteria are archived, and CriteriaVersionNotFound for a pinned version
        that the job does not have. An application that has a job, and is not to be scored again, is found before that.
        """
        ...

    async def read_job(
        self, tenant: TenantKey, job_id: str, application_id: str, scoring_job_id: str
    ) -> ScoringJob | None:
        """Return a scoring job of an application, or None."""
        ...

    async def read_latest_job(self, tenant: TenantKey, job_id: str, application_id: str) -> ScoringJob | None:
        """Return the job of an application that was submitted last, or None."""
        ...

    async def read_batch(self, tenant: TenantKey, job_id: str, batch_id: str) -> BatchWithJobs | None:
        """Return a batch with its jobs, or None."""
        ...

    async def read_job_texts(self, job_ids: Sequence[str]) -> dict[str, JobTexts]:
        """Return the texts of the jobs that exist, by id of the scoring job."""
        ...
