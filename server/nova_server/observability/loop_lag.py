"""Measures how late the event loop wakes: the first sign that something blocks it."""

from __future__ import annotations

import asyncio

from prometheus_client import Histogram

from nova_server.observability.background import run_in_background
from nova_server.ports.clock import Clock

INTERVAL_SECONDS = 0.5


class LoopLagMonitor:
    """A `Service` that sleeps again and again, and notes by how much each sleep was too long, in seconds."""

    name = "loop_lag"

    def __init__(self, clock: Clock, lag_seconds: Histogram) -> None:
        self._clock = clock
        self._lag_seconds = lag_seconds
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to measure."""
        self._task = run_in_background(self._measure(), self.name)

    def ready(self) -> bool:
        """Tell whether lag is being measured."""
        return self._task is not None and not self._task.done()

    async def stop(self) -> None:
        """Stop measuring."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _measure(self) -> None:
        while True:
            asleep = self._clock.monotonic()
            await self._clock.sleep(INTERVAL_SECONDS)
            self._lag_seconds.observe(max(0.0, self._clock.monotonic() - asleep - INTERVAL_SECONDS))
