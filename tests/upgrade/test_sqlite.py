"""The release before this one works on a SQLite store with the schema of this one, so that one can go back to it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import grpc.aio
import pytest
from nova_server.foundation import migrate, open_webhooks
from nova_server.ports.tenancy import Caller, Environment
from nova_server.settings import Settings

from tests.support.held_site import LOOPBACK
from tests.support.requests import COMPLETED, get, text_batch, watch
from tests.support.running_server import Metadata, RunningServer, forked, make_key, metadata_of, stub_of
from tests.support.server_log import PATIENCE_SECONDS
from tests.support.webhook_receiver import Receiver, receiving
from tests.upgrade.releases import SQLITE, Release, unpacked

OWNER = Caller("partner-1", Environment.SANDBOX)
NEWEST_REVISION_OF_THE_RELEASE = "0003"


@pytest.fixture
def previous() -> Release:
    return unpacked(SQLITE)


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """The folder of a new store with the schema of the code at hand."""
    folder = tmp_path / "data"
    await asyncio.to_thread(migrate, Settings(data_dir=folder))
    return folder


async def submit_and_wait(server: RunningServer, metadata: Metadata, name: str) -> str:
    """Submit an application, wait until it has its score, and return the id of its batch."""
    address = await asyncio.to_thread(lambda: server.address)
    async with grpc.aio.insecure_channel(address) as channel, asyncio.timeout(PATIENCE_SECONDS):
        stub = stub_of(channel)
        batch = (await stub.SubmitScoringBatch(text_batch("job-1", [name]), metadata=metadata)).batch
        async for _ in stub.WatchScoringBatch(watch("job-1", batch.id), metadata=metadata):
            pass
        assert await is_complete(server, metadata, batch.id)
        return str(batch.id)


async def is_complete(server: RunningServer, metadata: Metadata, batch_id: str) -> bool:
    """Tell whether a batch is there with all its scores."""
    async with grpc.aio.insecure_channel(await asyncio.to_thread(lambda: server.address)) as channel:
        found = await stub_of(channel).GetScoringBatch(get("job-1", batch_id), metadata=metadata)
        return found.batch.status == COMPLETED and all(job.HasField("score") for job in found.scoring_jobs)


async def new_endpoint(data: Path, url: str) -> None:
    async with open_webhooks(Settings(data_dir=data)) as webhooks:
        await webhooks.create_endpoint(OWNER, url, name=None, events=(), enabled=True)


async def until_told(receiver: Receiver, batch_id: str) -> None:
    await receiver.until(lambda: ("batch.completed", batch_id) in receiver.ids())


def take_back_the_revision(data: Path) -> None:
    """Let the release take the schema for its own, as docs/operations/upgrades.md says."""
    with closing(sqlite3.connect(data / "nova.sqlite3")) as store, store:
        store.execute("UPDATE alembic_version SET version_num = ?", (NEWEST_REVISION_OF_THE_RELEASE,))


async def test_one_can_go_back_to_the_previous_release_and_forth_again(previous: Release, data: Path) -> None:
    metadata = metadata_of((await make_key(data))[1])
    async with receiving() as receiver:
        await new_endpoint(data, receiver.url)
        with forked(data, allow_networks=LOOPBACK) as ours:
            first = await submit_and_wait(ours, metadata, "anna")
            await until_told(receiver, first)
            assert await asyncio.to_thread(ours.stop) == 0
        take_back_the_revision(data)
        with previous.started(data, "serve", allow_networks=LOOPBACK) as theirs:
            assert await is_complete(theirs, metadata, first)
            second = await submit_and_wait(theirs, metadata, "ben")
            await until_told(receiver, second)
            assert await asyncio.to_thread(theirs.stop) == 0
        with forked(data, allow_networks=LOOPBACK) as ours:
            assert await is_complete(ours, metadata, first)
            assert await is_complete(ours, metadata, second)


async def test_the_previous_release_goes_on_while_its_schema_is_migrated(previous: Release, tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with receiving() as receiver:
        with previous.started(data, "serve", allow_networks=LOOPBACK) as theirs:
            await asyncio.to_thread(theirs.serving)
            await asyncio.to_thread(migrate, Settings(data_dir=data))
            metadata = metadata_of((await make_key(data))[1])
            await new_endpoint(data, receiver.url)
            batch_id = await submit_and_wait(theirs, metadata, "anna")
            await until_told(receiver, batch_id)
