"""Submitting, reading and watching batches and single jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from typing import Protocol

from nova_server.errors import ApplicationNotFound, BatchNotFound, ScoringJobNotFound, ServiceUnavailable
from nova_server.ports.scoring import (
    AcceptedBatch,
    BatchStatus,
    BatchSubmission,
    BatchWithJobs,
    JobState,
    JobSubmission,
    ScoringJob,
    ScoringStore,
)
from nova_server.ports.tenancy import TenantKey

# A watcher looks again after this long even if nothing told it to: the job may have ended in another process.
WATCH_POLL_SECONDS = 1.0


class BatchSignals(Protocol):
    """Says when a batch changed."""

    def watch(self, batch_id: str) -> AbstractContextManager[asyncio.Event]:
        """Yield an event that is set whenever a job of the batch ended."""
        ...


class Scoring:
    """Implements `ports.scoring.ScoringUseCases`."""

    def __init__(self, store: ScoringStore, signals: BatchSignals) -> None:
        self._store = store
        self._signals = signals
        self._stopping = False

    def stop_watching(self) -> None:
        """End every watch with ServiceUnavailable, as soon as its watcher is woken."""
        self._stopping = True

    async def submit_batch(self, submission: BatchSubmission) -> AcceptedBatch:
        return await self._store.submit_batch(submission)

    async def get_batch(self, tenant: TenantKey, job_id: str, batch_id: str) -> BatchWithJobs:
        found = await self._store.read_batch(tenant, job_id, batch_id)
        if found is None:
            raise BatchNotFound
        return found

    async def submit_job(self, submission: JobSubmission) -> ScoringJob:
        return await self._store.submit_job(submission)

    async def get_job(self, tenant: TenantKey, job_id: str, application_id: str, scoring_job_id: str) -> ScoringJob:
        found = await self._store.read_job(tenant, job_id, application_id, scoring_job_id)
        if found is None:
            raise ScoringJobNotFound
        return found

    async def get_latest_score(self, tenant: TenantKey, job_id: str, application_id: str) -> ScoringJob:
        found = await self._store.read_latest_job(tenant, job_id, application_id)
        if found is None:
            raise ApplicationNotFound
        return found

    async def watch_batch(self, tenant: TenantKey, job_id: str, batch_id: str) -> AsyncIterator[BatchWithJobs]:
        seen: dict[str, JobState] = {}
        with self._signals.watch(batch_id) as changed:
            while True:
                changed.clear()
                current = await self.get_batch(tenant, job_id, batch_id)
                news = tuple(job for job in current.jobs if seen.get(job.id) is not visible_state(job))
                if news or not seen:
                    yield BatchWithJobs(current.batch, news)
                seen |= {job.id: visible_state(job) for job in news}
                if current.batch.status is not BatchStatus.PENDING:
                    return
                await self._wait(changed)

    async def _wait(self, changed: asyncio.Event) -> None:
        if not self._stopping:
            try:
                async with asyncio.timeout(WATCH_POLL_SECONDS):
                    await changed.wait()
            except TimeoutError:
                pass
        if self._stopping:
            raise ServiceUnavailable


def visible_state(job: ScoringJob) -> JobState:
    """Return the state that callers see: a running job is pending to them."""
    return JobState.PENDING if job.state is JobState.RUNNING else job.state
