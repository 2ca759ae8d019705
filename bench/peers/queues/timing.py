"""Times a queue: everything is enqueued, then everything is worked off, by so many processes at once.

A job counts as worked off once the database says so, not once its handler ran: queues that complete jobs in the
background are not timed as if they had done so at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Barrier
from typing import Any, Protocol

import asyncpg
import uvloop

# How long anything may take before the run is given up, in seconds.
LIMIT = 900
# How often is looked whether all is done, in seconds.
GLANCE = 0.005


class QueuePeer(Protocol):
    """A queue to be timed. What `connected` yields is handed to `enqueue` and `work` of the same process."""

    unfinished: str  # a statement that says whether a job is left

    async def install(self, url: str) -> None:
        """Make the tables in an empty database."""

    def connected(self, url: str) -> AbstractAsyncContextManager[Any]:
        """Yield what the process keeps open, before the clock runs."""

    async def enqueue(self, connected: Any, jobs: int) -> None:
        """Enqueue so many jobs, durably."""

    async def work(self, connected: Any, job_done: Callable[[], None]) -> None:
        """Work, and call `job_done` from every job. May go on for ever: the process is killed."""


def measure(peer: QueuePeer, url: str, jobs: int, processes: int) -> tuple[float, float]:
    """Return the seconds that enqueuing took and those that working took."""
    context = get_context("spawn")
    gate = context.Barrier(processes + 1)
    counts = [context.Value("q", 0, lock=False) for _ in range(processes)]
    shares = [len(range(number, jobs, processes)) for number in range(processes)]
    workers = [
        context.Process(target=_run, args=(peer, url, share, gate, count), daemon=True)
        for share, count in zip(shares, counts, strict=True)
    ]
    for worker in workers:
        worker.start()
    try:
        gate.wait(LIMIT)  # all are connected
        began = time.perf_counter()
        gate.wait(LIMIT)  # all have enqueued
        enqueuing = time.perf_counter() - began
        uvloop.run(_analyze(url))
        gate.wait(LIMIT)  # all begin to work
        began = time.perf_counter()
        uvloop.run(_wait_until_done(peer, url, jobs, counts, workers))
        return enqueuing, time.perf_counter() - began
    finally:
        for worker in workers:
            worker.kill()


async def _analyze(url: str) -> None:
    """Let the planner know the tables, as it would in a database that has been used for a minute."""
    connection = await asyncpg.connect(url)
    await connection.execute("ANALYZE")
    await connection.close()


async def _wait_until_done(
    peer: QueuePeer, url: str, jobs: int, counts: list[Synchronized[int]], workers: list[SpawnProcess]
) -> None:
    """Return once every job is completed. The database is not bothered before every handler ran."""
    connection = await asyncpg.connect(url)
    async with asyncio.timeout(LIMIT):
        while sum(count.value for count in counts) < jobs:
            assert all(worker.is_alive() for worker in workers), "a worker died"
            await asyncio.sleep(GLANCE)
        while await connection.fetchval(peer.unfinished):  # noqa: ASYNC110 - nothing tells when another process is done
            await asyncio.sleep(GLANCE)
    await connection.close()


def _run(peer: QueuePeer, url: str, jobs: int, gate: Barrier, count: Synchronized[int]) -> None:
    uvloop.run(_enqueue_and_work(peer, url, jobs, gate, count))


async def _enqueue_and_work(peer: QueuePeer, url: str, jobs: int, gate: Barrier, count: Synchronized[int]) -> None:
    def job_done() -> None:
        count.value += 1

    async with peer.connected(url) as connected:
        gate.wait(LIMIT)
        await peer.enqueue(connected, jobs)
        gate.wait(LIMIT)
        gate.wait(LIMIT)
        await peer.work(connected, job_done)
