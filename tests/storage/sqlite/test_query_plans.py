"""Every statement on a hot path finds its rows through an index, whatever is in the store.

The statements are not repeated here, see `tests/support/query_plans.py`.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import pytest
from nova_server.ports.clock import plus_seconds
from nova_server.ports.queue import Extension
from sqlalchemy import Engine, event

from tests.support.query_plans import assert_no_scan, lines, plans_of
from tests.support.store import StoreUnderTest, open_store, sqlite_url
from tests.support.submissions import ACME, GLOBEX, rescore, single, submission, submissions


async def executed_by(work: Awaitable[object]) -> list[str]:
    """Return every statement that is executed, in its order, as often as it is. One for many rows is executed once."""
    executed: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        executed.append(statement)

    event.listen(Engine, "before_cursor_execute", record)
    await work
    event.remove(Engine, "before_cursor_execute", record)
    return executed


async def fill(folder: Path) -> None:
    """Make a store with 2,000 finished jobs of two tenants, 600 that wait and 40 that run, without statistics."""
    async with open_store(sqlite_url(folder)) as store:
        for tenant in (ACME, GLOBEX):
            await asyncio.gather(*(store.submit(one) for one in submissions(40, tenant=tenant)))
        await store.complete_everything()
        await asyncio.gather(*(store.submit(one) for one in submissions(24, job_id="job-2")))
        await store.claim(40)


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


async def test_a_claim_reads_the_indexes_of_unfinished_jobs(store: StoreUnderTest, file: Path) -> None:
    plans = await plans_of(file, store.claim(16, group_limit=100))
    assert_no_scan(plans)
    assert re.search(r"SEARCH scoring_jobs USING (COVERING )?INDEX ix_scoring_jobs_running", lines(plans))
    assert re.search(r"SEARCH scoring_jobs USING (COVERING )?INDEX ix_scoring_jobs_pending", lines(plans))
    assert "USE TEMP B-TREE" not in lines(plans)


async def test_a_claim_beside_full_tenants_jumps_from_tenant_to_tenant(store: StoreUnderTest, file: Path) -> None:
    plans = await plans_of(file, store.claim(16, group_limit=8))
    assert_no_scan(plans)
    assert "INDEX ix_scoring_jobs_pending_by_tenant (tenant_id>?)" in lines(plans)
    assert "INDEX ix_scoring_jobs_pending_by_tenant (tenant_id=?)" in lines(plans)


async def test_a_claim_behind_the_queue_of_a_full_tenant_goes_from_tenant_to_tenant(
    store: StoreUnderTest, file: Path
) -> None:
    await asyncio.gather(*(store.submit(one) for one in submissions(2, tenant=GLOBEX, job_id="job-2")))
    for _ in range(4):  # so that the first of its jobs are done, and the others wait behind those of the full tenant
        for lease in await store.claim(8, group_limit=40):
            await store.complete(lease)
    plans = await plans_of(file, store.claim(2, group_limit=40))
    assert_no_scan(plans)
    assert "INDEX ix_scoring_jobs_pending_by_tenant (tenant_id=?)" in lines(plans)
    assert "INDEX ix_scoring_jobs_pending_by_tenant (tenant_id>?)" in lines(plans)


async def test_a_sweep_reads_the_index_of_running_jobs(store: StoreUnderTest, file: Path) -> None:
    store.clock.advance(60)
    plans = await plans_of(file, store.sweep())
    assert_no_scan(plans)
    assert re.search(r"SEARCH scoring_jobs USING (COVERING )?INDEX ix_scoring_jobs_running", lines(plans))


async def test_heartbeats_completions_and_returns_go_by_the_jobs_id(store: StoreUnderTest, file: Path) -> None:
    first, second = await store.claim(2)

    async def work() -> None:
        await store.queue.extend(Extension((first, second), plus_seconds(store.clock.now(), 30)))
        assert await store.complete(first)
        assert await store.requeue(second)

    plans = await plans_of(file, work())
    assert_no_scan(plans)
    assert "SEARCH scoring_jobs USING PRIMARY KEY (id=?)" in lines(plans)
    assert "INDEX ix_scoring_batch_jobs_scoring_job_id (scoring_job_id=?)" in lines(plans)
    assert "SEARCH scoring_batches USING PRIMARY KEY (id=?)" in lines(plans)


async def test_a_batch_is_read_by_its_key(store: StoreUnderTest, file: Path) -> None:
    accepted = await store.submit(submission("anna"))
    plans = await plans_of(file, store.read(accepted))
    assert_no_scan(plans)
    assert "SEARCH scoring_batches USING PRIMARY KEY (id=?)" in lines(plans)
    assert "SEARCH scoring_batch_jobs USING PRIMARY KEY (batch_id=?)" in lines(plans)


async def test_the_texts_of_a_job_are_read_by_their_keys(store: StoreUnderTest, file: Path) -> None:
    accepted = await store.submit(submission("anna", role_knowledge="Knows Kafka."))
    plans = await plans_of(file, store.store.read_job_texts(accepted.scoring_job_ids))
    assert_no_scan(plans)
    assert lines(plans).count("(tenant_id=? AND digest=?)") == 4


async def test_a_submission_finds_what_is_there_by_its_identity(store: StoreUnderTest, file: Path) -> None:
    old_and_new = ["app-0000-00", "app-0001-00", "new"]

    async def work() -> None:
        await store.submit(submission(*old_and_new))
        await store.submit(submission(*reversed(old_and_new)))
        await store.submit(submission("other", job_description="Other criteria."))

    plans = await plans_of(file, work())
    assert_no_scan(plans)
    assert "SEARCH scoring_batches USING" in lines(plans)
    assert "(tenant_id=? AND job_id=? AND applications_digest=?)" in lines(plans)
    assert "(tenant_id=? AND job_id=? AND application_id=?" in lines(plans)


async def test_a_single_submission_finds_what_is_there_by_its_identity(store: StoreUnderTest, file: Path) -> None:
    async def work() -> None:
        await store.submit_jobs(single("app-0000-00"), single("new"), rescore("app-0001-00"))
        version = (await store.latest("new")).criteria_version_id
        await store.submit_jobs(rescore("app-0000-00", version), rescore("new", job_description="Other criteria."))

    plans = await plans_of(file, work())
    assert_no_scan(plans)
    assert "(tenant_id=? AND job_id=? AND application_id=? AND rescore_key=?)" in lines(plans)
    assert "SEARCH scoring_results USING" in lines(plans)
    assert "SEARCH criteria_versions USING PRIMARY KEY (id=?)" in lines(plans)


async def test_what_is_current_is_found_by_its_job_and_versions_are_numbered_from_an_index(
    store: StoreUnderTest, file: Path
) -> None:
    work = store.submit(submission("anna", job_description="Other criteria."))
    plans = await plans_of(file, work)
    assert_no_scan(plans)
    assert "SEARCH job_criteria USING PRIMARY KEY (tenant_id=? AND job_id=?)" in lines(plans)
    assert "INDEX ix_criteria_versions_tenant_id_job_id_version (tenant_id=? AND job_id=?)" in lines(plans)


async def test_a_job_is_read_by_its_id_and_the_latest_by_its_application(store: StoreUnderTest, file: Path) -> None:
    job = await store.latest("app-0000-00")
    by_id = await plans_of(file, store.store.read_job(ACME, "job-1", "app-0000-00", job.id))
    latest = await plans_of(file, store.latest("app-0000-00"))
    assert_no_scan(by_id | latest)
    assert "SEARCH scoring_jobs USING PRIMARY KEY (id=?)" in lines(by_id)
    assert "(tenant_id=? AND job_id=? AND application_id=? AND rescore_key=?)" in lines(latest)


async def test_an_application_costs_the_same_however_often_it_was_scored(store: StoreUnderTest, file: Path) -> None:
    async def work() -> None:
        await store.submit_jobs(single("app-0000-00"), rescore("app-0000-00"), rescore("app-0001-00"))
        await store.submit(submission("app-0000-00", "app-0001-00"))
        await store.latest("app-0000-00")

    # By less than the whole identity, all jobs of the application would be read.
    assert "application_id=?)" not in lines(await plans_of(file, work()))


@pytest.mark.parametrize("group", [1, 40])
async def test_a_group_takes_as_many_statements_however_many_submissions_it_holds(
    store: StoreUnderTest, group: int
) -> None:
    singles = [one for number in range(group) for one in (single(f"single-{number}"), rescore(f"app-{number:04d}-01"))]
    executed = await executed_by(store.submit_jobs(*singles))
    assert len(executed) == 13


async def test_a_batch_of_a_known_job_asks_for_its_criteria_once_and_writes_none(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    executed = await executed_by(store.submit(submission("ben", "cleo")))
    about_criteria = [statement for statement in executed if re.search("criteria_versions|job_criteria", statement)]
    assert len(about_criteria) == 1
    assert "FROM json_each" in about_criteria[0]


async def test_criteria_are_found_by_their_content_in_a_store_that_was_just_opened(
    store: StoreUnderTest, tmp_path: Path, file: Path
) -> None:
    await store.submit(submission("anna"))
    async with open_store(sqlite_url(tmp_path)) as fresh:
        plans = await plans_of(file, fresh.submit(submission("ben")))
    assert_no_scan(plans)
    assert "(tenant_id=? AND job_id=? AND digest=?)" in lines(plans)


async def test_measuring_the_queue_reads_the_indexes_of_unfinished_jobs(store: StoreUnderTest, file: Path) -> None:
    plans = await plans_of(file, store.queue.depth())
    assert_no_scan(plans)
    assert "COVERING INDEX ix_scoring_jobs_pending" in lines(plans)
    assert "COVERING INDEX ix_scoring_jobs_running" in lines(plans)


async def test_a_key_is_found_by_its_digest(store: StoreUnderTest, file: Path) -> None:
    plans = await plans_of(file, store.keys.find_key(b"\0" * 32))
    assert "SEARCH api_keys USING INDEX" in lines(plans)
    assert "(digest=?)" in lines(plans)
