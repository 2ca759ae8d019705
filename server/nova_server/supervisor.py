"""Starts the parts of a process, notices when one dies, and stops them in order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from nova_server.ports.clock import Clock
from nova_server.ports.lifecycle import Service

log = structlog.get_logger(__name__)

WATCH_SECONDS = 1.0


class Supervisor:
    """Owns the life of every part. `stages` are started in order, and stopped in the opposite one.

    The parts of one stage are stopped together, because the grace of a shutdown is given to all of them at once.
    """

    def __init__(self, stages: Sequence[Sequence[Service]], clock: Clock) -> None:
        self._stages = stages
        self._clock = clock
        self._started: list[list[Service]] = []
        self._complete = False

    async def start(self) -> None:
        """Start every part. When one cannot start, those before it are stopped again."""
        try:
            for stage in self._stages:
                self._started.append([])
                for part in stage:
                    self._started[-1].append(part)
                    await part.start()
        except BaseException:
            await self.stop()
            raise
        self._complete = True

    def ready(self) -> bool:
        """Tell whether every part was started, does its work, and is not being stopped."""
        return self._complete and self._dead() is None

    async def wait_for_death(self) -> str:
        """Return the name of the first part that no longer does its work."""
        while True:
            dead = self._dead()
            if dead is not None:
                return dead.name
            await self._clock.sleep(WATCH_SECONDS)

    async def stop(self) -> None:
        """Stop every part that was started. A part that fails to stop does not keep the others from it."""
        self._complete = False
        for stage in reversed(self._started):
            results = await asyncio.gather(*(part.stop() for part in stage), return_exceptions=True)
            for part, result in zip(stage, results, strict=True):
                if isinstance(result, BaseException):
                    log.error("stop_failed", part=part.name, error=type(result).__name__)
        self._started = []

    def _dead(self) -> Service | None:
        """Return the first part that was started and does not do its work."""
        return next((part for stage in self._started for part in stage if not part.ready()), None)
