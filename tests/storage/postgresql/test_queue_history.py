"""PostgreSQL notes what becomes of the rows of the queues, for the tests of crashes, as the model has it."""

from __future__ import annotations

import pytest

from tests.support.queue_history import JOBS, connected, named, note_changes, noted_changes
from tests.support.queue_model import IllegalHistory, follow
from tests.support.store import LEASE_SECONDS, open_store
from tests.support.submissions import submission


async def test_every_step_of_a_job_is_noted_with_its_writer(postgresql_url: str) -> None:
    await note_changes(postgresql_url)
    async with open_store(named(postgresql_url, "a")) as store:
        await store.submit(submission("anna"))
        (first,) = await store.claim(1)
        await store.requeue(first)
        await store.claim(1)
        store.clock.advance(LEASE_SECONDS + 1)
        await store.sweep(max_starts=5)
        (last,) = await store.claim(1)
        assert not await store.complete(first)
        assert await store.complete(last)
    changes = await noted_changes(postgresql_url)
    assert follow(changes)[JOBS] == {"queued": 1, "claimed": 3, "returned": 2, "ended": 1, "scored": 1}
    assert {change.writer for change in changes} == {"a"}


async def test_a_change_after_the_end_is_found(postgresql_url: str) -> None:
    await note_changes(postgresql_url)
    async with open_store(named(postgresql_url, "a")) as store:
        await store.submit(submission("anna"))
        (lease,) = await store.claim(1)
        await store.complete(lease)
    async with connected(postgresql_url) as connection:
        await connection.execute("UPDATE scoring_jobs SET state = 'pending'")
    with pytest.raises(IllegalHistory):
        follow(await noted_changes(postgresql_url))


async def test_what_was_undone_is_not_noted(postgresql_url: str) -> None:
    await note_changes(postgresql_url)
    async with open_store(named(postgresql_url, "a")) as store:
        await store.submit(submission("anna"))
    async with connected(postgresql_url) as connection:
        undone = connection.transaction()
        await undone.start()
        await connection.execute("UPDATE scoring_jobs SET state = 'failed'")
        await undone.rollback()
    assert follow(await noted_changes(postgresql_url))[JOBS] == {"queued": 1}
