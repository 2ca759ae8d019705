"""Rescues jobs whose worker went silent, and measures the queue."""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog

from nova_server.errors import NovaError
from nova_server.observability.background import run_in_background
from nova_server.ports.clock import MICROSECONDS, Clock, Instant
from nova_server.ports.queue import Failed, JobQueue, QueueDepth, Sweep, Swept

log = structlog.get_logger(__name__)

MISSED_SWEEPS = 3  # after so many failures in a row the sweeper is not healthy
_END_OF_TIME = Instant(2**63 - 1)


class SweeperMetrics(Protocol):
    """What a sweeper reports."""

    def leases_swept(self, swept: Swept) -> None:
        """Jobs were rescued."""
        ...

    def queue_measured(self, depth: QueueDepth, oldest_age_seconds: float) -> None:
        """The queue was measured."""
        ...


class Sweeper:
    """Looks for ended leases in a fixed interval."""

    def __init__(
        self,
        queue: JobQueue,
        clock: Clock,
        metrics: SweeperMetrics,
        *,
        interval_seconds: float,
        max_starts: int,
        stuck: Failed,
        sole_process: bool = False,
        name: str = "sweeper",
    ) -> None:
        self.name = name
        self._queue = queue
        self._clock = clock
        self._metrics = metrics
        self._interval_seconds = interval_seconds
        self._max_starts = max_starts
        self._stuck = stuck
        self._sole_process = sole_process
        self._failures = 0
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to sweep. Must come before the worker claims.

        The sole process of a store finds only jobs that a killed one left behind, and puts them back at once.
        """
        if self._sole_process:
            await self._sweep(_END_OF_TIME)
        self._loop = run_in_background(self._run(), self.name)

    def ready(self) -> bool:
        return self._loop is not None and not self._loop.done()

    def healthy(self) -> bool:
        """Tell whether sweeps succeed. While they do not, the part lives but the queue cannot be relied on."""
        return self.ready() and self._failures < MISSED_SWEEPS

    async def stop(self) -> None:
        if self._loop:
            self._loop.cancel()
            await asyncio.wait([self._loop])

    async def _run(self) -> None:
        while True:
            await self._clock.sleep(self._interval_seconds)
            try:
                await self._sweep(self._clock.now())
                await self._measure()
                self._failures = 0
            except NovaError:
                self._failures += 1
                log.warning("sweep_failed", sweeper=self.name)

    async def _sweep(self, expired_before: Instant) -> None:
        swept = await self._queue.sweep(Sweep(self._clock.now(), expired_before, self._max_starts, self._stuck))
        if swept.requeued or swept.failed:
            log.warning("leases_swept", sweeper=self.name, requeued=swept.requeued, failed=swept.failed)
            self._metrics.leases_swept(swept)

    async def _measure(self) -> None:
        depth = await self._queue.depth()
        oldest = depth.oldest_queued_at
        age = 0.0 if oldest is None else (self._clock.now() - oldest) / MICROSECONDS
        self._metrics.queue_measured(depth, max(age, 0.0))
