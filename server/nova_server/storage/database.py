"""The store as a long-lived part: its connections, its schema and its writer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, text

from nova_server.storage.engine import create_reader_engine
from nova_server.storage.faults import store_faults
from nova_server.storage.group_commit import GroupCommit
from nova_server.storage.migrate import upgrade
from nova_server.storage.sqlite_writer import SqliteWriter

Result = TypeVar("Result")

_CHECK = text("SELECT virtual_time FROM queue_clock")


class Database:
    """Owns the connections. `writer` is the only way to write, `read` the only way to read."""

    name = "store"

    def __init__(
        self, url: str, busy_timeout_seconds: float = 5, on_group: Callable[[int], None] = lambda _size: None
    ) -> None:
        self._transactor = SqliteWriter(url, busy_timeout_seconds)
        self._readers = create_reader_engine(url, busy_timeout_seconds)
        self.writer = GroupCommit(self._transactor, on_group)

    async def start(self) -> None:
        """Bring the schema up to date and start the writer. Raises StoreUnavailable."""
        await self.migrate()
        await self.writer.start()

    async def migrate(self) -> None:
        """Apply the migrations that are missing, in one transaction. Raises StoreUnavailable."""
        with store_faults():
            await self._transactor.transact(upgrade)

    def ready(self) -> bool:
        return self.writer.ready()

    async def check(self) -> None:
        """Raise StoreUnavailable unless the store can be read."""
        await self.read(lambda connection: connection.execute(_CHECK).scalar_one())

    async def stop(self) -> None:
        await self.writer.stop()
        await self._readers.dispose()
        await self._transactor.dispose()

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` reads, all of it from one commit. Raises StoreUnavailable."""
        with store_faults():
            async with self._readers.connect() as connection:
                return await connection.run_sync(work)
