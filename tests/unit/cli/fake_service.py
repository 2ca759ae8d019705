"""The service on a real socket. It answers what a test tells it to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc.aio
from google.rpc.status_pb2 import Status
from nova.criteria.v1.criteria_service_pb2_grpc import add_CriteriaServiceServicer_to_server
from nova.errors.v1 import error_reason_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova.scoring.v1 import scoring_service_pb2 as messages
from nova.scoring.v1.assessment_pb2 import Assessment
from nova.scoring.v1.scoring_batch_pb2 import ScoringBatch
from nova.scoring.v1.scoring_job_pb2 import ScoringJob
from nova.scoring.v1.scoring_service_pb2_grpc import ScoringServiceServicer, add_ScoringServiceServicer_to_server
from nova_server.errors import CATALOGUE

from tests.unit.cli.fake_criteria import FakeCriteria
from tests.unit.cli.refusals import Context, refusal, refuse


class BrokenStream(Exception):
    """Told to the fake instead of a message: ends the stream as a dying server does."""


Change = messages.WatchScoringBatchResponse | BrokenStream | Status


class FakeScoring(ScoringServiceServicer):
    """Records what it is asked.

    Every batch is scored at once unless `streams` or `refusal` say otherwise, and every single job is scored when it is
    read for the first time unless `accepted` or `reads` do.
    """

    def __init__(self) -> None:
        self.submissions: list[messages.SubmitScoringBatchRequest] = []
        self.metadata: list[dict[str, str | bytes]] = []
        self.refusal: Status | None = None
        self.passing_refusals: list[Status] = []
        self.streams: list[Sequence[Change]] = []
        self.watches = 0
        self.before_scoring: Callable[[], Awaitable[None]] | None = None
        self.batches: dict[str, list[ScoringJob]] = {}
        self.job_submissions: list[messages.SubmitScoringJobRequest] = []
        self.job_reads: list[messages.GetScoringJobRequest] = []
        self.latest_reads: list[messages.GetLatestScoreRequest] = []
        self.accepted: ScoringJob | None = None
        self.latest: ScoringJob | None = None
        self.latest_refusal = refusal(error_reason_pb2.APPLICATION_NOT_FOUND)
        self.reads: list[ScoringJob | Status] = []

    async def SubmitScoringBatch(  # noqa: N802 (the contract's name)
        self, request: messages.SubmitScoringBatchRequest, context: Context
    ) -> messages.SubmitScoringBatchResponse:
        self.metadata.append(dict(context.invocation_metadata() or ()))
        self.submissions.append(request)
        await self._refuse_as_told(context)
        jobs = [scored(application.application_id) for application in request.applications]
        batch_id = f"batch-{len(self.submissions)}"
        self.batches.setdefault(batch_id, jobs)
        return messages.SubmitScoringBatchResponse(batch=batch_of(batch_id, jobs), scoring_job_ids=[j.id for j in jobs])

    async def GetScoringBatch(  # noqa: N802 (the contract's name)
        self, request: messages.GetScoringBatchRequest, context: Context
    ) -> messages.GetScoringBatchResponse:
        if request.scoring_batch_id not in self.batches:
            await refuse(context, refusal(error_reason_pb2.BATCH_NOT_FOUND))
        jobs = self.batches[request.scoring_batch_id]
        return messages.GetScoringBatchResponse(batch=batch_of(request.scoring_batch_id, jobs), scoring_jobs=jobs)

    async def WatchScoringBatch(  # noqa: N802 (the contract's name)
        self, request: messages.WatchScoringBatchRequest, context: Context
    ) -> AsyncIterator[messages.WatchScoringBatchResponse]:
        self.watches += 1
        self.metadata.append(dict(context.invocation_metadata() or ()))
        if self.before_scoring is not None:
            await self.before_scoring()
        for change in self.streams.pop(0) if self.streams else [self._finished(request.scoring_batch_id)]:
            if isinstance(change, messages.WatchScoringBatchResponse):
                yield change
            else:
                await _break_off(context, change)

    def _finished(self, batch_id: str) -> messages.WatchScoringBatchResponse:
        return change_of(batch_id, self.batches[batch_id])

    async def SubmitScoringJob(  # noqa: N802 (the contract's name)
        self, request: messages.SubmitScoringJobRequest, context: Context
    ) -> messages.SubmitScoringJobResponse:
        self.metadata.append(dict(context.invocation_metadata() or ()))
        self.job_submissions.append(request)
        await self._refuse_as_told(context)
        return messages.SubmitScoringJobResponse(scoring_job=self.accepted or pending(request.application_id))

    async def GetScoringJob(  # noqa: N802 (the contract's name)
        self, request: messages.GetScoringJobRequest, context: Context
    ) -> messages.GetScoringJobResponse:
        self.job_reads.append(request)
        if self.before_scoring is not None:
            await self.before_scoring()
        answer = self.reads.pop(0) if self.reads else scored(request.application_id)
        if isinstance(answer, Status):
            await refuse(context, answer)
        return messages.GetScoringJobResponse(scoring_job=answer)

    async def GetLatestScore(  # noqa: N802 (the contract's name)
        self, request: messages.GetLatestScoreRequest, context: Context
    ) -> messages.GetLatestScoreResponse:
        self.latest_reads.append(request)
        if self.latest is None:
            await refuse(context, self.latest_refusal)
        return messages.GetLatestScoreResponse(scoring_job=self.latest)

    async def _refuse_as_told(self, context: Context) -> None:
        if self.refusal is not None:
            await refuse(context, self.refusal)
        if self.passing_refusals:
            await refuse(context, self.passing_refusals.pop())


async def _break_off(context: Context, end: BrokenStream | Status) -> None:
    if isinstance(end, Status):
        await refuse(context, end)
    await context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")


def scored(application_id: str, score: int = 7, verdict: str = "A good fit.") -> ScoringJob:
    """Return a completed job."""
    job = _job(application_id, ScoringJob.COMPLETED)
    job.score = score
    job.assessment.CopyFrom(Assessment(verdict=verdict, strengths=["Python"]))
    return job


def failed(application_id: str, code: ErrorReason.ValueType) -> ScoringJob:
    """Return a failed job."""
    job = _job(application_id, ScoringJob.FAILED)
    job.error_code, job.error_message = code, CATALOGUE[code].message
    return job


def pending(application_id: str) -> ScoringJob:
    """Return a job that waits."""
    return _job(application_id, ScoringJob.PENDING)


def _job(application_id: str, status: ScoringJob.Status.ValueType) -> ScoringJob:
    return ScoringJob(id=f"job-of-{application_id}", job_id="backend", application_id=application_id, status=status)


def batch_of(batch_id: str, jobs: Sequence[ScoringJob]) -> ScoringBatch:
    """Return the batch that counts `jobs`."""
    counts = {status: sum(job.status == status for job in jobs) for status in ScoringJob.Status.values()}
    batch = ScoringBatch(id=batch_id, job_id="backend", total_jobs=len(jobs), status=ScoringBatch.PENDING)
    batch.completed_jobs = counts[ScoringJob.COMPLETED]
    batch.failed_jobs = counts[ScoringJob.FAILED]
    if not counts[ScoringJob.PENDING]:
        batch.status = ScoringBatch.FAILED if batch.failed_jobs else ScoringBatch.COMPLETED
        batch.completed_at.FromJsonString("2026-01-02T03:04:05Z")
    return batch


def change_of(batch_id: str, jobs: Sequence[ScoringJob]) -> messages.WatchScoringBatchResponse:
    """Return the message of a watch stream that tells about `jobs`."""
    return messages.WatchScoringBatchResponse(batch=batch_of(batch_id, jobs), scoring_jobs=jobs)


@dataclass(frozen=True, slots=True)
class RunningService:
    """A fake that listens."""

    fake: FakeScoring
    criteria: FakeCriteria
    address: str


@asynccontextmanager
async def running_service() -> AsyncIterator[RunningService]:
    """Serve a fake on a free port."""
    server = grpc.aio.server()
    fake, criteria = FakeScoring(), FakeCriteria()
    add_ScoringServiceServicer_to_server(fake, server)
    add_CriteriaServiceServicer_to_server(criteria, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield RunningService(fake, criteria, f"127.0.0.1:{port}")
    finally:
        await server.stop(grace=None)
