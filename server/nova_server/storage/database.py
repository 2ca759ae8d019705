"""The store as a long-lived part: its connections, its schema and its writer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from nova_server.storage.engine import create_reader_engine, create_writer_engine
from nova_server.storage.faults import store_faults
from nova_server.storage.group_commit import GroupCommit
from nova_server.storage.migrate import upgrade


class Database:
    """Owns the engines. `writer` is the only way to write, `read` the only way to read."""

    name = "store"

    def __init__(
        self, url: str, busy_timeout_seconds: float = 5, on_group: Callable[[int], None] = lambda _size: None
    ) -> None:
        self._writer_engine = create_writer_engine(url, busy_timeout_seconds)
        self._reader_engine = create_reader_engine(url, busy_timeout_seconds)
        self.writer = GroupCommit(self._writer_engine, on_group)

    async def start(self) -> None:
        """Bring the schema up to date and start the writer. Raises StoreUnavailable."""
        await self.migrate()
        await self.writer.start()

    async def migrate(self) -> None:
        """Apply the migrations that are missing, in one transaction."""
        with store_faults():
            async with self._writer_engine.begin() as connection:
                await connection.run_sync(upgrade)

    def ready(self) -> bool:
        return self.writer.ready()

    async def check(self) -> None:
        """Raise StoreUnavailable unless the store can be read."""
        async with self.read() as connection:
            await connection.execute(text("SELECT virtual_time FROM queue_clock"))

    async def stop(self) -> None:
        await self.writer.stop()
        await self._reader_engine.dispose()
        await self._writer_engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection that sees one commit. Raises StoreUnavailable."""
        with store_faults():
            async with self._reader_engine.connect() as connection:
                yield connection
