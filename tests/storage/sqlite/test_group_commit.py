"""Writers share transactions, and notice nothing of one another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from nova_server.errors import ServiceUnavailable, StoreUnavailable
from nova_server.storage.database import Database
from nova_server.storage.group_commit import MAX_GROUP
from nova_server.storage.options import StoreOptions
from nova_server.storage.schema import texts
from nova_server.storage.writer import Writer
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError, OperationalError

from tests.support.clock import PATIENCE_SECONDS
from tests.support.store import sqlite_url


class Write:
    """Stores each intent as a text, fails at `poison`, and answers with the intent in capitals."""

    def apply(self, connection: Connection, intents: Sequence[str]) -> Sequence[str]:
        for intent in intents:
            connection.execute(insert(texts).values(tenant_id="t", digest=intent, content=""))
            if intent == "poison":
                raise ValueError("an intent that cannot be written")
        return [intent.upper() for intent in intents]


class HeldWrite(Write):
    """A `Write` that stays in its transaction until `release`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._released = threading.Event()
        self.entered = asyncio.Event()

    def apply(self, connection: Connection, intents: Sequence[str]) -> Sequence[str]:
        self._loop.call_soon_threadsafe(self.entered.set)
        assert self._released.wait(PATIENCE_SECONDS)
        return super().apply(connection, intents)

    def release(self) -> None:
        self._released.set()


class WriteWithoutDisk(Write):
    """A `Write` that the store refuses at the end."""

    def apply(self, connection: Connection, intents: Sequence[str]) -> Sequence[str]:
        super().apply(connection, intents)
        raise OperationalError("INSERT", {}, Exception("disk I/O error"))


@pytest.fixture
def sizes() -> list[int]:
    """The number of intents in each transaction."""
    return []


@pytest.fixture
async def database(file: Path, sizes: list[int]) -> AsyncIterator[Database]:
    database = Database(sqlite_url(file.parent), StoreOptions(on_group=sizes.append))
    await database.start()
    yield database
    await database.stop()


@pytest.fixture
def writer(database: Database) -> Writer:
    return database.writer


async def stored(database: Database) -> list[str]:
    return await database.read(lambda connection: list(connection.scalars(select(texts.c.digest).order_by("digest"))))


async def hold(writer: Writer) -> tuple[HeldWrite, asyncio.Task[str]]:
    """Begin a transaction that lasts until it is released."""
    held = HeldWrite()
    task = asyncio.create_task(writer.run(held, "first"))
    await asyncio.wait_for(held.entered.wait(), PATIENCE_SECONDS)
    return held, task


async def first_steps() -> None:
    """Return once every task that was made before has taken its first step."""
    stepped = asyncio.Event()
    asyncio.get_running_loop().call_soon(stepped.set)
    await stepped.wait()


async def enqueue(writer: Writer, *intents: str) -> list[asyncio.Task[str]]:
    """Ask for these writes, and return once all of them wait."""
    operation = Write()
    tasks = [asyncio.create_task(writer.run(operation, intent)) for intent in intents]
    await first_steps()
    return tasks


async def test_an_intent_is_durable_when_its_answer_comes(database: Database) -> None:
    assert await database.writer.run(Write(), "anna") == "ANNA"
    assert await stored(database) == ["anna"]


async def test_intents_gather_while_a_transaction_runs_and_share_the_next_one(
    database: Database, sizes: list[int]
) -> None:
    held, first = await hold(database.writer)
    names = [f"{number:02d}" for number in range(50)]
    tasks = await enqueue(database.writer, *names)
    held.release()
    assert await asyncio.gather(*tasks) == names
    await first
    assert sizes == [1, 50]


async def test_a_group_has_a_greatest_size(database: Database, sizes: list[int]) -> None:
    held, first = await hold(database.writer)
    tasks = await enqueue(database.writer, *(f"{number:04d}" for number in range(MAX_GROUP + 3)))
    held.release()
    await asyncio.gather(first, *tasks)
    assert sizes == [1, MAX_GROUP, 3]


async def test_an_intent_too_many_is_refused_and_the_others_are_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nova_server.storage.group_commit.MAX_WAITING", 3)
    held, first = await hold(database.writer)
    waiting = await enqueue(database.writer, "anna", "ben", "cleo")
    with pytest.raises(ServiceUnavailable):
        await database.writer.run(Write(), "dave")
    held.release()
    assert await asyncio.gather(first, *waiting) == ["FIRST", "ANNA", "BEN", "CLEO"]
    assert await database.writer.run(Write(), "dave") == "DAVE"


async def test_an_intent_that_fails_does_not_poison_its_neighbours(database: Database) -> None:
    held, first = await hold(database.writer)
    tasks = await enqueue(database.writer, "anna", "poison", "ben")
    held.release()
    answers = await asyncio.gather(first, *tasks, return_exceptions=True)
    assert [type(answer) for answer in answers] == [str, str, ValueError, str]
    assert await stored(database) == ["anna", "ben", "first"]


async def test_an_intent_that_breaks_a_constraint_does_not_poison_its_neighbours(database: Database) -> None:
    await database.writer.run(Write(), "taken")
    held, first = await hold(database.writer)
    tasks = await enqueue(database.writer, "anna", "taken", "ben")
    held.release()
    answers = await asyncio.gather(first, *tasks, return_exceptions=True)
    assert [type(answer) for answer in answers] == [str, str, IntegrityError, str]


async def test_the_writer_goes_on_after_a_failure(database: Database) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        await database.writer.run(Write(), "poison")
    assert await database.writer.run(Write(), "anna") == "ANNA"
    assert database.ready()


async def test_the_intent_of_a_caller_that_left_is_committed_all_the_same(database: Database) -> None:
    held, first = await hold(database.writer)
    running, waiting = first, (await enqueue(database.writer, "second"))[0]
    running.cancel()
    waiting.cancel()
    (last,) = await enqueue(database.writer, "third")
    held.release()
    await last
    assert running.cancelled()
    assert waiting.cancelled()
    assert await stored(database) == ["first", "second", "third"]


async def test_a_store_that_is_away_fails_the_whole_group_at_once(database: Database, sizes: list[int]) -> None:
    held, first = await hold(database.writer)
    away = WriteWithoutDisk()
    tasks = [asyncio.create_task(database.writer.run(away, name)) for name in ("anna", "ben")]
    (neighbour,) = await enqueue(database.writer, "cleo")
    held.release()
    answers = await asyncio.gather(*tasks, neighbour, return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 3
    await first
    assert sizes == [1, 3]
    assert await stored(database) == ["first"]


async def test_stopping_commits_what_waits(database: Database) -> None:
    held, first = await hold(database.writer)
    tasks = await enqueue(database.writer, "anna", "ben")
    stopping = asyncio.create_task(database.writer.stop())
    held.release()
    await stopping
    assert await asyncio.gather(first, *tasks) == ["FIRST", "ANNA", "BEN"]
    assert not database.ready()


async def test_a_stop_that_is_given_up_leaves_the_transaction_to_end(database: Database) -> None:
    held, first = await hold(database.writer)
    stopping = asyncio.create_task(database.writer.stop())
    await first_steps()
    stopping.cancel()
    await asyncio.wait([stopping])
    held.release()
    assert await asyncio.wait_for(first, PATIENCE_SECONDS) == "FIRST"


async def test_nothing_is_taken_after_the_stop(database: Database) -> None:
    await database.writer.stop()
    with pytest.raises(ServiceUnavailable):
        await database.writer.run(Write(), "anna")
    assert await stored(database) == []


async def test_nothing_is_taken_before_the_start(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    with pytest.raises(ServiceUnavailable):
        await database.writer.run(Write(), "anna")
    await database.stop()


async def test_a_store_can_be_stopped_twice_and_before_its_start(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    await database.stop()
    await database.stop()
    assert not database.ready()


async def test_a_started_store_can_be_stopped_twice(database: Database) -> None:
    await database.stop()
    await database.stop()
    assert not database.ready()
