"""Time that a test moves by hand."""

from __future__ import annotations

import asyncio

from nova_server.ports.clock import Instant, plus_seconds

# 2026-03-01T09:00:00Z
START = Instant(1_772_355_600_000_000)
PATIENCE_SECONDS = 5


class FakeClock:
    """A `Clock` that stands still until `advance`. Whoever sleeps wakes when the time is reached, and not before."""

    def __init__(self) -> None:
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self._someone_fell_asleep = asyncio.Event()

    def now(self) -> Instant:
        return plus_seconds(START, self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._elapsed + seconds, woken))
        self._someone_fell_asleep.set()
        await woken

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass, and wake everyone whose sleep is over."""
        self._elapsed += seconds
        due = [sleeper for sleeper in self._sleepers if sleeper[0] <= self._elapsed]
        self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[0] > self._elapsed]
        for _, woken in due:
            if not woken.done():
                woken.set_result(None)

    async def until_asleep(self, count: int = 1) -> None:
        """Wait until at least `count` tasks sleep, so that `advance` finds them. Raises TimeoutError after 5 s."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while sum(not woken.done() for _, woken in self._sleepers) < count:
                self._someone_fell_asleep.clear()
                await self._someone_fell_asleep.wait()
