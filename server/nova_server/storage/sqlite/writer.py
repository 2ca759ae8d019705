"""The writer of a SQLite store: one connection in one thread.

A whole transaction runs in the thread without a word to the event loop. Handing over each of its statements instead, as
the asynchronous driver does, costs four hand-overs a statement, each of which waits for the loop and for the
interpreter's lock just when the service is busiest (`docs/adr/0001-one-thread-writes.md`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection

from nova_server.storage.sqlite.engine import create_writer_engine

Result = TypeVar("Result")


class SqliteWriter:
    """Implements `group_commit.Transactor`."""

    def __init__(self, url: str, busy_timeout_seconds: float) -> None:
        self._engine = create_writer_engine(url, busy_timeout_seconds)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store writer")

    async def transact(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` returns, once it is durable. Raises what it raises, with nothing written."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)

    def _transact(self, work: Callable[[Connection], Result]) -> Result:
        with self._engine.begin() as connection:
            return work(connection)

    async def dispose(self) -> None:
        """Close the connection, after the transaction that is running."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._thread.shutdown()
        self._engine.dispose()
