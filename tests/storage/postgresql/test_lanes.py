"""Operations are written beside each other, what waits for one shares transactions, and none harms its neighbours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from nova_server.errors import ServiceUnavailable
from nova_server.storage.database import Database
from nova_server.storage.options import StoreOptions
from nova_server.storage.writer import Writer
from sqlalchemy.exc import IntegrityError

from tests.support.operations import POISON, Gate, HeldWrite, Write, stored

NAMES = [f"{number:03d}" for number in range(50)]


@pytest.fixture
def sizes() -> list[int]:
    """The number of intents in each transaction."""
    return []


@pytest.fixture
async def database(postgresql_url: str, sizes: list[int]) -> AsyncIterator[Database]:
    database = Database(postgresql_url, StoreOptions(on_group=sizes.append))
    await database.start()
    yield database
    await database.stop()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def held(gate: Gate) -> HeldWrite:
    return HeldWrite(gate)


async def enqueue(writer: Writer, operation: Write, *intents: str) -> list[asyncio.Task[str]]:
    """Ask for these writes, and return once all of them wait."""
    tasks = [asyncio.create_task(writer.run(operation, intent)) for intent in intents]
    stepped = asyncio.Event()
    asyncio.get_running_loop().call_soon(stepped.set)
    await stepped.wait()
    return tasks


async def test_an_operation_that_is_held_up_does_not_hold_up_another(
    database: Database, gate: Gate, held: HeldWrite
) -> None:
    waiting = await enqueue(database.writer, held, "anna")
    await gate.until_someone_waits()
    assert await database.writer.run(Write(), "ben") == "BEN"
    assert await stored(database) == ["ben"]
    gate.open()
    assert await asyncio.gather(*waiting) == ["ANNA"]


async def test_what_waits_for_one_operation_shares_transactions(
    database: Database, gate: Gate, held: HeldWrite, sizes: list[int]
) -> None:
    first = await enqueue(database.writer, held, "first")
    await gate.until_someone_waits()
    rest = await enqueue(database.writer, held, *NAMES)
    gate.open()
    assert await asyncio.gather(*first, *rest) == ["FIRST", *NAMES]
    assert sum(sizes) == 51
    assert max(sizes) >= 25


async def test_no_transaction_is_begun_for_nothing(database: Database, sizes: list[int]) -> None:
    operation = Write()

    async def write(name: str) -> None:
        for wave in range(5):
            await database.writer.run(operation, f"{name} {wave}")

    await asyncio.gather(*map(write, NAMES))
    assert sum(sizes) == 5 * len(NAMES)
    assert 0 not in sizes


@pytest.mark.parametrize(("intent", "error"), [(POISON, ValueError), ("taken", IntegrityError)])
async def test_an_intent_that_fails_does_not_harm_its_neighbours(
    database: Database, gate: Gate, held: HeldWrite, intent: str, error: type[Exception]
) -> None:
    await database.writer.run(Write(), "taken")
    first = await enqueue(database.writer, held, "first")
    await gate.until_someone_waits()
    rest = await enqueue(database.writer, held, "anna", intent, "ben")
    gate.open()
    answers = await asyncio.gather(*first, *rest, return_exceptions=True)
    assert [type(answer) for answer in answers] == [str, str, error, str]
    assert await stored(database) == ["anna", "ben", "first", "taken"]


async def test_stopping_commits_what_waits_in_every_lane(database: Database, gate: Gate, held: HeldWrite) -> None:
    waiting = await enqueue(database.writer, held, "anna")
    await gate.until_someone_waits()
    waiting += await enqueue(database.writer, held, "ben", "cleo")
    waiting += await enqueue(database.writer, HeldWrite(gate), "dave")
    stopping = asyncio.create_task(database.writer.stop())
    gate.open()
    await stopping
    assert await asyncio.gather(*waiting) == ["ANNA", "BEN", "CLEO", "DAVE"]
    assert await stored(database) == ["anna", "ben", "cleo", "dave"]


async def test_nothing_is_taken_after_the_stop(database: Database) -> None:
    operation = Write()
    await database.writer.run(operation, "anna")
    await database.writer.stop()
    assert not database.ready()
    for refused in (operation, Write()):
        with pytest.raises(ServiceUnavailable):
            await database.writer.run(refused, "ben")
    assert await stored(database) == ["anna"]


async def test_nothing_is_taken_before_the_start(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    assert not database.ready()
    with pytest.raises(ServiceUnavailable):
        await database.writer.run(Write(), "anna")
    await database.stop()


async def test_a_store_can_be_stopped_twice(database: Database) -> None:
    await database.writer.run(Write(), "anna")
    await database.stop()
    await database.stop()
    assert not database.ready()
