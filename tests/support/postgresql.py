"""Databases on a PostgreSQL that the tests of one worker share."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from nova_server.foundation import migrate
from nova_server.settings import Settings

from tools.pgbouncer import PgBouncer, find_pgbouncer
from tools.postgresql import PostgresServer

MEMORY = Path("/dev/shm")  # noqa: S108 (a file system, in which the server makes a folder of its own)
ROOM_BYTES = 2**30
TEMPLATE = "nova_template"
MOST_AHEAD = 16  # databases that are made at once: to ask for each costs as much as to make it


class PostgresqlDatabases:
    """Gives out databases of one server."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._numbers = count(1)
        self._unneeded: list[str] = []
        self._ahead: list[str] = []
        self._next_ahead = 1
        self._has_template = False

    def empty(self) -> str:
        """Return the URL of a new database without a table."""
        return self._make(1)[0]

    def migrated(self) -> str:
        """Return the URL of a new database with the service's schema."""
        if not self._has_template:
            self.server.create_database(TEMPLATE)
            migrate(Settings(database_url=self.server.url(TEMPLATE)))
            self._has_template = True
        if not self._ahead:
            self._ahead = self._make(self._next_ahead, TEMPLATE)
            self._next_ahead = min(2 * self._next_ahead, MOST_AHEAD)  # so that a few tests have few made for nothing
        return self._ahead.pop()

    def give_back(self, url: str) -> None:
        """Drop a database with the next one that is made, when the connections to it have had time to close."""
        self._unneeded.append(url.rpartition("/")[2])

    def _make(self, count: int, template: str | None = None) -> list[str]:
        """Return the URLs of so many new databases. Drops those that were given back."""
        names = [f"test_{next(self._numbers)}" for _ in range(count)]
        removals = map(self.server.removal, self._unneeded)
        self.server.execute(*removals, *(self.server.creation(name, template) for name in names))
        self._unneeded.clear()
        return [self.server.url(name) for name in names]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlDatabases]:
    """Databases for fixtures of any scope. The server is shared: a test that stops one starts its own."""
    folder = Path(tempfile.mkdtemp(prefix="nova-postgresql-", dir=roomy_memory()))
    with PostgresServer(folder, temporary=True) as server:
        yield PostgresqlDatabases(server)


@pytest.fixture
def postgresql_url(postgresql: PostgresqlDatabases) -> Iterator[str]:
    """The URL of a new database with the service's schema."""
    url = postgresql.migrated()
    yield url
    postgresql.give_back(url)


@pytest.fixture
def empty_postgresql_url(postgresql: PostgresqlDatabases) -> Iterator[str]:
    """The URL of a new database without a table."""
    url = postgresql.empty()
    yield url
    postgresql.give_back(url)


@pytest.fixture(scope="session")
def pgbouncer(postgresql: PostgresqlDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PgBouncer]:
    """A pooler in front of the shared server, which gives out a connection for one transaction."""
    require_pgbouncer()
    with PgBouncer(tmp_path_factory.mktemp("pgbouncer"), postgresql.server) as pooler:
        yield pooler


def require_pgbouncer() -> None:
    """Skip the test where there is no PgBouncer, which no wheel has."""
    if find_pgbouncer() is None:
        pytest.skip("PgBouncer is not installed: on Debian it is the package `pgbouncer`")


def roomy_memory() -> Path | None:
    """Return a folder in memory, where databases are made several times as fast, or None where it has no room."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES else None
