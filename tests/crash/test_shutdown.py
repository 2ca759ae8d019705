"""SIGTERM during load: every call gets an answer, every promise is kept, and the process ends by itself."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from nova.scoring.v1.scoring_service_pb2 import WatchScoringBatchResponse

from tests.crash.load import Load
from tests.crash.test_kill import assert_all_kept, assert_one_result_a_job
from tests.support.api import refusal
from tests.support.health import NOT_SERVING, SERVING, until_health_is
from tests.support.held_site import LOOPBACK, HeldSite, held_site
from tests.support.requests import COMPLETED, get, url_batch, watch
from tests.support.running_server import Metadata, RunningServer, forked, make_key, metadata_of, stub_of

BUSY_SECONDS = 1


@pytest.fixture
async def metadata(tmp_path: Path) -> Metadata:
    """A key in the store of the test."""
    _, secret = await make_key(tmp_path)
    return metadata_of(secret)


@pytest.fixture
async def site() -> AsyncIterator[HeldSite]:
    async with held_site() as running:
        yield running


async def exit_code(server: RunningServer) -> int:
    return await asyncio.to_thread(server.exit_code)


def job_rows(data: Path) -> list[tuple[str, int]]:
    """Return state and starts of every job, as the store holds them."""
    with closing(sqlite3.connect(data / "nova.sqlite3")) as store:
        return store.execute("SELECT state, starts FROM scoring_jobs").fetchall()


async def test_a_stop_under_load_loses_nothing_and_refuses_what_it_cannot_take(
    tmp_path: Path, metadata: Metadata
) -> None:
    load = Load(11, metadata)
    with forked(tmp_path) as server:
        async with load.sent_to(await asyncio.to_thread(lambda: server.address)):
            await load.acknowledgements(40)
            server.terminate()  # every call after it must be answered or be UNAVAILABLE: see Load
        assert await exit_code(server) == 0
        assert server.log.lines()[-1]["event"] == "stopped"
    assert {state for state, _ in job_rows(tmp_path)} <= {"pending", "completed"}
    with forked(tmp_path) as server:
        assert_all_kept(load, await load.finish(server.address))
        assert server.log.first("leases_swept") is None, "a job was left behind under its lease"
        assert server.stop() == 0
    assert_one_result_a_job(tmp_path / "nova.sqlite3", load)


async def test_a_job_that_outlives_the_grace_is_released_with_its_start_given_back(
    tmp_path: Path, metadata: Metadata, site: HeldSite
) -> None:
    settings = {"allow_networks": LOOPBACK, "shutdown_grace_seconds": 0.2}
    with forked(tmp_path, **settings) as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            batch = (await stub_of(channel).SubmitScoringBatch(url_batch("job-1", [site.url]), metadata=metadata)).batch
            await site.asked.get()
            server.terminate()
            assert await exit_code(server) == 0
    assert job_rows(tmp_path) == [("pending", 0)]
    site.answer()
    with forked(tmp_path, **settings) as server:
        assert [status for status, _ in await watched(server, metadata, batch.id)][-1] == COMPLETED
    assert job_rows(tmp_path) == [("completed", 1)]


async def watched(server: RunningServer, metadata: Metadata, batch_id: str) -> list[tuple[int, int]]:
    """Follow a batch to its end. Returns its status and the number of news at each step."""
    async with grpc.aio.insecure_channel(server.address) as channel:
        changes = stub_of(channel).WatchScoringBatch(watch("job-1", batch_id), metadata=metadata)
        return [(change.batch.status, len(change.scoring_jobs)) async for change in changes]


async def test_a_job_that_ends_within_the_grace_is_written(tmp_path: Path, metadata: Metadata, site: HeldSite) -> None:
    with forked(tmp_path, allow_networks=LOOPBACK) as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            await stub_of(channel).SubmitScoringBatch(url_batch("job-1", [site.url]), metadata=metadata)
            await site.asked.get()
            server.terminate()
            await asyncio.to_thread(server.log.wait_for, "stopping")
            site.answer()
            assert await exit_code(server) == 0
    assert job_rows(tmp_path) == [("completed", 1)]


async def test_watchers_are_told_that_the_service_goes_away(tmp_path: Path, metadata: Metadata, site: HeldSite) -> None:
    with forked(tmp_path, allow_networks=LOOPBACK, shutdown_grace_seconds=5) as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            stub = stub_of(channel)
            batch = (await stub.SubmitScoringBatch(url_batch("job-1", [site.url]), metadata=metadata)).batch
            changes = stub.WatchScoringBatch(watch("job-1", batch.id), metadata=metadata)
            first: WatchScoringBatchResponse = await anext(aiter(changes))
            assert first.batch.id == batch.id
            server.terminate()
            told = await refusal(anext(aiter(changes)))
            site.answer()
            assert await exit_code(server) == 0
    assert told.code is grpc.StatusCode.UNAVAILABLE
    assert (told.info.reason, told.info.domain) == ("SERVICE_UNAVAILABLE", "nova")
    assert told.info.metadata["retryable"] == "true"
    assert told.info.metadata["trace_id"] == told.trace_id


async def test_health_says_not_serving_before_the_process_ends(
    tmp_path: Path, metadata: Metadata, site: HeldSite
) -> None:
    with forked(tmp_path, allow_networks=LOOPBACK) as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            await stub_of(channel).SubmitScoringBatch(url_batch("job-1", [site.url]), metadata=metadata)
            await site.asked.get()
            await until_health_is(channel, SERVING)
            watching = asyncio.create_task(until_health_is(channel, NOT_SERVING))
            server.terminate()
            await watching
            site.answer()
            assert await exit_code(server) == 0


async def test_an_idle_server_stops_although_callers_are_connected(tmp_path: Path, metadata: Metadata) -> None:
    with forked(tmp_path, shutdown_grace_seconds=3600) as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            unknown = await refusal(stub_of(channel).GetScoringBatch(get("job-1", "unknown"), metadata=metadata))
            assert unknown.code is grpc.StatusCode.NOT_FOUND
            server.terminate()
            assert await exit_code(server) == 0


async def test_a_second_sigterm_ends_the_process_at_once_and_still_loses_nothing(
    tmp_path: Path, metadata: Metadata, site: HeldSite
) -> None:
    with forked(tmp_path, allow_networks=LOOPBACK, shutdown_grace_seconds=3600) as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            batch = (await stub_of(channel).SubmitScoringBatch(url_batch("job-1", [site.url]), metadata=metadata)).batch
            await site.asked.get()
            server.terminate()
            await asyncio.to_thread(server.log.wait_for, "stopping")
            server.terminate()
            assert await exit_code(server) == 1
    site.answer()
    with forked(tmp_path, allow_networks=LOOPBACK) as server:
        assert [status for status, _ in await watched(server, metadata, batch.id)][-1] == COMPLETED


def moment(line: dict[str, Any]) -> float:
    """Return when a line was logged, in seconds."""
    return datetime.fromisoformat(line["timestamp"]).timestamp()


async def test_a_stop_while_the_store_is_locked_waits_for_it_once_and_not_for_every_job(
    tmp_path: Path, metadata: Metadata, site: HeldSite
) -> None:
    jobs = 8
    settings = {"allow_networks": LOOPBACK, "shutdown_grace_seconds": 0.1, "store_busy_timeout_seconds": BUSY_SECONDS}
    with forked(tmp_path, **settings) as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            urls = [f"{site.url}/{number}" for number in range(jobs)]
            batch = (await stub_of(channel).SubmitScoringBatch(url_batch("job-1", urls), metadata=metadata)).batch
            for _ in range(jobs):
                await site.asked.get()
            with closing(sqlite3.connect(tmp_path / "nova.sqlite3", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                server.terminate()
                assert await exit_code(server) == 0
        failed = [moment(line) for line in server.log.lines() if line["event"] == "release_failed"]
    assert len(failed) == jobs
    waits = [later - earlier for earlier, later in pairwise(failed) if later - earlier > BUSY_SECONDS / 2]
    assert len(waits) <= 1, "the jobs waited for the store one after another"
    site.answer()
    with forked(tmp_path, allow_networks=LOOPBACK) as server:
        assert [status for status, _ in await watched(server, metadata, batch.id)][-1] == COMPLETED
