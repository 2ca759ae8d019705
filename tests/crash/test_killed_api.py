"""Callers whose api is killed while they wait for its answer are told to come again, whichever way they came in."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from tests.crash.chaos.doors import Door, TryAgain, grpc_door, rest_door
from tests.support.named_nodes import NamedNode, named_cluster
from tests.support.queue_history import connected
from tests.support.requests import text_batch
from tests.support.server_log import PATIENCE_SECONDS

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND wait_event = 'relation'"


async def until_served(door: Door) -> None:
    """Submit a batch until it is accepted."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                await door.submit(text_batch("job-1", ["anna"]))
            except TryAgain:
                continue
            return


async def until_someone_waits(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Wait until a submission has come as far as the table that is locked."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await connection.fetchval(WAITING):
            pass


async def told_when_killed(door: Door, api: NamedNode, connection: asyncpg.Connection[asyncpg.Record]) -> str:
    """Submit a batch, kill the api that is about to store it, and return what the caller is told."""
    async with connection.transaction():
        await connection.execute("LOCK TABLE scoring_batches IN EXCLUSIVE MODE")
        submitting = asyncio.create_task(door.submit(text_batch("job-1", [f"ben, {door.name}"])))
        await until_someone_waits(connection)
        await asyncio.to_thread(api.revive)
        with pytest.raises(TryAgain) as caught:
            await submitting
    return str(caught.value)


async def test_callers_who_wait_for_an_api_that_is_killed_are_told_to_come_again(postgresql_url: str) -> None:
    async with (
        named_cluster(postgresql_url, apis=1, workers=0) as cluster,
        connected(postgresql_url) as connection,
        grpc_door("grpc", cluster.addresses[0], cluster.metadata) as by_grpc,
        grpc_door("gateway", cluster.rest_url.removeprefix("http://"), cluster.metadata) as by_gateway,
        rest_door(cluster.rest_url, cluster.metadata) as by_rest,
    ):
        told = {}
        for door in (by_grpc, by_gateway, by_rest):
            await until_served(door)
            told[door.name] = await told_when_killed(door, cluster.apis[0], connection)
    assert told == {"grpc": "UNAVAILABLE", "gateway": "UNAVAILABLE", "rest": "503"}
