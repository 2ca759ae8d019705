"""The whole of it: a cluster under load in bad weather, until all is quiet again and every promise can be checked."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psutil
from aiohttp import web
from nova.scoring.v1.scoring_service_pb2 import GetScoringBatchResponse
from nova_server.foundation import migrate
from nova_server.settings import Settings

from tests.crash.chaos.callers import Callers
from tests.crash.chaos.doors import Promise, grpc_door, rest_door
from tests.crash.chaos.receivers import Receivers, failing_receivers
from tests.crash.chaos.weather import LEASE_SECONDS, Pace, Weather
from tests.support.held_site import LOOPBACK, RESUME
from tests.support.named_nodes import NamedCluster, named_cluster
from tests.support.queue_history import DELIVERIES, JOBS, Change, hasten_deliveries, note_changes, noted_changes
from tests.support.queue_model import follow, unended
from tests.support.requests import COMPLETED
from tests.support.running_server import RunningServer
from tests.support.sites import running_site
from tools.postgresql import PostgresServer

APIS, WORKERS = 2, 2
SLOWEST_RESUME_SECONDS = 1
SETTINGS = {
    "allow_networks": LOOPBACK,
    # Short, so that the jobs of a dead worker are soon another's.
    "lease_seconds": LEASE_SECONDS,
    "heartbeat_seconds": 0.5,
    "sweep_seconds": 0.2,
    "tenant_in_flight_limit": 32,  # all callers are one tenant
    # A job that is at work in five kills is given up. Here its luck is not what is looked at.
    "max_starts": 1_000,
}
# What a process says when it is started while the database is away.
FORESEEN = ("start_failed",)


@dataclass
class Report:
    """What happened, in numbers. Each part counts by name."""

    parts: dict[str, Counter[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        return "\n".join(
            line
            for title, counts in self.parts.items()
            for line in (title, *(f"  {count:>8,}  {name}" for name, count in sorted(counts.items())))
        )


async def tell(seconds: float, seed: int, pace: Pace, logs: Path | None = None) -> Report:
    """Let it blow for so many seconds, wait for the end of everything, check it, and return what happened.

    The logs of all processes are written into the folder `logs`, also when something is not as it should be.
    """
    random = Random(seed)
    async with prepared_database() as (server, url), named_cluster(url, APIS, WORKERS, **SETTINGS) as cluster:
        with logs_kept(cluster, logs):
            async with failing_receivers(url, random) as receivers, callers_of(cluster, random) as callers:
                weather = Weather(random, pace, server, cluster)
                async with callers.calling():
                    await weather.blow(seconds)
                batches = await callers.finish()
                assert_kept(callers.promises, batches)
                expected = await receivers.until_told(callers.promises.values())
            assert_alive(cluster)
            await asyncio.to_thread(cluster.stop)
        receivers.assert_told(expected)
        changes = await noted_changes(url)
        assert_queues_are_empty(changes, callers.promises.values())
        return Report({
            "weather": weather.blows,
            "answers": callers.answers,
            "work": sizes(callers, receivers, len(expected)),
            "scoring jobs": follow(changes)[JOBS],
            "deliveries": follow(changes)[DELIVERIES],
            "log": heard(cluster.lives()),
        })  # fmt: skip


@contextmanager
def logs_kept(cluster: NamedCluster, folder: Path | None) -> Iterator[None]:
    """Write in the end, where a folder is given, a file for each life of a process."""
    try:
        yield
    finally:
        if folder is not None:
            for node in cluster.nodes:
                for number, life in enumerate(node.lives, 1):
                    (folder / f"{node.name}-{number}.log").write_text("".join(life.log.text))


@asynccontextmanager
async def prepared_database() -> AsyncIterator[tuple[PostgresServer, str]]:
    """Run a server that flushes what it commits, with a database that notes what becomes of jobs and deliveries."""
    folder = Path(tempfile.mkdtemp(prefix="nova-chaos-"))
    with PostgresServer(folder, durable=True, temporary=True) as server:
        await asyncio.to_thread(server.create_database, "nova")
        url = server.url("nova")
        await asyncio.to_thread(migrate, Settings(database_url=url))
        await note_changes(url)
        await hasten_deliveries(url)
        yield server, url


@asynccontextmanager
async def callers_of(cluster: NamedCluster, random: Random) -> AsyncIterator[Callers]:
    """Yield callers who know every door of a cluster, and whose resumes are on a slow site."""

    async def send_resume(_request: web.Request) -> web.Response:
        await asyncio.sleep(random.uniform(0, SLOWEST_RESUME_SECONDS))
        return web.Response(body=RESUME)

    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(running_site(send_resume))
        addresses = [*cluster.addresses, cluster.rest_url.removeprefix("http://")]
        names = [*(node.name for node in cluster.apis), "grpc by the gateway"]
        by_grpc = [
            await stack.enter_async_context(grpc_door(name, address, cluster.metadata))
            for name, address in zip(names, addresses, strict=True)
        ]
        by_rest = await stack.enter_async_context(rest_door(cluster.rest_url, cluster.metadata))
        yield Callers(random, [*by_grpc, by_rest, by_rest], by_grpc, site.url("/resumes"))


def assert_alive(cluster: NamedCluster) -> None:
    """Check that no process has ended by itself since it was started last."""
    for node in cluster.nodes:
        assert psutil.pid_exists(node.server.pid), (node.writer, "".join(node.server.log.text))


def assert_kept(promises: dict[str, Promise], batches: Iterable[GetScoringBatchResponse]) -> None:
    """Check that every promised batch is there, ended, and counted right."""
    found = {answer.batch.id: answer for answer in batches}
    assert found.keys() == promises.keys()
    for batch_id, promise in promises.items():
        batch, jobs = found[batch_id].batch, found[batch_id].scoring_jobs
        count = len(promise.scoring_job_ids)
        assert {job.application_id: job.id for job in jobs} == promise.scoring_job_ids
        assert (batch.status, batch.HasField("completed_at")) == (COMPLETED, True)
        assert (batch.total_jobs, batch.completed_jobs, batch.failed_jobs) == (count, count, 0)
        assert all(job.HasField("score") for job in jobs)


def assert_queues_are_empty(changes: Iterable[Change], promises: Iterable[Promise]) -> None:
    """Check that there are just the jobs of the promised batches, and that every job and delivery has ended."""
    changes = list(changes)
    jobs = {change.id for change in changes if change.place == JOBS}
    assert jobs == {job for promise in promises for job in promise.scoring_job_ids.values()}
    assert not unended(changes, JOBS)
    assert not unended(changes, DELIVERIES)


def sizes(callers: Callers, receivers: Receivers, events: int) -> Counter[str]:
    """Return how much there was to do."""
    jobs = {job for promise in callers.promises.values() for job in promise.scoring_job_ids.values()}
    return Counter({
        "batches": len(callers.promises),
        "jobs": len(jobs),
        "events": events * len(receivers.all),
        "webhook requests": receivers.arrivals(),
        "webhook requests refused by the receiver": receivers.failures.total(),
    })  # fmt: skip


def heard(lives: Iterable[RunningServer]) -> Counter[str]:
    """Return how often each event was logged. Fails when one is an error that the weather does not explain."""
    lines: list[dict[str, Any]] = [line for life in lives for line in life.log.lines()]
    errors = [line for line in lines if line["level"] in ("error", "critical") and line["event"] not in FORESEEN]
    assert not errors, errors
    return Counter(line["event"] for line in lines)
