"""Behind a pooler that gives out a connection for one transaction, everything is as it is without one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from nova_server.errors import StoreUnavailable
from nova_server.ports.scoring import BatchStatus
from nova_server.storage.options import StoreOptions
from nova_server.storage.schema import scoring_batches
from sqlalchemy import text

from tests.support.postgresql import PostgresqlDatabases, require_pgbouncer
from tests.support.queue_history import connected
from tests.support.store import LEASE_SECONDS, StoreUnderTest, open_store
from tests.support.stored_criteria import criteria_of, job_of
from tests.support.stored_webhooks import add_endpoint, add_test, claim_one, end, news
from tests.support.submissions import rescore, single, submission, submissions
from tools.pgbouncer import PgBouncer
from tools.postgresql import PostgresServer

POOLED = StoreOptions(transaction_pooling=True)
IMPATIENT = StoreOptions(transaction_pooling=True, statement_timeout_seconds=0.05)
SETTINGS = """
    SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('enable_seqscan')
"""


@pytest.fixture
def pooled_url(pgbouncer: PgBouncer, postgresql_url: str) -> str:
    """The URL of the database through the pooler."""
    return pgbouncer.url(postgresql_url.rpartition("/")[2])


@pytest.fixture
async def store(pooled_url: str) -> AsyncIterator[StoreUnderTest]:
    async with open_store(pooled_url, options=POOLED) as opened:
        yield opened


async def test_a_batch_goes_its_way(store: StoreUnderTest) -> None:
    await add_endpoint(store)
    accepted = await store.submit(submission("anna", "ben"))
    anna, ben = await store.claim()
    assert await store.complete(anna)
    assert await store.requeue(ben)
    store.clock.advance(1)
    await store.claim()
    store.clock.advance(LEASE_SECONDS + 1)
    assert (await store.sweep()).requeued == 1
    await store.complete_everything()
    assert (await store.read(accepted)).batch.status is BatchStatus.COMPLETED
    assert sorted(await news(store)) == ["anna scored 7", "batch of 2", "ben scored 7"]


async def test_applications_criteria_and_webhooks_go_their_way(store: StoreUnderTest) -> None:
    job = await store.submit_job(single("anna"))
    assert await store.submit_job(single("anna")) == job
    criteria = job_of(store)
    reservation = await criteria.reserve()
    await criteria.set("Go", reservation=reservation)
    assert (await criteria.active()).criteria == criteria_of("Go")
    assert (await store.submit_job(rescore("anna"))).is_rescore
    endpoint = await add_endpoint(store)
    await add_test(store, endpoint)
    assert await end(store, await claim_one(store))


@pytest.fixture
def narrow_url(postgresql: PostgresqlDatabases, postgresql_url: str, tmp_path: Path) -> Iterator[str]:
    """The URL of the database through a pooler with two connections to the server."""
    require_pgbouncer()
    with PgBouncer(tmp_path / "pgbouncer", postgresql.server, {"default_pool_size": 2}) as pooler:
        yield pooler.url(postgresql_url.rpartition("/")[2])


async def test_many_calls_of_two_processes_share_few_connections(narrow_url: str) -> None:
    async with open_store(narrow_url, options=POOLED) as one, open_store(narrow_url, options=POOLED) as other:
        both = (one, other)
        work = (store.submit(batch) for batch in submissions(25, size=4) for store in both)
        answers = await asyncio.gather(*work)
        assert len({answer.batch.id for answer in answers}) == await one.count(scoring_batches) == 25
        await asyncio.gather(*(store.complete_everything() for store in both * 3))
        found = [(await one.read(answer)).batch for answer in answers]
    assert {(batch.status, batch.completed_jobs) for batch in found} == {(BatchStatus.COMPLETED, 4)}


async def test_the_limits_of_a_transaction_are_gone_with_it(narrow_url: str) -> None:
    async with open_store(narrow_url, options=IMPATIENT) as store, connected(narrow_url) as other:
        limited = await store.database.read(lambda connection: connection.execute(text(SETTINGS)).one())
        with pytest.raises(StoreUnavailable):
            await store.database.read(lambda connection: connection.execute(text("SELECT pg_sleep(60)")))
        found = {tuple(await other.fetchrow(SETTINGS) or ()) for _ in range(4)}
    assert tuple(limited) == ("50ms", "5s", "off")
    assert found == {("0", "0", "on")}


async def test_a_restart_of_the_server_behind_it_costs_nothing(
    own_url: str, own_server: PostgresServer, tmp_path: Path
) -> None:
    require_pgbouncer()
    with PgBouncer(tmp_path / "pgbouncer", own_server) as pooler:
        async with open_store(pooler.url(own_url.rpartition("/")[2]), options=POOLED) as store:
            accepted = await store.submit(submission("anna"))
            await asyncio.to_thread(own_server.restart, "immediate")
            assert (await store.read(accepted)).batch == accepted.batch
            assert await store.submit(submission("anna")) == accepted
