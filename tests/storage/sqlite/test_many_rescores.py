"""What is asked about an application costs the same however often it was rescored.

The work is counted in steps of SQLite's machine, which runs the same number of them for the same rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from nova_server.ports.scoring import Rescore

from tests.support.query_plans import recorded
from tests.support.store import StoreUnderTest
from tests.support.submissions import ACME, rescore, single, submission

Work = Callable[[StoreUnderTest, str], Awaitable[object]]


async def rescore_often(store: StoreUnderTest, name: str, times: int) -> None:
    await store.submit_job(single(name))
    await store.submit_jobs(*(rescore(name, job_description=f"Text {number:04d}.") for number in range(times)))


async def steps_of(file: Path, work: Awaitable[object]) -> int:
    """Return how many steps the reading statements of `work` take, run once more in the store that it leaves."""
    with recorded() as statements:
        await work
    steps = count()

    def step() -> int:
        next(steps)
        return 0

    reading = {one: values for one, values in statements.items() if one.lstrip().startswith(("SELECT", "WITH"))}
    assert reading
    with closing(sqlite3.connect(file)) as connection:
        connection.set_progress_handler(step, 1)
        for statement, values in reading.items():
            connection.execute(statement, values).fetchall()
    return next(steps)


async def resubmit(store: StoreUnderTest, name: str) -> None:
    await store.submit_job(single(name))


async def rescore_as_before(store: StoreUnderTest, name: str) -> None:
    await store.submit_job(rescore(name, job_description="Text 0000."))


async def rescore_anew(store: StoreUnderTest, name: str) -> None:
    await store.submit_job(rescore(name, job_description=f"A new text for {name}."))


async def pin(store: StoreUnderTest, name: str) -> None:
    version = (await store.latest(name)).criteria_version_id
    await store.submit_job(single(name, rescore=Rescore(version)))


async def submit_batch(store: StoreUnderTest, name: str) -> None:
    await store.submit(submission(name))


async def read_latest(store: StoreUnderTest, name: str) -> None:
    await store.store.read_latest_job(ACME, "job-1", name)


@pytest.mark.parametrize("work", [resubmit, rescore_as_before, rescore_anew, pin, submit_batch, read_latest])
async def test_three_hundred_rescores_cost_no_more_than_two(store: StoreUnderTest, file: Path, work: Work) -> None:
    await rescore_often(store, "many", 300)
    await rescore_often(store, "few1", 2)  # names of the same length, because the steps of reading JSON depend on it
    assert await steps_of(file, work(store, "many")) == await steps_of(file, work(store, "few1"))


async def test_a_cost_that_grew_would_be_seen(store: StoreUnderTest, file: Path) -> None:
    await rescore_often(store, "many", 300)
    await rescore_often(store, "few1", 2)
    whole = "SELECT count(*) FROM scoring_jobs WHERE job_id = 'job-1' AND application_id = '{}'"

    async def read_all(name: str) -> None:
        await store.database.read(lambda connection: connection.exec_driver_sql(whole.format(name)).all())

    assert await steps_of(file, read_all("many")) > await steps_of(file, read_all("few1")) + 250
