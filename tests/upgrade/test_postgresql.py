"""Processes of the previous release and of this one work on the same queue while an upgrade is rolled out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import grpc.aio
import pytest

from tests.support.queue_history import JOBS, named, note_changes, noted_changes
from tests.support.queue_model import follow
from tests.support.requests import COMPLETED, get, text_batch, watch
from tests.support.running_server import (
    Metadata,
    RunningServer,
    forked_command,
    make_key,
    metadata_of,
    stub_of,
    variables,
)
from tests.support.server_log import PATIENCE_SECONDS
from tests.upgrade.releases import Release, unpacked_with_postgresql

API, WORKER = ("serve", "--roles", "api"), ("worker",)
NAMES = [f"application-{number}" for number in range(10)]
Start = Callable[..., AbstractContextManager[RunningServer]]


@pytest.fixture
def previous() -> Release:
    return unpacked_with_postgresql()


def ours(data_dir: Path, *arguments: str, **settings: object) -> AbstractContextManager[RunningServer]:
    return forked_command(arguments, variables(data_dir, settings))


async def assert_scored(api: Start, worker: Start, url: str, folder: Path) -> None:
    """Check that a worker scores what an api took, and that watchers at the api are told so."""
    await note_changes(url)
    metadata = metadata_of((await make_key(folder, database_url=url))[1])
    with (
        worker(folder / "worker", *WORKER, database_url=named(url, "worker")) as scoring,
        api(folder / "api", *API, database_url=named(url, "api")) as serving,
    ):
        await asyncio.to_thread(scoring.serving)
        await submit_and_wait(await asyncio.to_thread(lambda: serving.address), metadata)
        for process in (serving, scoring):
            assert await asyncio.to_thread(process.stop) == 0
    changes = await noted_changes(url)
    assert follow(changes)[JOBS]["ended"] == len(NAMES)
    assert {change.writer for change in changes if change.state == "completed"} == {"worker"}


async def submit_and_wait(address: str, metadata: Metadata) -> None:
    async with grpc.aio.insecure_channel(address) as channel, asyncio.timeout(PATIENCE_SECONDS):
        stub = stub_of(channel)
        batch = (await stub.SubmitScoringBatch(text_batch("job-1", NAMES), metadata=metadata)).batch
        async for _ in stub.WatchScoringBatch(watch("job-1", batch.id), metadata=metadata):
            pass
        found = await stub.GetScoringBatch(get("job-1", batch.id), metadata=metadata)
        assert (found.batch.status, found.batch.completed_jobs) == (COMPLETED, len(NAMES))


async def test_what_an_api_of_the_previous_release_takes_is_scored_by_a_worker_of_this_one(
    previous: Release, postgresql_url: str, tmp_path: Path
) -> None:
    await assert_scored(previous.started, ours, postgresql_url, tmp_path)


async def test_what_an_api_of_this_release_takes_is_scored_by_a_worker_of_the_previous_one(
    previous: Release, postgresql_url: str, tmp_path: Path
) -> None:
    await assert_scored(ours, previous.started, postgresql_url, tmp_path)
