"""The scoring use cases as a recording that plays what a test gives it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import structlog
from nova_server.ports.clock import Instant
from nova_server.ports.scoring import (
    AcceptedBatch,
    BatchSubmission,
    BatchWithJobs,
    JobState,
    JobSubmission,
    ScoringBatch,
    ScoringJob,
)
from nova_server.ports.tenancy import TenantKey

from tests.support.clock import START

BATCH = ScoringBatch("cbatch", "job-1", 1, 0, 0, START, None)
JOB = ScoringJob("cjob", "cversion", "job-1", "app-1", JobState.PENDING, is_rescore=False, queued_at=START)
ENDED = ScoringBatch("cbatch", "job-1", 1, 1, 0, START, Instant(START + 1_500_000))


@dataclass
class RecordedUseCases:
    """A `ScoringUseCases` that keeps what it was asked, and answers with what it holds, or raises `fault`.

    While `open` is not set, every call waits; `asked` is set when one arrives, and `ended` when one is over.
    """

    found: BatchWithJobs = field(default_factory=lambda: BatchWithJobs(BATCH, (JOB,)))
    changes: list[BatchWithJobs] = field(default_factory=list)
    job: ScoringJob = JOB
    fault: Exception | None = None
    submissions: list[BatchSubmission] = field(default_factory=list)
    job_submissions: list[JobSubmission] = field(default_factory=list)
    log_contexts: list[dict[str, Any]] = field(default_factory=list)
    reads: list[tuple[TenantKey, str, str]] = field(default_factory=list)
    job_reads: list[tuple[Any, ...]] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def submit_batch(self, submission: BatchSubmission) -> AcceptedBatch:
        self.submissions.append(submission)
        self.log_contexts.append(structlog.contextvars.get_contextvars())
        await self._pass()
        return AcceptedBatch(BATCH, tuple(f"c{given.application_id}" for given in submission.applications))

    async def submit_job(self, submission: JobSubmission) -> ScoringJob:
        self.job_submissions.append(submission)
        await self._pass()
        return self.job

    async def get_job(self, tenant: TenantKey, job_id: str, application_id: str, scoring_job_id: str) -> ScoringJob:
        self.job_reads.append((tenant, job_id, application_id, scoring_job_id))
        await self._pass()
        return self.job

    async def get_latest_score(self, tenant: TenantKey, job_id: str, application_id: str) -> ScoringJob:
        self.job_reads.append((tenant, job_id, application_id))
        await self._pass()
        return self.job

    async def get_batch(self, tenant: TenantKey, job_id: str, batch_id: str) -> BatchWithJobs:
        self.reads.append((tenant, job_id, batch_id))
        await self._pass()
        return self.found

    async def watch_batch(self, tenant: TenantKey, job_id: str, batch_id: str) -> AsyncIterator[BatchWithJobs]:
        self.reads.append((tenant, job_id, batch_id))
        try:
            for change in self.changes:
                yield change
            await self._pass()
        finally:
            self.ended.set()

    async def _pass(self) -> None:
        self.asked.set()
        try:
            await self.open.wait()
        finally:
            self.ended.set()
        if self.fault is not None:
            raise self.fault
