"""Procrastinate."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from procrastinate import App, PsycopgConnector
from procrastinate.types import JSONDict
from psycopg import AsyncConnection

CONCURRENCY = 10  # jobs at once in a process
INSERT = 1_000  # jobs in a call


class ProcrastinateJobs:
    """One asynchronous worker in a process."""

    unfinished = "SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing'))"

    async def install(self, url: str) -> None:
        async with App(connector=PsycopgConnector(conninfo=url)).open_async() as app:
            await app.schema_manager.apply_schema_async()

    @asynccontextmanager
    async def connected(self, url: str) -> AsyncIterator[App]:
        connector = PsycopgConnector(
            conninfo=url, min_size=CONCURRENCY, max_size=CONCURRENCY, configure=_commit_each_statement
        )
        async with App(connector=connector).open_async() as app:
            yield app

    async def enqueue(self, connected: App, jobs: int) -> None:
        task = connected.configure_task("noop")
        for first in range(0, jobs, INSERT):
            numbers = range(first, min(first + INSERT, jobs))
            payloads: list[JSONDict] = [{"number": number} for number in numbers]
            await task.batch_defer_async(*payloads)

    async def work(self, connected: App, job_done: Callable[[], None]) -> None:
        @connected.task(name="noop")
        async def noop(number: int) -> None:  # noqa: ARG001 - the payload
            job_done()

        await connected.run_worker_async(
            concurrency=CONCURRENCY, install_signal_handlers=False, delete_jobs="successful"
        )


async def _commit_each_statement(connection: AsyncConnection) -> None:
    """Save the two round trips that open and end a transaction around every single statement."""
    await connection.set_autocommit(True)
