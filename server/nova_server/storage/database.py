"""The store as a long-lived part: its connections, its schema and its writer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection, text

from nova_server.storage.faults import store_faults
from nova_server.storage.options import StoreOptions
from nova_server.storage.postgresql.backend import PostgresqlBackend
from nova_server.storage.revision import is_current
from nova_server.storage.sqlite.backend import SqliteBackend
from nova_server.storage.writer import Writer

Result = TypeVar("Result")

_CHECK = text("SELECT virtual_time FROM queue_clock")


class Backend(Protocol):
    """The connections to one kind of store."""

    @property
    def writer(self) -> Writer:
        """The only way to write."""
        ...

    async def migrate(self, upgrade: Callable[[Connection], None]) -> None:
        """Run a migration, in one transaction that nobody else runs one beside."""
        ...

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` reads, all of it from one commit."""
        ...

    async def dispose(self) -> None:
        """Close every connection."""
        ...


class Database:
    """Owns the connections. `writer` is the only way to write, `read` the only way to read."""

    name = "store"

    def __init__(self, url: str, options: StoreOptions | None = None) -> None:
        backend = SqliteBackend if url.startswith("sqlite") else PostgresqlBackend
        self._backend: Backend = backend(url, options or StoreOptions())
        self.writer: Writer = self._backend.writer

    async def start(self) -> None:
        """Bring the schema up to date and start the writer. Raises StoreUnavailable."""
        await self.migrate()
        await self.writer.start()

    async def migrate(self) -> None:
        """Apply the migrations that are missing, in one transaction. Raises StoreUnavailable."""
        with store_faults():
            if not await self._backend.read(is_current):
                await self._backend.migrate(_upgrade)

    def ready(self) -> bool:
        return self.writer.ready()

    async def check(self) -> None:
        """Raise StoreUnavailable unless the store can be read."""
        await self.read(lambda connection: connection.execute(_CHECK).scalar_one())

    async def stop(self) -> None:
        await self.writer.stop()
        await self._backend.dispose()

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` reads, all of it from one commit. Raises StoreUnavailable."""
        with store_faults():
            return await self._backend.read(work)


def _upgrade(connection: Connection) -> None:
    from nova_server.storage.migrate import upgrade  # loads Alembic, see `revision`

    upgrade(connection)
