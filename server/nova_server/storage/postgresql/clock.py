"""One time for all machines: that of the server.

Leases are given, renewed and ended by different machines. With a clock of its own each would see them end at another
time, and one that is far off would take jobs away from those at work.
"""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy import text

from nova_server.errors import NovaError
from nova_server.observability.background import run_in_background
from nova_server.ports.clock import MICROSECONDS, Clock, Instant
from nova_server.storage.database import Database

log = structlog.get_logger(__name__)

MEASURE_SECONDS = 30.0
_NOW = text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)")


class ServerClock:
    """Implements `Clock`: the clock of this machine, set right by the server's. A `Service`, which keeps it right."""

    name = "clock"

    def __init__(self, clock: Clock, database: Database) -> None:
        self._clock = clock
        self._database = database
        self._offset = 0
        self._measuring: asyncio.Task[None] | None = None

    def offset_seconds(self) -> float:
        """Return how far the server's clock was ahead of this machine's when that was last measured."""
        return self._offset / MICROSECONDS

    def now(self) -> Instant:
        return Instant(self._clock.now() + self._offset)

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    async def start(self) -> None:
        """Set the clock. Raises StoreUnavailable."""
        await self.measure()
        self._measuring = run_in_background(self._measure_forever(), self.name)

    def ready(self) -> bool:
        return self._measuring is not None and not self._measuring.done()

    async def stop(self) -> None:
        measuring, self._measuring = self._measuring, None
        if measuring is not None:
            measuring.cancel()
            await asyncio.wait([measuring])

    async def measure(self) -> None:
        """Set the clock by the server's, as exactly as half the time of the question. Raises StoreUnavailable."""
        asked = self._clock.now()
        server = await self._database.read(lambda connection: connection.execute(_NOW).scalar_one())
        self._offset = server - (asked + self._clock.now()) // 2

    async def _measure_forever(self) -> None:
        while True:
            await self._clock.sleep(MEASURE_SECONDS)
            try:
                await self.measure()
            except NovaError:
                log.warning("clock_not_set")
