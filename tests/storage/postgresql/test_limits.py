"""What takes too long, or finds no room, fails its call as StoreUnavailable, and leaves the store as it was."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from nova_server.errors import StoreUnavailable
from nova_server.storage.database import Database
from nova_server.storage.options import StoreOptions
from sqlalchemy import Connection, text

from tests.support.operations import Gate, Run, Write, stored
from tests.support.store import StoreUnderTest
from tests.support.submissions import submission

AT_ONCE = 0.05
TAKE_A_MINUTE = "SELECT pg_sleep(60)"
TAKE_LOCK = "SELECT pg_advisory_xact_lock(1)"
READ_ONLY = "?default_transaction_read_only=on"
IMPATIENT = StoreOptions(statement_timeout_seconds=AT_ONCE)
UNWILLING_TO_WAIT = StoreOptions(lock_timeout_seconds=AT_ONCE)


@asynccontextmanager
async def opened(url: str, options: StoreOptions | None = None) -> AsyncIterator[Database]:
    database = Database(url, options)
    try:
        await database.start()
        yield database
    finally:
        await database.stop()


async def refused(database: Database, statement: str) -> None:
    """Hold the store to refuse a write, and to take the next one all the same."""
    with pytest.raises(StoreUnavailable):
        await database.writer.run(Run(statement), "anna")
    assert await database.writer.run(Write(), "ben") == "BEN"
    assert await stored(database) == ["ben"]


async def test_a_write_that_takes_too_long_is_ended(postgresql_url: str) -> None:
    async with opened(postgresql_url, IMPATIENT) as database:
        await refused(database, TAKE_A_MINUTE)


async def test_a_read_that_takes_too_long_is_ended(postgresql_url: str) -> None:
    async with opened(postgresql_url, IMPATIENT) as database:
        with pytest.raises(StoreUnavailable):
            await database.read(lambda connection: connection.execute(text(TAKE_A_MINUTE)))
        await database.check()


async def test_a_write_that_waits_too_long_for_a_lock_is_ended(
    postgresql_url: str, other: asyncpg.Connection[asyncpg.Record]
) -> None:
    async with opened(postgresql_url, UNWILLING_TO_WAIT) as database, other.transaction():
        await other.execute(TAKE_LOCK)
        await refused(database, TAKE_LOCK)


async def test_a_disk_that_is_full_refuses_the_write(database: Database) -> None:
    await refused(database, "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$")


async def test_a_server_that_only_reads_refuses_writes_and_answers_reads(
    store: StoreUnderTest, postgresql_url: str
) -> None:
    accepted = await store.submit(submission("anna"))
    async with opened(postgresql_url + READ_ONLY) as database:
        with pytest.raises(StoreUnavailable):
            await database.writer.run(Write(), "anna")
        await database.check()
    assert (await store.read(accepted)).batch == accepted.batch


async def test_who_finds_every_connection_taken_is_refused_when_the_time_is_over(postgresql_url: str) -> None:
    options = StoreOptions(read_connections=1, connect_timeout_seconds=AT_ONCE)
    gate = Gate()

    def hold(_connection: Connection) -> str:
        gate.pass_through()
        return "held"

    async with opened(postgresql_url, options) as database:
        holding = asyncio.create_task(database.read(hold))
        await gate.until_someone_waits()
        with pytest.raises(StoreUnavailable):
            await database.check()
        gate.open()
        assert await holding == "held"
        await database.check()


async def test_a_server_that_does_not_answer_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://127.0.0.1:{silent.getsockname()[1]}/nova"
        database = Database(url, StoreOptions(connect_timeout_seconds=AT_ONCE))
        with pytest.raises(StoreUnavailable):
            await database.check()
        await database.stop()


async def test_a_database_that_is_not_there_is_unavailable(postgresql_url: str) -> None:
    database = Database(f"{postgresql_url}_of_somebody_else")
    with pytest.raises(StoreUnavailable):
        await database.start()
    await database.stop()
