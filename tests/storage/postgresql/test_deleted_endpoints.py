"""What is written for an endpoint while another process deletes it goes with it, whoever comes first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from nova_server.storage.schema import webhook_deliveries

from tests.support.clock import PATIENCE_SECONDS
from tests.support.store import StoreUnderTest, open_store
from tests.support.stored_webhooks import OWNER, add_endpoint, add_test
from tests.support.submissions import submission

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture
async def store(postgresql_url: str) -> AsyncIterator[StoreUnderTest]:
    async with open_store(postgresql_url) as opened:
        yield opened


@pytest.fixture
async def other(postgresql_url: str, store: StoreUnderTest) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """The transaction of another process."""
    assert store
    connection = await asyncpg.connect(postgresql_url)
    yield connection
    await connection.close()


async def until_somebody_waits(other: asyncpg.Connection[asyncpg.Record]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await other.fetchval(WAITING):
            pass


async def test_a_deletion_waits_for_those_who_write_for_the_endpoint(
    store: StoreUnderTest, other: asyncpg.Connection[asyncpg.Record]
) -> None:
    endpoint = await add_endpoint(store)
    async with other.transaction():
        await other.execute("SELECT id FROM webhook_endpoints WHERE id = $1 FOR KEY SHARE", endpoint.id)
        deleting = asyncio.create_task(store.webhooks.delete_endpoint(OWNER, endpoint.id))
        await until_somebody_waits(other)
        await other.execute(
            "INSERT INTO webhook_deliveries (id, endpoint_id, event_id, state, available_at)"
            " VALUES ('late', $1, 'late', 'pending', 0)",
            endpoint.id,
        )
    assert await deleting == endpoint
    assert await store.count(webhook_deliveries) == 0


@pytest.mark.parametrize("what", ["the end of a job", "a test"])
async def test_nothing_is_written_for_an_endpoint_that_is_being_deleted(
    store: StoreUnderTest, other: asyncpg.Connection[asyncpg.Record], what: str
) -> None:
    endpoint = await add_endpoint(store)
    await store.submit(submission("anna"))
    lease = await store.claim_one()
    async with other.transaction():
        await other.execute("DELETE FROM webhook_endpoints WHERE id = $1", endpoint.id)
        work = store.complete(lease) if what == "the end of a job" else add_test(store, endpoint)
        writing = asyncio.ensure_future(work)
        await until_somebody_waits(other)
    assert await writing
    assert await store.count(webhook_deliveries) == 0
