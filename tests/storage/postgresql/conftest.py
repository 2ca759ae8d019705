"""A store on PostgreSQL, whoever else is on its server, and a server that may be stopped."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
from nova_server.storage.database import Database
from nova_server.storage.options import StoreOptions

from tests.support.clock import FakeClock
from tests.support.postgresql import PostgresqlDatabases
from tests.support.queue_history import connected
from tests.support.signals import RecordedSignals
from tests.support.store import StoreUnderTest, open_store
from tools.postgresql import PostgresServer


@pytest.fixture
def retries() -> list[str]:
    """Why transactions of the store were run again."""
    return []


@pytest.fixture
async def store(
    postgresql_url: str, clock: FakeClock, signals: RecordedSignals, retries: list[str]
) -> AsyncIterator[StoreUnderTest]:
    options = StoreOptions(on_retry=retries.append)
    async with open_store(postgresql_url, clock, signals, options=options) as opened:
        yield opened


@pytest.fixture
def database(store: StoreUnderTest) -> Database:
    return store.database


@pytest.fixture
async def other(postgresql_url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """The connection of somebody else to the store's database."""
    async with connected(postgresql_url) as connection:
        yield connection


@pytest.fixture(scope="session")
def own_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresqlDatabases]:
    """Databases on a server that tests may stop."""
    with PostgresServer(tmp_path_factory.mktemp("own") / "postgresql") as server:
        yield PostgresqlDatabases(server)


@pytest.fixture
def own_server(own_databases: PostgresqlDatabases) -> Iterator[PostgresServer]:
    """A server that the test may stop and kill. It runs."""
    server = own_databases.server
    yield server
    if not server.running:
        server.start()


@pytest.fixture
def own_url(own_databases: PostgresqlDatabases, own_server: PostgresServer) -> Iterator[str]:
    """The URL of a new database with the service's schema on `own_server`."""
    assert own_server.running
    url = own_databases.migrated()
    yield url
    own_databases.give_back(url)
