"""A store on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from nova_server.storage.dialects import dialect_of
from nova_server.storage.options import StoreOptions
from nova_server.storage.postgresql.engine import create_engine, in_use
from nova_server.storage.postgresql.lanes import Lanes
from nova_server.storage.postgresql.transactions import Transactions, begin

Result = TypeVar("Result")

_MIGRATION = "migration"


class PostgresqlBackend:
    """Implements `database.Backend`: a pool of connections that write, and one of those that read."""

    def __init__(self, url: str, options: StoreOptions) -> None:
        writers = create_engine(url, options, options.write_connections)
        readers = create_engine(url, options, options.read_connections)
        self._migrators = create_engine(url, options, 1, limited=False)  # may have much to do, or long to wait
        self._engines = (writers, readers, self._migrators)
        options.on_pool("write", options.write_connections, in_use(writers))
        options.on_pool("read", options.read_connections, in_use(readers))
        self._writes = Transactions(writers, begin("READ COMMITTED", options), options.on_retry)
        self._reads = Transactions(readers, begin("REPEATABLE READ READ ONLY", options), options.on_retry)
        self._migrations = Transactions(self._migrators, "BEGIN", options.on_retry)
        self.writer = Lanes(self._writes, options.on_group)

    async def migrate(self, upgrade: Callable[[Connection], None]) -> None:
        def alone(connection: Connection) -> None:
            dialect_of(connection).serialize(connection, _MIGRATION)
            upgrade(connection)

        await self._migrations.transact(alone)
        await self._migrators.dispose()  # the connection is not needed again

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        return await self._reads.transact(work)

    async def dispose(self) -> None:
        for engine in self._engines:
            await engine.dispose()
