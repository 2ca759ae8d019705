"""Callers who submit overlapping batches one after another, and remember every answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import grpc
import grpc.aio
from nova.scoring.v1 import scoring_job_pb2
from nova.scoring.v1.scoring_service_pb2 import (
    GetScoringBatchResponse,
    SubmitScoringBatchRequest,
    SubmitScoringBatchResponse,
)

from tests.support.requests import get, text_batch, watch
from tests.support.running_server import Metadata, stub_of
from tests.support.server_log import PATIENCE_SECONDS

if TYPE_CHECKING:
    from nova.scoring.v1.scoring_service_pb2_grpc import ScoringServiceAsyncStub

CALLERS = 6
JOBS = 20
WATCHERS = 50


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A batch that the service promised to score."""

    id: str
    job_id: str
    scoring_job_ids: dict[str, str]  # by application id


class Load:
    """Batches of 2 to 5 applications. Many share an application with an earlier batch of the same job."""

    def __init__(self, seed: int, metadata: Metadata) -> None:
        self._random = Random(seed)
        self._metadata = metadata
        self._arrived = asyncio.Event()
        self._unanswered: list[SubmitScoringBatchRequest] = []
        self._applications = [0] * JOBS
        self.acknowledged: dict[str, Acknowledged] = {}
        self.ended: dict[str, scoring_job_pb2.ScoringJob] = {}  # as each was first seen to have ended, by id

    @asynccontextmanager
    async def sent_to(self, address: str) -> AsyncIterator[None]:
        """Submit and read until the context ends, which must end the server. No answer may be anything but an
        acknowledgement, a batch, or UNAVAILABLE.
        """
        async with grpc.aio.insecure_channel(address) as channel:
            stub = stub_of(channel)
            callers = [asyncio.create_task(self._submit_until_unavailable(stub)) for _ in range(CALLERS)]
            callers.append(asyncio.create_task(self._read_until_unavailable(stub)))
            try:
                yield
            finally:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await asyncio.gather(*callers)

    async def acknowledgements(self, count: int) -> None:
        """Wait until `count` more have arrived."""
        wanted = len(self.acknowledged) + count
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.acknowledged) < wanted:
                self._arrived.clear()
                await self._arrived.wait()

    async def finish(self, address: str) -> list[GetScoringBatchResponse]:
        """Send again what got no answer, wait until every acknowledged batch ended, and return them all."""
        async with grpc.aio.insecure_channel(address) as channel:
            stub = stub_of(channel)
            for request in self._unanswered:
                self._note(request, await stub.SubmitScoringBatch(request, metadata=self._metadata))
            limit = asyncio.Semaphore(WATCHERS)
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await asyncio.gather(*(self._finished(stub, one, limit) for one in self.acknowledged.values()))

    async def _submit_until_unavailable(self, stub: ScoringServiceAsyncStub) -> None:
        while True:
            request = self._unanswered.pop() if self._unanswered else self._new_batch()
            try:
                response = await stub.SubmitScoringBatch(request, metadata=self._metadata)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                self._unanswered.append(request)
                return
            self._note(request, response)

    async def _read_until_unavailable(self, stub: ScoringServiceAsyncStub) -> None:
        await self._arrived.wait()
        while True:
            one = self._random.choice(list(self.acknowledged.values()))
            try:
                await self._read(stub, one)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                return

    async def _read(self, stub: ScoringServiceAsyncStub, one: Acknowledged) -> GetScoringBatchResponse:
        """Return a batch, and check that no job which had ended looks any different now."""
        found = await stub.GetScoringBatch(get(one.job_id, one.id), metadata=self._metadata)
        for job in found.scoring_jobs:
            if job.status != scoring_job_pb2.ScoringJob.PENDING:
                assert self.ended.setdefault(job.id, job) == job
        return found

    async def _finished(
        self, stub: ScoringServiceAsyncStub, one: Acknowledged, limit: asyncio.Semaphore
    ) -> GetScoringBatchResponse:
        async with limit:
            async for _ in stub.WatchScoringBatch(watch(one.job_id, one.id), metadata=self._metadata):
                pass
            return await self._read(stub, one)

    def _note(self, request: SubmitScoringBatchRequest, response: SubmitScoringBatchResponse) -> None:
        applications = [application.application_id for application in request.applications]
        promised = Acknowledged(
            response.batch.id, request.job_id, dict(zip(applications, response.scoring_job_ids, strict=True))
        )
        known = self.acknowledged.setdefault(promised.id, promised)
        assert known.scoring_job_ids == promised.scoring_job_ids
        self._arrived.set()

    def _new_batch(self) -> SubmitScoringBatchRequest:
        """Return a batch of a job's next applications, and often of its last one too."""
        job = self._random.randrange(JOBS)
        first = self._applications[job]
        self._applications[job] += self._random.randint(2, 4)
        overlap = 1 if first and self._random.random() < 0.5 else 0
        return text_batch(f"job-{job}", [f"application-{n}" for n in range(first - overlap, self._applications[job])])
