"""Every statement of criteria finds its rows through an index, however many versions and keys there are."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable
from contextlib import closing
from pathlib import Path

import pytest
from nova_server.ports.criteria import CriteriaOutcome

from tests.support.query_plans import assert_no_scan, lines, plans_of, recorded
from tests.support.store import StoreUnderTest, open_store, sqlite_url
from tests.support.stored_criteria import KEPT_SECONDS, LEASE_SECONDS, JobUnderTest, call_of, criteria_of, job_of


async def fill(folder: Path) -> None:
    """Make a store with 300 versions of each of two jobs and 600 keys, without statistics."""
    async with open_store(sqlite_url(folder)) as store:
        for job in (job_of(store), job_of(store).of(job_id="job-2")):
            changes = (job.try_change(criteria_of(f"{n}"), if_revision=n) for n in range(300))
            await asyncio.gather(*changes)
        await asyncio.gather(*(job.reserve(call_of(f"old-{n}")) for n in range(600)))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store that was filled once for all these tests."""
    folder = tmp_path_factory.mktemp("filled")
    with asyncio.Runner() as runner:
        runner.run(fill(folder))
    return folder / "store.sqlite3"


@pytest.fixture
async def store(filled: Path, file: Path) -> AsyncIterator[StoreUnderTest]:
    """A filled store of the test's own."""
    shutil.copy(filled, file)
    async with open_store(sqlite_url(file.parent)) as opened:
        yield opened


@pytest.fixture
def job(store: StoreUnderTest) -> JobUnderTest:
    return job_of(store)


async def plans_of_deletions(file: Path, work: Awaitable[object]) -> list[list[str]]:
    """Return how SQLite runs each deletion of `work`."""
    with recorded() as statements:
        await work
    deletions = {statement: row for statement, row in statements.items() if statement.startswith("DELETE")}
    with closing(sqlite3.connect(file)) as connection:
        return [
            [line[3] for line in connection.execute(f"EXPLAIN QUERY PLAN {statement}", row)]
            for statement, row in deletions.items()
        ]


async def test_current_criteria_are_read_by_their_keys_with_one_statement(job: JobUnderTest, file: Path) -> None:
    plans = await plans_of(file, job.current())
    assert_no_scan(plans)
    assert len(plans) == 1
    assert "SEARCH job_criteria USING PRIMARY KEY (tenant_id=? AND job_id=?)" in lines(plans)
    assert "SEARCH criteria_versions USING PRIMARY KEY (id=?)" in lines(plans)


async def test_a_version_and_its_texts_are_read_by_their_keys(job: JobUnderTest, file: Path) -> None:
    version_id = await job.bring_texts("A backend engineer.", "Knows Kafka.")
    plans = await plans_of(file, job.version(version_id))
    plans |= await plans_of(file, job.store.read_texts(version_id))
    assert_no_scan(plans)
    assert lines(plans).count("SEARCH criteria_versions USING PRIMARY KEY (id=?)") == 2
    assert lines(plans).count("(tenant_id=? AND digest=?)") == 2


@pytest.mark.parametrize(("before", "columns"), [(None, ""), (200, " AND version<?")])
async def test_a_page_of_versions_is_read_in_its_order(
    job: JobUnderTest, file: Path, before: int | None, columns: str
) -> None:
    plans = await plans_of(file, job.versions(limit=20, before=before))
    assert_no_scan(plans)
    index = f"INDEX ix_criteria_versions_tenant_id_job_id_version (tenant_id=? AND job_id=?{columns})"
    assert index in lines(plans)
    assert "USE TEMP B-TREE" not in lines(plans)


async def test_changes_find_what_they_need_by_keys_however_many_versions_there_were(
    job: JobUnderTest, file: Path
) -> None:
    of_texts = await job.bring_texts("A backend engineer.")

    async def work() -> None:
        await job.store.save_derived(of_texts, criteria_of("Rust"))
        await job.set("Rust")
        await job.set("0")
        await job.archive()
        assert isinstance(await job.try_change(criteria_of("new"), reservation=await job.reserve()), CriteriaOutcome)

    plans = await plans_of(file, work())
    assert_no_scan(plans)
    assert "(tenant_id=? AND job_id=? AND digest=?)" in lines(plans)
    assert "USE TEMP B-TREE" not in lines(plans)
    on_keys = [line for line in lines(plans).splitlines() if "idempotency_keys" in line]
    whole_key = "SEARCH idempotency_keys USING PRIMARY KEY (partner_id=? AND environment=? AND key=?)"
    assert set(on_keys) == {whole_key}
    assert len(on_keys) == 2


async def test_a_key_is_read_and_given_back_by_itself(job: JobUnderTest, file: Path) -> None:
    held = await job.reserve()
    plans = await plans_of(file, job.try_reserve())
    assert_no_scan(plans)
    assert "idempotency_keys USING PRIMARY KEY (partner_id=? AND environment=? AND key=?)" in lines(plans)
    (release,) = await plans_of_deletions(file, job.store.release(held))
    assert release == ["SEARCH idempotency_keys USING PRIMARY KEY (partner_id=? AND environment=? AND key=?)"]


@pytest.mark.parametrize("seconds", [0, LEASE_SECONDS, KEPT_SECONDS])
async def test_expired_keys_are_found_by_when_they_expire(job: JobUnderTest, file: Path, seconds: int) -> None:
    job.under_test.clock.advance(seconds)
    (forget,) = await plans_of_deletions(file, job.reserve(call_of("new")))
    assert [line for line in forget if line.startswith("SCAN")] == []
    assert "SEARCH idempotency_keys USING COVERING INDEX ix_idempotency_keys_expires_at (expires_at<?)" in forget
    assert "SEARCH idempotency_keys USING PRIMARY KEY (partner_id=? AND environment=? AND key=?)" in forget
    assert not any("TEMP B-TREE" in line for line in forget)
