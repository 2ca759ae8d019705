"""kill -9 at any moment loses nothing that was acknowledged, and does nothing twice."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import grpc.aio
import pytest
from nova.errors.v1 import error_reason_pb2
from nova.scoring.v1.scoring_service_pb2 import GetScoringBatchResponse

from tests.crash.load import Load
from tests.support.held_site import LOOPBACK, held_site
from tests.support.requests import COMPLETED, FAILED, get, url_batch, watch
from tests.support.running_server import Metadata, forked, make_key, metadata_of, started, stub_of

KILLS = 50
MAX_STARTS = 5


@pytest.fixture
async def metadata(tmp_path: Path) -> Metadata:
    """A key in the store of the test."""
    _, secret = await make_key(tmp_path)
    return metadata_of(secret)


async def test_fifty_kills_under_load_lose_nothing_and_do_nothing_twice(tmp_path: Path, metadata: Metadata) -> None:
    random = Random(20_260_301)
    load = Load(random.randrange(1_000_000), metadata)
    for _ in range(KILLS):
        # A job that is at work in five kills is given up. Here its luck is not what is looked at.
        with forked(tmp_path, max_starts=1_000, worker_processes=1) as server:
            if random.random() < 0.1:
                await asyncio.to_thread(server.kill)  # while it starts
                continue
            async with load.sent_to(await asyncio.to_thread(lambda: server.address)):
                await load.acknowledgements(random.randint(0, 12))
                await asyncio.to_thread(server.kill)
    with forked(tmp_path, max_starts=1_000) as server:
        batches = await load.finish(server.address)
        assert server.stop() == 0
    assert len(batches) > KILLS
    assert_all_kept(load, batches)
    assert_one_result_a_job(tmp_path / "nova.sqlite3", load)


def assert_all_kept(load: Load, batches: list[GetScoringBatchResponse]) -> None:
    """Check that every acknowledged batch is there, ended, and counted right."""
    assert {found.batch.id for found in batches} == set(load.acknowledged)
    for found in batches:
        promised = load.acknowledged[found.batch.id].scoring_job_ids
        assert {job.application_id: job.id for job in found.scoring_jobs} == promised
        assert found.batch.status == COMPLETED
        assert found.batch.HasField("completed_at")
        assert (found.batch.total_jobs, found.batch.completed_jobs) == (len(promised), len(promised))
        assert all(job.HasField("score") for job in found.scoring_jobs)


def assert_one_result_a_job(file: Path, load: Load) -> None:
    """Check that every application of a job has one scoring job, and every scoring job one result."""
    applications = {
        (batch.job_id, application, scoring_job)
        for batch in load.acknowledged.values()
        for application, scoring_job in batch.scoring_job_ids.items()
    }
    with closing(sqlite3.connect(file)) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = store.execute("SELECT job_id, application_id, id FROM scoring_jobs WHERE state = 'completed'").fetchall()
        results = store.execute("SELECT scoring_job_id FROM scoring_results").fetchall()
    assert len(rows) == len(applications)
    assert set(rows) == applications
    assert sorted(results) == sorted((scoring_job,) for _, _, scoring_job in applications)


async def test_the_command_itself_is_killed_and_goes_on_where_it_was(tmp_path: Path, metadata: Metadata) -> None:
    load = Load(7, metadata)
    with started(tmp_path) as server:
        async with load.sent_to(await asyncio.to_thread(lambda: server.address)):
            await load.acknowledgements(20)
            assert len(server.children()) == 2
            await asyncio.to_thread(server.kill)
    with started(tmp_path) as server:
        assert_all_kept(load, await load.finish(await asyncio.to_thread(lambda: server.address)))
        assert server.log.first("leases_swept") is not None
        assert server.stop() == 0


async def test_a_job_that_is_at_work_whenever_the_process_dies_is_given_up(tmp_path: Path, metadata: Metadata) -> None:
    batch_id = ""
    async with held_site() as site:
        for _ in range(MAX_STARTS):
            with forked(tmp_path, allow_networks=LOOPBACK, max_starts=MAX_STARTS) as server:
                async with grpc.aio.insecure_channel(server.address) as channel:
                    submission = url_batch("job-1", [site.url])
                    batch_id = (await stub_of(channel).SubmitScoringBatch(submission, metadata=metadata)).batch.id
                    await site.asked.get()
                    await asyncio.to_thread(server.kill)
    with forked(tmp_path, max_starts=MAX_STARTS) as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            async for _ in stub_of(channel).WatchScoringBatch(watch("job-1", batch_id), metadata=metadata):
                pass
            found = await stub_of(channel).GetScoringBatch(get("job-1", batch_id), metadata=metadata)
    assert found.batch.status == FAILED
    assert [job.error_code for job in found.scoring_jobs] == [error_reason_pb2.TASK_STUCK]
