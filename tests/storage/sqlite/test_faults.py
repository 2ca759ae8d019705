"""A file that is locked or full fails the call, and nothing else."""

from __future__ import annotations

import asyncio
import sqlite3
import traceback
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from nova_server.errors import StoreUnavailable
from nova_server.ports.scoring import BatchStatus
from nova_server.storage.database import Database
from nova_server.storage.options import StoreOptions
from nova_server.storage.schema import scoring_batch_jobs, scoring_batches, scoring_inputs, scoring_jobs, tenants, texts
from sqlalchemy import Connection, text

from tests.support.store import StoreUnderTest, open_store, sqlite_url
from tests.support.submissions import submission, submissions

UNLIMITED_PAGES = 1_000_000


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the write lock of a database, as another process would."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def limit_pages(store: StoreUnderTest, pages: int) -> None:
    """Let the database grow up to `pages` and no further, as a full disk does. SQLite grants what it already has."""
    await store.execute(text(f"PRAGMA max_page_count = {pages}"))


async def row_counts(store: StoreUnderTest) -> list[int]:
    return [await store.count(table) for table in (tenants, texts, scoring_batches, scoring_jobs)]


async def test_a_submission_to_a_locked_store_is_refused_and_stores_nothing(store: StoreUnderTest, file: Path) -> None:
    with locked(file), pytest.raises(StoreUnavailable):
        await store.submit(submission("anna"))
    assert await row_counts(store) == [0, 0, 0, 0]


async def test_the_same_submission_succeeds_once_the_lock_is_gone(store: StoreUnderTest, file: Path) -> None:
    with locked(file), pytest.raises(StoreUnavailable):
        await store.submit(submission("anna"))
    accepted = await store.submit(submission("anna"))
    assert (await store.read(accepted)).batch.total_jobs == 1


async def test_every_write_that_waits_for_a_locked_store_is_told(store: StoreUnderTest, file: Path) -> None:
    await store.submit(submission("anna"))
    lease = await store.claim_one()
    with locked(file):
        answers = await asyncio.gather(
            store.complete(lease), store.requeue(lease), store.claim(), store.sweep(), return_exceptions=True
        )
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 4
    assert await store.complete(lease)


async def test_a_locked_store_can_be_read(store: StoreUnderTest, file: Path) -> None:
    accepted = await store.submit(submission("anna"))
    with locked(file):
        assert (await store.read(accepted)).batch.status is BatchStatus.PENDING
        assert (await store.queue.depth()).pending == 1
        assert len(await store.store.read_job_texts(accepted.scoring_job_ids)) == 1
        await store.database.check()


async def test_a_store_that_is_locked_while_it_starts_is_unavailable(file: Path, tmp_path: Path) -> None:
    with locked(file), pytest.raises(StoreUnavailable):
        await start_and_stop(Database(sqlite_url(tmp_path), StoreOptions(busy_timeout_seconds=0.05)))


async def test_a_store_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite3").mkdir()
    with pytest.raises(StoreUnavailable):
        await start_and_stop(Database(sqlite_url(tmp_path)))


async def start_and_stop(database: Database) -> None:
    try:
        await database.start()
    finally:
        await database.stop()


async def fill(store: StoreUnderTest) -> None:
    """Submit one batch after another until the store refuses one."""
    await limit_pages(store, 1)
    for one in submissions(200, prefix="filler"):
        await store.submit(one)


async def test_a_submission_to_a_full_disk_is_refused_and_leaves_no_half_of_a_batch(store: StoreUnderTest) -> None:
    with pytest.raises(StoreUnavailable):
        await fill(store)
    _, _, batches, jobs = await row_counts(store)
    assert jobs == 25 * batches
    assert await store.count(scoring_batch_jobs) == jobs
    assert await store.count(scoring_inputs) == jobs


async def test_a_full_disk_fails_every_submission_of_the_group(store: StoreUnderTest) -> None:
    await limit_pages(store, 1)
    answers = await asyncio.gather(*(store.submit(one) for one in submissions(50)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {StoreUnavailable}
    assert await row_counts(store) == [0, 0, 0, 0]


async def test_a_store_recovers_as_soon_as_there_is_room_again(store: StoreUnderTest) -> None:
    await limit_pages(store, 1)
    with pytest.raises(StoreUnavailable):
        await asyncio.gather(*(store.submit(one) for one in submissions(50)))
    await limit_pages(store, UNLIMITED_PAGES)
    answers = await asyncio.gather(*(store.submit(one) for one in submissions(50)))
    await store.complete_everything()
    assert {(await store.read(accepted)).batch.status for accepted in answers} == {BatchStatus.COMPLETED}


async def test_what_was_accepted_before_the_disk_filled_up_can_be_read(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission("anna"))
    await limit_pages(store, 1)
    with pytest.raises(StoreUnavailable):
        await asyncio.gather(*(store.submit(one) for one in submissions(50)))
    assert (await store.read(accepted)).batch == accepted.batch


async def test_no_error_of_the_store_quotes_what_was_to_be_stored(store: StoreUnderTest) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        await fill(store)
    printed = "".join(traceback.format_exception(caught.value))
    assert "database or disk is full" in printed
    assert "The resume of" not in printed
    assert "filler" not in printed


async def test_an_accepted_submission_is_there_when_the_store_is_opened_again(tmp_path: Path) -> None:
    async with open_store(sqlite_url(tmp_path)) as store:
        accepted = await store.submit(submission("anna", "ben"))
        lease = await store.claim_one()
    async with open_store(sqlite_url(tmp_path)) as store:
        assert [job.application_id for job in (await store.read(accepted)).jobs] == ["anna", "ben"]
        assert await store.complete(lease)


async def test_every_commit_survives_a_power_loss(store: StoreUnderTest) -> None:
    settings: list[tuple[str, int]] = []

    class ReadSettings:
        def apply(self, connection: Connection, intents: Sequence[None]) -> Sequence[None]:
            mode = connection.execute(text("PRAGMA journal_mode")).scalar_one()
            settings.append((mode, connection.execute(text("PRAGMA synchronous")).scalar_one()))
            return intents

    await store.database.writer.run(ReadSettings(), None)
    assert settings == [("wal", 2)]  # 2 is FULL


async def test_a_file_that_is_no_database_is_a_store_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite3").write_bytes(b"Somebody's notes, and no database at all. " * 100)
    database = Database(sqlite_url(tmp_path))
    try:
        with pytest.raises(StoreUnavailable):
            await database.start()
    finally:
        await database.stop()
