"""Processes of a cluster are stopped under load, as at every upgrade: nothing is lost, fails, or waits for a lease."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from random import Random

import grpc.aio

from tests.crash.chaos.story import assert_kept, assert_queues_are_empty, callers_of
from tests.support.held_site import LOOPBACK, held_site
from tests.support.named_nodes import NamedCluster, named_cluster
from tests.support.queue_history import JOBS, Change, note_changes, noted_changes
from tests.support.queue_model import follow
from tests.support.requests import COMPLETED, get, url_batch, watch
from tests.support.running_server import stub_of
from tests.support.server_log import PATIENCE_SECONDS

RESUMES = 8  # as many as one tenant may have at work


async def test_a_worker_and_an_api_that_are_stopped_under_load_lose_no_batch_and_fail_no_job(
    postgresql_url: str,
) -> None:
    await note_changes(postgresql_url)
    async with (
        named_cluster(postgresql_url, apis=2, workers=3, allow_networks=LOOPBACK) as cluster,
        callers_of(cluster, Random(20_260_402)) as callers,
    ):
        async with callers.calling():
            for node in (cluster.workers[0], cluster.apis[0]):
                await callers.until_promised(20)
                await asyncio.to_thread(node.stop)
            await callers.until_promised(20)
        assert_kept(callers.promises, await callers.finish())
    changes = await noted_changes(postgresql_url)
    assert_queues_are_empty(changes, callers.promises.values())
    assert follow(changes)[JOBS]["rescued"] == 0


async def test_what_a_stopped_worker_lets_go_of_is_taken_up_by_others_before_its_lease_ends(
    postgresql_url: str,
) -> None:
    await note_changes(postgresql_url)
    settings = {"allow_networks": LOOPBACK, "shutdown_grace_seconds": 0.1, "lease_seconds": 3600}
    async with named_cluster(postgresql_url, apis=1, workers=3, **settings) as cluster, held_site() as site:
        batch_id = await submit(cluster, [f"{site.url}/{number}" for number in range(RESUMES)])
        for _ in range(RESUMES):
            await site.asked.get()
        held = writers(await noted_changes(postgresql_url), "running")
        (stopped,) = [worker for worker in cluster.workers if worker.writer == held.most_common(1)[0][0]]
        await asyncio.to_thread(stopped.stop)
        site.answer()
        assert await is_scored(cluster, batch_id)
    changes = await noted_changes(postgresql_url)
    verdicts = follow(changes)[JOBS]
    assert verdicts["returned"] == held[stopped.writer]
    assert (verdicts["rescued"], verdicts["ended"]) == (0, RESUMES)
    assert writers(changes, "completed")[stopped.writer] == 0


async def submit(cluster: NamedCluster, urls: list[str]) -> str:
    """Submit resumes for job-1. Returns the id of the batch."""
    async with grpc.aio.insecure_channel(cluster.addresses[0]) as channel:
        request = url_batch("job-1", urls)
        return str((await stub_of(channel).SubmitScoringBatch(request, metadata=cluster.metadata)).batch.id)


async def is_scored(cluster: NamedCluster, batch_id: str) -> bool:
    """Wait until the batch has ended. Tells whether all of it was scored."""
    async with grpc.aio.insecure_channel(cluster.addresses[0]) as channel, asyncio.timeout(PATIENCE_SECONDS):
        stub = stub_of(channel)
        async for _ in stub.WatchScoringBatch(watch("job-1", batch_id), metadata=cluster.metadata):
            pass
        found = await stub.GetScoringBatch(get("job-1", batch_id), metadata=cluster.metadata)
        return bool(found.batch.status == COMPLETED)


def writers(changes: Iterable[Change], state: str) -> Counter[str]:
    """Return who brought scoring jobs into a state, and how many of them."""
    brought = {(change.writer, change.id) for change in changes if (change.place, change.state) == (JOBS, state)}
    return Counter(writer for writer, _ in brought)
