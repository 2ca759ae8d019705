"""Servers restart, connections break and callers leave: nothing is written twice, and no transaction stays open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest
from nova_server.errors import StoreUnavailable
from nova_server.storage.database import Database
from nova_server.storage.options import StoreOptions
from nova_server.storage.postgresql.faults import OutcomeUnknown
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import IntegrityError

from tests.support.clock import PATIENCE_SECONDS
from tests.support.operations import POISON, Gate, Run, Write, stored, take_lock
from tests.support.store import StoreUnderTest, open_store
from tests.support.submissions import submission, submissions
from tools.postgresql import PostgresServer, StopMode

BREAK_AT_COMMIT = """
    CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER break AFTER INSERT ON texts DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.digest = 'anna') EXECUTE FUNCTION break();
"""
BREAK = "SELECT pg_terminate_backend(pg_backend_pid())"
OPEN_TRANSACTIONS = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend' AND xact_start IS NOT NULL
"""
WAITING_FOR_A_LOCK = "SELECT count(*) FROM pg_locks WHERE NOT granted"
ONE_OF_EACH = StoreOptions(write_connections=1, read_connections=1)


@pytest.fixture
async def mortal(own_url: str, retries: list[str]) -> AsyncIterator[StoreUnderTest]:
    """A store whose server the test may stop."""
    async with open_store(own_url, options=StoreOptions(on_retry=retries.append)) as opened:
        yield opened


async def read_at_once(database: Database, count: int) -> None:
    """Read over so many connections."""
    gate = Gate()
    arrived = []

    def read(_connection: Connection) -> None:
        arrived.append(True)
        if len(arrived) == count:
            gate.open()
        gate.pass_through()

    await asyncio.gather(*(database.read(read) for _ in range(count)))


async def until(connection: asyncpg.Connection[asyncpg.Record], query: str, expected: int) -> None:
    """Ask again and again, until a query yields what is expected."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await connection.fetchval(query) != expected:
            pass


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_restart_of_the_server_between_two_calls_costs_the_second_one_nothing(
    mortal: StoreUnderTest, own_server: PostgresServer, mode: StopMode
) -> None:
    accepted = await mortal.submit(submission("anna"))
    await asyncio.to_thread(own_server.restart, mode)
    assert await mortal.submit(submission("anna")) == accepted
    assert (await mortal.read(accepted)).batch == accepted.batch


async def test_a_restart_costs_nothing_however_many_connections_there_were(
    mortal: StoreUnderTest, own_server: PostgresServer, retries: list[str]
) -> None:
    await read_at_once(mortal.database, 4)
    await asyncio.gather(*(mortal.submit(one) for one in submissions(4)), mortal.sweep(), mortal.claim(1))
    await asyncio.to_thread(own_server.restart, "immediate")
    await mortal.submit(submission("anna"))
    await mortal.database.check()
    assert len(retries) <= 2


async def test_a_kill_of_the_server_costs_nothing_either(mortal: StoreUnderTest, own_server: PostgresServer) -> None:
    accepted = await mortal.submit(submission("anna"))
    await asyncio.to_thread(own_server.kill)
    await asyncio.to_thread(own_server.start)
    assert (await mortal.read(accepted)).batch == accepted.batch
    await mortal.submit(submission("ben"))


async def test_while_the_server_is_down_calls_fail_and_afterwards_they_do_not(
    mortal: StoreUnderTest, own_server: PostgresServer
) -> None:
    await asyncio.to_thread(own_server.stop)
    calls = (mortal.submit(submission("anna")), mortal.claim(), mortal.sweep(), mortal.database.check())
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 4
    assert mortal.database.ready()
    await asyncio.to_thread(own_server.start)
    accepted = await mortal.submit(submission("anna"))
    assert [lease.job_id for lease in await mortal.claim()] == list(accepted.scoring_job_ids)


async def test_a_store_that_starts_while_the_server_is_down_is_unavailable(
    own_url: str, own_server: PostgresServer
) -> None:
    await asyncio.to_thread(own_server.stop)
    database = Database(own_url)
    with pytest.raises(StoreUnavailable):
        await database.start()
    await asyncio.to_thread(own_server.start)
    await database.start()
    await database.stop()


async def test_a_write_whose_connection_breaks_is_run_again_once(database: Database, retries: list[str]) -> None:
    operation = Run(BREAK)
    with pytest.raises(StoreUnavailable):
        await database.writer.run(operation, "anna")
    assert operation.runs == 2
    assert retries == ["connection"]
    assert await stored(database) == []


async def test_a_write_whose_connection_breaks_while_it_is_committed_is_not_run_again(
    database: Database, other: asyncpg.Connection[asyncpg.Record], retries: list[str]
) -> None:
    await other.execute(BREAK_AT_COMMIT)
    operation = Run("SELECT 1")
    with pytest.raises(StoreUnavailable) as caught:
        await database.writer.run(operation, "anna")
    assert isinstance(caught.value.__cause__, OutcomeUnknown)
    assert (operation.runs, retries) == (1, [])
    assert await database.writer.run(operation, "ben") == "BEN"
    assert await stored(database) == ["ben"]


@pytest.mark.parametrize(("intent", "error"), [(POISON, ValueError), ("taken", IntegrityError)])
async def test_a_connection_whose_transaction_failed_is_used_again_without_it(
    postgresql_url: str, intent: str, error: type[Exception]
) -> None:
    async with open_store(postgresql_url, options=ONE_OF_EACH) as store:
        writer = store.database.writer
        await writer.run(Write(), "taken")
        process = await writer.run(Identify(), None)
        with pytest.raises(error):
            await writer.run(Write(), intent)
        assert await writer.run(Identify(), None) == process
        assert await stored(store.database) == ["taken"]


class Identify:
    """Answers with the process of the server that it runs in."""

    def apply(self, connection: Connection, intents: Sequence[None]) -> Sequence[int]:
        return [connection.execute(select(func.pg_backend_pid())).scalar_one()] * len(intents)


async def test_a_reader_that_leaves_in_the_middle_leaves_no_transaction_open(
    database: Database, other: asyncpg.Connection[asyncpg.Record]
) -> None:
    async with other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock(1)")
        reading = asyncio.create_task(database.read(lambda connection: take_lock(connection, 1)))
        await until(other, WAITING_FOR_A_LOCK, 1)
        reading.cancel()
        await asyncio.wait([reading])
        assert reading.cancelled()
        await until(other, WAITING_FOR_A_LOCK, 0)
    await until(other, OPEN_TRANSACTIONS, 0)
    await read_at_once(database, 4)


async def test_a_reader_that_leaves_between_two_statements_leaves_no_transaction_open(
    database: Database, other: asyncpg.Connection[asyncpg.Record]
) -> None:
    gate = Gate()

    def read(connection: Connection) -> None:
        connection.execute(text("SELECT 1"))
        gate.pass_through()

    reading = asyncio.create_task(database.read(read))
    await gate.until_someone_waits()
    assert await other.fetchval(OPEN_TRANSACTIONS) == 1
    reading.cancel()
    await asyncio.wait([reading])
    await until(other, OPEN_TRANSACTIONS, 0)


async def test_a_writer_that_leaves_in_the_middle_is_written_all_the_same(
    database: Database, other: asyncpg.Connection[asyncpg.Record]
) -> None:
    async with other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock(1)")
        writing = asyncio.create_task(database.writer.run(Run("SELECT pg_advisory_xact_lock(1)"), "anna"))
        await until(other, WAITING_FOR_A_LOCK, 1)
        writing.cancel()
        await asyncio.wait([writing])
    await until(other, OPEN_TRANSACTIONS, 0)
    assert await stored(database) == ["anna"]
