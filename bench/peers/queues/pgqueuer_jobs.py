"""PgQueuer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

CONSUMERS = 2  # in a process, each on a connection of its own
CLAIM = 50  # jobs
INSERT = 1_000  # jobs in a call


class PgQueuerJobs:
    """Durable tables, as is the default."""

    unfinished = "SELECT EXISTS (SELECT FROM pgqueuer)"

    async def install(self, url: str) -> None:
        queries = Queries(AsyncpgDriver(await asyncpg.connect(url)))
        await queries.install()
        await queries.optimize_autovacuum()

    @asynccontextmanager
    async def connected(self, url: str) -> AsyncIterator[list[AsyncpgDriver]]:
        yield [AsyncpgDriver(await asyncpg.connect(url)) for _ in range(CONSUMERS)]

    async def enqueue(self, connected: list[AsyncpgDriver], jobs: int) -> None:
        queries = Queries(connected[0])
        for first in range(0, jobs, INSERT):
            numbers = range(first, min(first + INSERT, jobs))
            payloads: list[bytes | None] = [b'{"number": %d}' % number for number in numbers]
            await queries.enqueue(["noop"] * len(numbers), payloads, [0] * len(numbers))

    async def work(self, connected: list[AsyncpgDriver], job_done: Callable[[], None]) -> None:
        async def noop(_job: Job) -> None:
            job_done()

        consumers = [PgQueuer(driver) for driver in connected]
        for consumer in consumers:
            consumer.entrypoint("noop")(noop)
        await asyncio.gather(*(consumer.run(batch_size=CLAIM) for consumer in consumers))
