"""What an operator sees of the connections of a running process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from nova_server.foundation import Foundation, build_foundation
from nova_server.settings import Settings
from nova_server.storage.postgresql.listener import Listener
from sqlalchemy import Connection, text

from tests.support.server_log import PATIENCE_SECONDS


@pytest.fixture
async def running(postgresql_url: str) -> AsyncIterator[Foundation]:
    base = build_foundation(Settings(database_url=postgresql_url, database_read_connections=2))
    for part in base.parts:
        await part.start()
    yield base
    for part in reversed(base.parts):
        await part.stop()


def connections(base: Foundation, use: str, state: str) -> float | None:
    return base.metrics.registry.get_sample_value("nova_store_connections", {"use": use, "state": state})


def listener_of(base: Foundation) -> Listener:
    listener = base.parts[-1]
    assert isinstance(listener, Listener)
    return listener


async def test_a_connection_is_busy_while_something_is_read_over_it(running: Foundation) -> None:
    seen = []

    def look(connection: Connection) -> None:
        connection.execute(text("SELECT 1"))
        seen.append((connections(running, "read", "busy"), connections(running, "read", "free")))

    await running.database.read(look)
    assert seen == [(1, 1)]
    assert (connections(running, "read", "busy"), connections(running, "read", "free")) == (0, 2)


async def test_a_listener_is_seen_until_it_stops(running: Foundation) -> None:
    listener = listener_of(running)
    await asyncio.wait_for(listener.connected.wait(), PATIENCE_SECONDS)
    assert connections(running, "listen", "busy") == 1
    await listener.stop()
    assert connections(running, "listen", "busy") == 0


async def test_the_clock_of_a_server_on_the_same_machine_is_that_of_the_machine(running: Foundation) -> None:
    offset = running.metrics.registry.get_sample_value("nova_clock_offset_seconds")
    assert offset == pytest.approx(0, abs=1)
    assert offset != 0, "it was never measured"
