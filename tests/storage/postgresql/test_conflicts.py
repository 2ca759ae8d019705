"""Transactions that stand in each other's way are run again, until both are done or one has tried often enough."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from nova_server.errors import StoreUnavailable
from nova_server.storage.database import Database
from nova_server.storage.options import StoreOptions
from nova_server.storage.postgresql.transactions import ATTEMPTS
from nova_server.storage.schema import queue_clock
from sqlalchemy import Connection, select, text, update

from tests.support.operations import Meeting, Run, Write, stored, take_lock

# The server looks for deadlocks only after somebody has waited that long.
EAGER = "?deadlock_timeout=10ms"
SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
ALWAYS_IN_THE_WAY = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$"


class Cross(Write):
    """Takes one lock, meets the other transaction, and wants the lock that the other has."""

    def __init__(self, meeting: Meeting, first: int, second: int) -> None:
        self._meeting = meeting
        self._locks = (first, second)

    def apply(self, connection: Connection, intents: Sequence[str]) -> Sequence[str]:
        first, second = self._locks
        take_lock(connection, first)
        self._meeting.join()
        take_lock(connection, second)
        return super().apply(connection, intents)


class CountUp:
    """Adds one to what it read, after the other transaction has read as well."""

    def __init__(self, meeting: Meeting) -> None:
        self._meeting = meeting

    def apply(self, connection: Connection, intents: Sequence[None]) -> Sequence[float]:
        connection.execute(SNAPSHOT)
        read = connection.execute(select(queue_clock.c.virtual_time)).scalar_one()
        self._meeting.join()
        connection.execute(update(queue_clock).values(virtual_time=read + 1))
        return [read + 1] * len(intents)


@pytest.fixture
async def database(postgresql_url: str, retries: list[str]) -> AsyncIterator[Database]:
    database = Database(postgresql_url + EAGER, StoreOptions(on_retry=retries.append))
    await database.start()
    yield database
    await database.stop()


async def test_of_two_transactions_in_a_deadlock_both_succeed(database: Database, retries: list[str]) -> None:
    meeting = Meeting()
    one, other = Cross(meeting, 1, 2), Cross(meeting, 2, 1)
    work = (database.writer.run(one, "anna"), database.writer.run(other, "ben"))
    assert tuple(await asyncio.gather(*work)) == ("ANNA", "BEN")
    assert await stored(database) == ["anna", "ben"]
    assert retries == ["conflict"]


async def test_of_two_transactions_that_change_what_both_have_read_none_is_lost(
    database: Database, retries: list[str]
) -> None:
    meeting = Meeting()
    answers = await asyncio.gather(*(database.writer.run(CountUp(meeting), None) for _ in range(2)))
    assert sorted(answers) == [1, 2]
    assert retries == ["conflict"]


async def test_a_transaction_that_meets_others_again_and_again_is_given_up(
    database: Database, retries: list[str]
) -> None:
    operation = Run(ALWAYS_IN_THE_WAY)
    with pytest.raises(StoreUnavailable):
        await database.writer.run(operation, "anna")
    assert operation.runs == ATTEMPTS == 5
    assert retries == ["conflict"] * 4
    assert await database.writer.run(Write(), "ben") == "BEN"


async def test_a_reader_that_meets_others_is_run_again_too(database: Database, retries: list[str]) -> None:
    tries = 0

    def read(connection: Connection) -> str:
        nonlocal tries
        tries += 1
        if tries < 3:
            connection.execute(text(ALWAYS_IN_THE_WAY))
        return "read"

    assert await database.read(read) == "read"
    assert retries == ["conflict"] * 2
