"""Jobs a second while somebody else's transaction stays open for a minute, beside those before.

What such a transaction can still see may not be removed. A queue that looks for its next job where the done ones lie
has ever more of them to pass.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import asyncpg
from nova_server.foundation import Foundation

from bench.machine import run_in_loop
from bench.our_queue import OurQueue
from tools.postgresql import PostgresServer

WARM_SECONDS = 15
BEFORE_SECONDS = 20
OPEN_SECONDS = 60
LAST_SECONDS = 20
BACKLOG = 5_000
REFILL = 2_500


class Drain:
    """A queue that never runs dry, and how many of its jobs are done."""

    def __init__(self, queue: OurQueue, base: Foundation) -> None:
        self._queue = queue
        self._base = base
        self.done = 0
        self._enqueued = 0

    def count(self) -> None:
        self.done += 1

    async def fill(self) -> None:
        while True:
            if self._enqueued - self.done < BACKLOG:
                await self._queue.enqueue(self._base, REFILL)
                self._enqueued += REFILL
            await asyncio.sleep(0.01)

    async def rate(self, seconds: float) -> float:
        """Return jobs a second over so many seconds."""
        began, before = time.perf_counter(), self.done
        await asyncio.sleep(seconds)
        return (self.done - before) / (time.perf_counter() - began)


async def measure(folder: Path) -> float:
    """Print both rates, and return their ratio."""
    with PostgresServer(folder / "postgresql", durable=True) as server:
        server.create_database("bench")
        queue = OurQueue()
        await queue.install(server.url("bench"))
        async with queue.connected(server.url("bench")) as base:
            before, during = await _rates(Drain(queue, base), queue, base, server.url("bench"))
    print(
        f"long transaction: {during:,.0f} jobs/s in the last {LAST_SECONDS} of {OPEN_SECONDS} s of an open transaction "
        f"beside {before:,.0f}/s before it = {during / before:.2f}"
    )
    return during / before


async def _rates(drain: Drain, queue: OurQueue, base: Foundation, url: str) -> tuple[float, float]:
    running = [asyncio.create_task(drain.fill()), asyncio.create_task(queue.work(base, drain.count))]
    await drain.rate(WARM_SECONDS)
    before = await drain.rate(BEFORE_SECONDS)
    other = await asyncpg.connect(url)
    async with other.transaction(isolation="repeatable_read"):
        await other.fetchval("SELECT count(*) FROM queue_clock")
        await drain.rate(OPEN_SECONDS - LAST_SECONDS)
        during = await drain.rate(LAST_SECONDS)
    await other.close()
    for task in running:
        task.cancel()
    await asyncio.wait(running)
    return before, during


if __name__ == "__main__":
    run_in_loop(measure)
