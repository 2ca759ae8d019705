"""A store in a SQLite file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from nova_server.storage.group_commit import GroupCommit
from nova_server.storage.options import StoreOptions
from nova_server.storage.sqlite.engine import create_reader_engine
from nova_server.storage.sqlite.writer import SqliteWriter

Result = TypeVar("Result")


class SqliteBackend:
    """Implements `database.Backend`: one connection that writes, a few that read."""

    def __init__(self, url: str, options: StoreOptions) -> None:
        self._transactor = SqliteWriter(url, options.busy_timeout_seconds)
        self._readers = create_reader_engine(url, options.busy_timeout_seconds)
        self.writer = GroupCommit(self._transactor, options.on_group)

    async def migrate(self, upgrade: Callable[[Connection], None]) -> None:
        await self._transactor.transact(upgrade)

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        async with self._readers.connect() as connection:
            return await connection.run_sync(work)

    async def dispose(self) -> None:
        await self._readers.dispose()
        await self._transactor.dispose()
