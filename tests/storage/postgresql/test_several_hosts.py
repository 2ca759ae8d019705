"""A URL may name several servers, of which one takes writes: a process finds it, and waits while there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from nova_server.errors import StoreUnavailable
from nova_server.foundation import migrate
from nova_server.settings import Settings
from nova_server.storage.database import Database
from nova_server.storage.postgresql.listener import RECONNECT_SECONDS, Listener

from tests.support.clock import FakeClock
from tests.support.server_log import PATIENCE_SECONDS
from tests.support.signals import RecordedSignals
from tools.postgresql import PostgresServer
from tools.processes import free_port, wait_until

SETTING = "default_transaction_read_only"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    with PostgresServer(tmp_path / "postgresql") as server:
        server.create_database("nova")
        migrate(Settings(database_url=server.url("nova")))
        yield server


@pytest.fixture
def url(server: PostgresServer) -> str:
    """The URL of two hosts, the first of which is down."""
    hosts = f"127.0.0.1:{free_port()},127.0.0.1:{server.port}"
    return f"postgresql://postgres@{hosts}/nova?target_session_attrs=read-write"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    yield database
    await database.stop()


def take_writes(server: PostgresServer, takes: bool) -> None:
    """Let the server take writes or none, as one that is promoted and one that follows another."""
    value = "off" if takes else "on"
    server.execute(f"ALTER SYSTEM SET {SETTING} = {value}", "SELECT pg_reload_conf()")
    wait_until(lambda: server.execute(f"SHOW {SETTING}") == value, "the server has not taken its new setting")


async def test_a_process_starts_on_the_host_that_takes_writes(database: Database) -> None:
    await database.start()
    await database.check()


async def test_while_no_host_takes_writes_the_store_is_away(server: PostgresServer, database: Database) -> None:
    take_writes(server, False)
    with pytest.raises(StoreUnavailable):
        await database.check()
    take_writes(server, True)
    await database.check()


async def test_a_listener_waits_for_a_host_that_takes_writes(server: PostgresServer, url: str) -> None:
    take_writes(server, False)
    clock = FakeClock()
    listener = Listener(url, RecordedSignals(), clock)
    await listener.start()
    try:
        await clock.until_asleep()
        assert not listener.connected.is_set()
        assert listener.ready()
        take_writes(server, True)
        clock.advance(RECONNECT_SECONDS)
        await asyncio.wait_for(listener.connected.wait(), PATIENCE_SECONDS)
    finally:
        await listener.stop()
