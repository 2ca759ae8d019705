"""Whatever the clocks of the machines say, all processes go by that of the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from nova_server.errors import StoreUnavailable
from nova_server.ports.clock import plus_seconds
from nova_server.storage.database import Database
from nova_server.storage.postgresql.clock import MEASURE_SECONDS, ServerClock

from tests.support.clock import PATIENCE_SECONDS, FakeClock
from tools.postgresql import PostgresServer

MICROSECONDS_OF_SERVER = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"


@pytest.fixture
def machine() -> FakeClock:
    """The clock of this machine, which stands still, months from now."""
    return FakeClock()


@pytest.fixture
async def started(machine: FakeClock, database: Database) -> AsyncIterator[ServerClock]:
    clock = ServerClock(machine, database)
    await clock.start()
    yield clock
    await clock.stop()


async def test_a_clock_that_is_off_is_set_by_the_server(
    machine: FakeClock, database: Database, other: asyncpg.Connection[asyncpg.Record]
) -> None:
    clock = ServerClock(machine, database)
    assert clock.now() == machine.now()
    before = await other.fetchval(MICROSECONDS_OF_SERVER)
    await clock.measure()
    assert before <= clock.now() <= await other.fetchval(MICROSECONDS_OF_SERVER)
    assert plus_seconds(machine.now(), clock.offset_seconds()) == clock.now()


async def test_clocks_of_different_machines_agree(database: Database) -> None:
    early, late = FakeClock(), FakeClock()
    late.advance(100)
    clocks = [ServerClock(machine, database) for machine in (early, late)]
    for clock in clocks:
        await clock.measure()
    assert clocks[0].offset_seconds() - clocks[1].offset_seconds() == pytest.approx(100, abs=PATIENCE_SECONDS)


async def test_between_two_measurements_time_goes_on_as_on_the_machine(
    started: ServerClock, machine: FakeClock
) -> None:
    before, elapsed = started.now(), started.monotonic()
    machine.advance(5)
    assert started.now() == plus_seconds(before, 5)
    assert started.monotonic() == elapsed + 5


async def test_a_machine_whose_clock_is_set_is_noticed(started: ServerClock, machine: FakeClock,
                                                       other: asyncpg.Connection[asyncpg.Record]) -> None:  # fmt: skip
    await machine.until_asleep()
    before = await other.fetchval(MICROSECONDS_OF_SERVER)
    machine.advance(MEASURE_SECONDS + 3_600)
    await machine.until_asleep()
    assert before <= started.now() <= await other.fetchval(MICROSECONDS_OF_SERVER)


async def test_while_the_server_is_away_the_clock_keeps_what_it_knows(
    own_url: str, own_server: PostgresServer, machine: FakeClock
) -> None:
    database = Database(own_url)
    clock = ServerClock(machine, database)
    await clock.start()
    before = clock.now()
    await asyncio.to_thread(own_server.stop)
    await machine.until_asleep()
    machine.advance(MEASURE_SECONDS)
    await machine.until_asleep()
    assert clock.ready()
    assert clock.now() == plus_seconds(before, MEASURE_SECONDS)
    await clock.stop()
    await database.stop()


async def test_a_clock_does_not_start_without_the_server(
    own_url: str, own_server: PostgresServer, machine: FakeClock
) -> None:
    await asyncio.to_thread(own_server.stop)
    database = Database(own_url)
    with pytest.raises(StoreUnavailable):
        await ServerClock(machine, database).start()
    await database.stop()
