"""Claims jobs, runs them, and writes how they ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import SystemRandom
from typing import Protocol

import structlog

from nova_server.errors import NovaError, ServiceUnavailable
from nova_server.observability.background import run_in_background
from nova_server.ports.clock import Clock, plus_seconds
from nova_server.ports.queue import (
    Claim,
    Completion,
    Extension,
    Failed,
    JobQueue,
    Lease,
    Outcome,
    Postpone,
    Requeue,
    Retry,
    Succeeded,
)
from nova_server.queue.retry import backoff_seconds

uniform = SystemRandom().random
log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0  # how long a job that nobody announced, such as a retry that is due, may go unnoticed
STORE_RETRY_SECONDS = 1.0

Handler = Callable[[Lease], Awaitable[Outcome]]


class WorkerMetrics(Protocol):
    """What a worker reports."""

    def job_finished(self, outcome: str) -> None:
        """A job ended, with the name of an error or `completed`."""
        ...

    def job_retried(self) -> None:
        """A job was put back because of a passing fault."""
        ...

    def lease_lost(self) -> None:
        """A job turned out to be somebody else's by now."""
        ...


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How a worker works."""

    owner: str
    concurrency: int
    group_limit: int
    lease_seconds: float
    heartbeat_seconds: float
    max_starts: int
    grace_seconds: float
    exhausted: Failed


class Worker:
    """Runs up to `concurrency` jobs at once, each under a lease that a heartbeat renews."""

    def __init__(
        self,
        queue: JobQueue,
        handler: Handler,
        options: WorkerOptions,
        clock: Clock,
        wake: asyncio.Event,
        metrics: WorkerMetrics,
        random: Callable[[], float] = uniform,
        name: str = "worker",
    ) -> None:
        self.name = name
        self._queue = queue
        self._handler = handler
        self._options = options
        self._clock = clock
        self._wake = wake
        self._metrics = metrics
        self._random = random
        self._running: dict[Lease, asyncio.Task[None]] = {}
        self._writing: set[Lease] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self) -> None:
        self._loops = [
            run_in_background(self._claim_forever(), f"{self.name} claims"),
            run_in_background(self._renew_forever(), f"{self.name} heartbeat"),
        ]

    def ready(self) -> bool:
        return bool(self._loops) and not any(loop.done() for loop in self._loops)

    async def stop(self) -> None:
        """Claim no more, give running jobs the grace to end, and let go of the rest with their start given back."""
        self._stopping = True
        self._wake.set()
        if not self._loops:
            return
        claims, heartbeat = self._loops
        await asyncio.wait([claims])
        if self._running:
            await asyncio.wait(self._running.values(), timeout=self._options.grace_seconds)
        await self._release()
        heartbeat.cancel()
        await asyncio.wait([heartbeat])

    async def _claim_forever(self) -> None:
        while not self._stopping:
            self._wake.clear()
            if not await self._claim():
                await self._rest()

    async def _claim(self) -> bool:
        """Start as many jobs as there are places. Returns whether it is worth looking again at once."""
        free = self._options.concurrency - len(self._running)
        if free <= 0:
            return False
        now = self._clock.now()
        claim = Claim(
            free, self._options.owner, now, plus_seconds(now, self._options.lease_seconds), self._options.group_limit
        )
        try:
            leases = await self._queue.claim(claim)
        except NovaError:
            log.warning("claim_failed")
            return False
        for lease in leases:
            self._running[lease] = asyncio.create_task(self._run(lease), name=f"{self.name} job")
        return len(leases) == free

    async def _rest(self) -> None:
        """Wait for a sign of work: a submission, a free place, or the end of the poll interval."""
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _run(self, lease: Lease) -> None:
        try:
            outcome = await self._work(lease)
            self._writing.add(lease)
            await self._write(lease, outcome)
        except Exception as error:
            # Nothing more can be done for the job here. Its lease ends, and the sweeper counts the start.
            log.error("outcome_refused", job_id=lease.job_id, error=type(error).__name__)
        finally:
            self._writing.discard(lease)
            del self._running[lease]
            self._wake.set()

    async def _work(self, lease: Lease) -> Outcome:
        try:
            return await self._handler(lease)
        except ServiceUnavailable:
            return Postpone(POLL_SECONDS)
        except Exception as error:
            # The text of the error may hold words of a resume, so only its kind is told.
            log.error("job_crashed", job_id=lease.job_id, error=type(error).__name__)
            return Retry(self._options.exhausted)

    async def _write(self, lease: Lease, outcome: Outcome) -> None:
        """Write the outcome, however long the store is away. The attempt fences it off once the lease is lost."""
        while True:
            try:
                await self._write_once(lease, outcome)
                return
            except ServiceUnavailable:
                log.warning("outcome_not_written", job_id=lease.job_id)
                await self._clock.sleep(STORE_RETRY_SECONDS)

    async def _write_once(self, lease: Lease, outcome: Outcome) -> None:
        match outcome:
            case Succeeded() | Failed():
                await self._complete(lease, outcome)
            case Retry(failure) if lease.starts >= self._options.max_starts:
                await self._complete(lease, failure)
            case Retry(_, seconds, note):
                wait = backoff_seconds(lease.starts, self._random) if seconds is None else seconds
                await self._requeue(lease, wait, give_back_start=False, note=note)
                self._metrics.job_retried()
            case Postpone(seconds):
                await self._requeue(lease, seconds, give_back_start=True)

    async def _complete(self, lease: Lease, outcome: Succeeded | Failed) -> None:
        if await self._queue.complete(Completion(lease.job_id, lease.attempt, outcome)):
            self._metrics.job_finished(outcome.code if isinstance(outcome, Failed) else "completed")
        else:
            self._lose(lease)

    async def _requeue(self, lease: Lease, seconds: float, *, give_back_start: bool, note: object = None) -> None:
        available_at = plus_seconds(self._clock.now(), seconds)
        if not await self._queue.requeue(Requeue(lease.job_id, lease.attempt, available_at, give_back_start, note)):
            self._lose(lease)

    def _lose(self, lease: Lease) -> None:
        self._metrics.lease_lost()
        log.warning("lease_lost", job_id=lease.job_id)

    async def _renew_forever(self) -> None:
        while True:
            await self._clock.sleep(self._options.heartbeat_seconds)
            if self._running:
                await self._renew()

    async def _renew(self) -> None:
        """Renew every lease, and stop the jobs of those that are lost.

        A job of which the end is being written is left alone: its lease may be gone because it has just ended.
        """
        expires_at = plus_seconds(self._clock.now(), self._options.lease_seconds)
        try:
            lost = await self._queue.extend(Extension(tuple(self._running), expires_at))
        except NovaError:
            log.warning("heartbeat_failed")
            return
        for lease in lost:
            task = self._running.get(lease)
            if task and lease not in self._writing:
                self._lose(lease)
                task.cancel()

    async def _release(self) -> None:
        """Stop the jobs that outlived the grace, and return them to the queue."""
        tasks = dict(self._running)
        for task in tasks.values():
            task.cancel()
        if tasks:
            await asyncio.wait(tasks.values())
        # All at once, so that a store that is away is waited for once and not for every job.
        await asyncio.gather(*(self._let_go(lease) for lease in tasks))

    async def _let_go(self, lease: Lease) -> None:
        """Return a job to the queue. A refusal is no loss: the job's end may have been written a moment ago."""
        try:
            await self._queue.requeue(Requeue(lease.job_id, lease.attempt, self._clock.now(), give_back_start=True))
        except NovaError:
            log.warning("release_failed", job_id=lease.job_id)
