"""Calls to the scoring service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from nova.scoring.v1.scoring_job_pb2 import ScoringJob
from nova.scoring.v1.scoring_service_pb2 import (
    GetLatestScoreRequest,
    GetScoringBatchRequest,
    GetScoringBatchResponse,
    GetScoringJobRequest,
    SubmitScoringBatchRequest,
    SubmitScoringBatchResponse,
    SubmitScoringJobRequest,
    WatchScoringBatchRequest,
    WatchScoringBatchResponse,
)
from nova.scoring.v1.scoring_service_pb2_grpc import ScoringServiceStub

from nova_server.cli.channel import DEADLINE_SECONDS, Connection, failures_read

if TYPE_CHECKING:  # the stub of an asyncio channel has a type of its own, and no class
    from nova.scoring.v1.scoring_service_pb2_grpc import ScoringServiceAsyncStub


class ScoringClient:
    """The rpcs that the commands use. Every method raises CallFailed."""

    def __init__(self, connection: Connection) -> None:
        self._stub: ScoringServiceAsyncStub = ScoringServiceStub(connection.channel)
        self._metadata = connection.metadata

    async def submit(self, request: SubmitScoringBatchRequest) -> SubmitScoringBatchResponse:
        """Submit a batch, or find the one that it already is."""
        with failures_read():
            return await self._stub.SubmitScoringBatch(request, metadata=self._metadata, timeout=DEADLINE_SECONDS)

    async def read(self, job_id: str, batch_id: str) -> GetScoringBatchResponse:
        """Return a batch with its jobs."""
        request = GetScoringBatchRequest(job_id=job_id, scoring_batch_id=batch_id)
        with failures_read():
            return await self._stub.GetScoringBatch(request, metadata=self._metadata, timeout=DEADLINE_SECONDS)

    async def watch(self, job_id: str, batch_id: str) -> AsyncIterator[WatchScoringBatchResponse]:
        """Yield the changes of a batch until it ended, or the stream broke."""
        request = WatchScoringBatchRequest(job_id=job_id, scoring_batch_id=batch_id)
        with failures_read():
            async for change in self._stub.WatchScoringBatch(request, metadata=self._metadata):
                yield change

    async def submit_job(self, request: SubmitScoringJobRequest) -> ScoringJob:
        """Submit one application, or find the scoring job that it already is."""
        with failures_read():
            answer = await self._stub.SubmitScoringJob(request, metadata=self._metadata, timeout=DEADLINE_SECONDS)
        return answer.scoring_job

    async def read_job(self, job: ScoringJob) -> ScoringJob:
        """Return a scoring job as it is now."""
        request = GetScoringJobRequest(job_id=job.job_id, application_id=job.application_id, scoring_job_id=job.id)
        with failures_read():
            answer = await self._stub.GetScoringJob(request, metadata=self._metadata, timeout=DEADLINE_SECONDS)
        return answer.scoring_job

    async def read_latest_job(self, job_id: str, application_id: str) -> ScoringJob:
        """Return the scoring job of an application that was submitted last."""
        request = GetLatestScoreRequest(job_id=job_id, application_id=application_id)
        with failures_read():
            answer = await self._stub.GetLatestScore(request, metadata=self._metadata, timeout=DEADLINE_SECONDS)
        return answer.scoring_job
