"""Callers who submit overlapping batches by any door, and send a batch again until it is promised, or once more."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random

from nova.scoring.v1 import resume_pb2, scoring_job_pb2
from nova.scoring.v1.scoring_service_pb2 import GetScoringBatchResponse, SubmitScoringBatchRequest

from tests.crash.chaos.doors import DEADLINE_SECONDS, Door, GrpcDoor, Promise, TryAgain, passing_refusals
from tests.support.requests import get, text_batch, watch
from tests.support.server_log import PATIENCE_SECONDS

CALLERS = 6
JOBS = 20
WATCHERS = 20
OFTEN = 0.3
LONGEST_THOUGHT_SECONDS = 1  # between two batches of one caller, so that the workers keep up
PAUSE_SECONDS = 0.2  # before a request is sent again


class Callers:
    """Batches of 2 to 5 applications, of which many share one with an earlier batch of the same job.

    One resume in three is a document on the site of `resume_url`, for whose loading it is at work for a while.
    `promises` are all that was promised, by the id of the batch. `answers` counts answers by door.
    """

    def __init__(self, random: Random, doors: Sequence[Door], readers: Sequence[GrpcDoor], resume_url: str) -> None:
        self._random = random
        self._resume_url = resume_url
        self._doors = doors
        self._readers = readers
        self._applications = [0] * JOBS
        self._stopping = asyncio.Event()
        self._promised = asyncio.Event()
        self.promises: dict[str, Promise] = {}
        self.answers: Counter[str] = Counter()
        self._ended: dict[str, scoring_job_pb2.ScoringJob] = {}

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """Call until the context ends, and then until the last batch is promised."""
        async with asyncio.TaskGroup() as group:
            for _ in range(CALLERS):
                group.create_task(self._submit_forever())
            group.create_task(self._read_forever())
            yield
            self._stopping.set()

    async def until_promised(self, count: int) -> None:
        """Wait until that many more batches were promised."""
        wanted = len(self.promises) + count
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.promises) < wanted:
                self._promised.clear()
                await self._promised.wait()

    async def finish(self) -> list[GetScoringBatchResponse]:
        """Wait until every promised batch has ended, and return them all."""
        limit = asyncio.Semaphore(WATCHERS)
        return await asyncio.gather(*(self._finished(promise, limit) for promise in self.promises.values()))

    async def _submit_forever(self) -> None:
        while not self._stopping.is_set():
            request = self._new_batch()
            self._note(await self._promise_of(request))
            if self._random.random() < OFTEN:
                self._note(await self._promise_of(request))
                self.answers["repeated"] += 1
            await self._pause(self._random.uniform(0, LONGEST_THOUGHT_SECONDS))

    async def _promise_of(self, request: SubmitScoringBatchRequest) -> Promise:
        while True:
            door = self._random.choice(self._doors)
            try:
                promise = await door.submit(request)
            except TryAgain as reason:
                self.answers[f"{door.name}: {reason}"] += 1
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                self.answers[f"{door.name}: accepted"] += 1
                return promise

    def _note(self, promise: Promise) -> None:
        """Keep a promise, which has to be the one that was made before, if one was."""
        assert self.promises.setdefault(promise.batch_id, promise) == promise
        self._promised.set()

    async def _read_forever(self) -> None:
        while not self._stopping.is_set():
            await self._pause(PAUSE_SECONDS)
            if self.promises:
                await self._read_one(self._random.choice(list(self.promises.values())))

    async def _read_one(self, promise: Promise) -> None:
        door = self._random.choice(self._readers)
        try:
            await self._read(door, promise)
        except TryAgain as reason:
            self.answers[f"{door.name}, reading: {reason}"] += 1
        else:
            self.answers[f"{door.name}, reading: answered"] += 1

    async def _read(self, door: GrpcDoor, promise: Promise) -> GetScoringBatchResponse:
        """Return a batch, and check that no job which had ended looks any different now."""
        question = get(promise.job_id, promise.batch_id)
        async with passing_refusals():
            found = await door.stub.GetScoringBatch(question, metadata=door.metadata, timeout=DEADLINE_SECONDS)
        for job in found.scoring_jobs:
            if job.status != scoring_job_pb2.ScoringJob.PENDING:
                assert self._ended.setdefault(job.id, job) == job
        return found

    async def _finished(self, promise: Promise, limit: asyncio.Semaphore) -> GetScoringBatchResponse:
        async with limit, asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    return await self._watched(self._random.choice(self._readers), promise)
                except TryAgain:
                    await asyncio.sleep(PAUSE_SECONDS)

    async def _watched(self, door: GrpcDoor, promise: Promise) -> GetScoringBatchResponse:
        async with passing_refusals():
            changes = door.stub.WatchScoringBatch(watch(promise.job_id, promise.batch_id), metadata=door.metadata)
            async for _ in changes:
                pass
        return await self._read(door, promise)

    async def _pause(self, seconds: float) -> None:
        """Do nothing for a while, but not after the end."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    def _new_batch(self) -> SubmitScoringBatchRequest:
        """Return a batch of a job's next applications, and often of its last one too."""
        job = self._random.randrange(JOBS)
        first = self._applications[job]
        self._applications[job] += self._random.randint(2, 4)
        overlap = 1 if first and self._random.random() < 0.5 else 0
        numbers = range(first - overlap, self._applications[job])
        request = text_batch(f"job-{job}", [f"application-{number}" for number in numbers])
        for number, application in zip(numbers, request.applications, strict=True):
            if number % 3 == 0:
                url = f"{self._resume_url}/{job}/{number}"
                application.resume.CopyFrom(resume_pb2.Resume(type=resume_pb2.Resume.URL, url=url))
        return request
