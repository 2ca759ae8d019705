"""A store that is locked or full refuses new work and nothing else, and the service recovers by itself."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
import psutil
import pytest
from nova.scoring.v1.scoring_service_pb2 import GetScoringBatchResponse, SubmitScoringBatchResponse

from tests.support.api import Refusal, refusal
from tests.support.health import NOT_SERVING, SERVING, health, until_health_is
from tests.support.held_site import LOOPBACK, held_site
from tests.support.requests import COMPLETED, get, text_batch, url_batch, watch
from tests.support.running_server import Metadata, RunningServer, forked, make_key, metadata_of, stub_of
from tests.support.server_log import PATIENCE_SECONDS

IMPATIENT = {"store_busy_timeout_seconds": 0.1, "sweep_seconds": 0.1, "allow_networks": LOOPBACK}


@dataclass(frozen=True, slots=True)
class Client:
    """A caller of a running server."""

    server: RunningServer
    channel: grpc.aio.Channel
    metadata: Metadata
    file: Path

    async def submit(self, *applications: str) -> SubmitScoringBatchResponse:
        return await stub_of(self.channel).SubmitScoringBatch(text_batch("job-1", applications), metadata=self.metadata)

    async def submit_url(self, url: str) -> SubmitScoringBatchResponse:
        return await stub_of(self.channel).SubmitScoringBatch(url_batch("job-1", [url]), metadata=self.metadata)

    async def read(self, batch_id: str) -> GetScoringBatchResponse:
        return await stub_of(self.channel).GetScoringBatch(get("job-1", batch_id), metadata=self.metadata)

    async def finished(self, batch_id: str) -> GetScoringBatchResponse:
        """Return a batch once it ended."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            changes = stub_of(self.channel).WatchScoringBatch(watch("job-1", batch_id), metadata=self.metadata)
            async for _ in changes:
                pass
        return await self.read(batch_id)

    def stored(self) -> dict[str, int]:
        """Return how many rows there are of each kind."""
        tables = ("scoring_batches", "scoring_batch_jobs", "scoring_jobs", "scoring_inputs", "texts")
        with closing(sqlite3.connect(self.file)) as store:
            count = "SELECT count(*) FROM {}"
            return {table: store.execute(count.format(table)).fetchone()[0] for table in tables}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """A caller of a server that does not wait long for its store."""
    _, secret = await make_key(tmp_path)
    with forked(tmp_path, **IMPATIENT) as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            yield Client(server, channel, metadata_of(secret), tmp_path / "nova.sqlite3")


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the write lock of the store, as a backup that went wrong would."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute(f"PRAGMA busy_timeout = {PATIENCE_SECONDS * 1000}")
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full(client: Client) -> Iterator[None]:
    """Let no file of the server grow, as on a full disk."""
    process = psutil.Process(client.server.pid)
    process.rlimit(psutil.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    yield
    process.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def assert_store_away(refused: Refusal) -> None:
    assert refused.code is grpc.StatusCode.UNAVAILABLE
    assert refused.info.reason == "SERVICE_UNAVAILABLE"
    assert refused.info.metadata["retryable"] == "true"
    assert "sqlite" not in refused.message.lower()


async def test_a_locked_store_takes_no_batch_and_is_still_read(client: Client) -> None:
    accepted = await client.submit("anna", "ben")
    before = client.stored()
    with locked(client.file):
        assert_store_away(await refusal(client.submit("carl", "dora")))
        assert (await client.read(accepted.batch.id)).batch.total_jobs == 2
        assert client.stored() == before
    again = await client.submit("carl", "dora")
    assert (await client.finished(again.batch.id)).batch.status == COMPLETED
    assert (await client.finished(accepted.batch.id)).batch.status == COMPLETED


async def test_a_store_that_stays_locked_takes_the_service_out_of_rotation_until_the_lock_goes(client: Client) -> None:
    await until_health_is(client.channel, SERVING)
    with locked(client.file):
        await until_health_is(client.channel, NOT_SERVING)
    await until_health_is(client.channel, SERVING)
    assert (await client.submit("anna")).batch.total_jobs == 1


async def test_a_result_that_finds_the_store_locked_is_written_when_the_lock_goes(client: Client) -> None:
    async with held_site() as site:
        accepted = await client.submit_url(site.url)
        await site.asked.get()
        with locked(client.file):
            site.answer()
            await asyncio.to_thread(client.server.log.wait_for, "outcome_not_written")
        assert (await client.finished(accepted.batch.id)).batch.status == COMPLETED


async def test_a_full_disk_takes_no_batch_and_stores_no_half_of_one(client: Client) -> None:
    accepted = await client.submit("anna")
    await client.finished(accepted.batch.id)
    before = client.stored()
    with full(client):
        refused = [refusal(client.submit(f"late-{number}", f"too late-{number}")) for number in range(20)]
        for answer in await asyncio.gather(*refused):
            assert_store_away(answer)
        assert (await client.read(accepted.batch.id)).batch.status == COMPLETED
        assert client.stored() == before
    again = await client.submit("late-1", "too late-1")
    assert (await client.finished(again.batch.id)).batch.status == COMPLETED
    assert client.server.stop() == 0


async def test_a_result_that_finds_the_disk_full_is_written_when_there_is_room(client: Client) -> None:
    async with held_site() as site:
        accepted = await client.submit_url(site.url)
        await site.asked.get()
        with full(client):
            site.answer()
            await asyncio.to_thread(client.server.log.wait_for, "outcome_not_written")
            # What was scored can be read, and so the service stays in rotation.
            assert await health(client.channel) == SERVING
        assert (await client.finished(accepted.batch.id)).batch.status == COMPLETED
