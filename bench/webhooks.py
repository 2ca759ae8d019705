"""Webhooks: how many a second, how soon after a submission, and beside a dead endpoint with a long queue."""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from ipaddress import ip_network
from pathlib import Path

import aiohttp
from nova_server.clock import SystemClock
from nova_server.egress.policy import EgressPolicy
from nova_server.foundation import Foundation, build_foundation, build_webhooks
from nova_server.garbage import settle
from nova_server.identifiers import RandomIdentifiers
from nova_server.lanes.webhooks import build_webhook_lane
from nova_server.observability.queue_metrics import QueueMetrics
from nova_server.ports.lifecycle import Service
from nova_server.ports.queue import Failed, Lease, Outcome, Succeeded
from nova_server.ports.scorer import Assessment, ScoreResult
from nova_server.ports.scoring import BatchSubmission, ResumeSource, SubmittedApplication
from nova_server.ports.tenancy import Caller, Environment, TenantKey
from nova_server.ports.webhooks import WebhookEvent
from nova_server.queue.worker import Worker, WorkerOptions
from nova_server.settings import Settings
from nova_server.storage.schema import webhook_deliveries, webhook_events
from nova_server.supervisor import Supervisor
from nova_server.webhooks.signing import signed_headers
from sqlalchemy import Connection, insert

from bench.machine import run_in_loop
from bench.receiver import Receiver, receiver

DELIVERIES = 4_000
TURNS = 3
IN_FLIGHT = 64  # of the bare loop, which more would not make faster
PLACES = 128  # of ours for one endpoint: a place is taken until the result is on disk
SUBMISSIONS = 200
WAITING = 100_000
ROWS = 2_000
OWNER = Caller("bench", Environment.SANDBOX)
TENANT = TenantKey(OWNER.partner_id, OWNER.environment, "acme")
POLICY = EgressPolicy((ip_network("127.0.0.0/8"),))
WORDS = Assessment("A strong match for most of what is asked for.", ("Seven years of Python",) * 5, ("No Go",) * 4, ())
SCORED = Succeeded(ScoreResult(7, WORDS, "instant", "1"))
BODY = '{"event":"score.completed","tenantId":"acme","result":"' + "x" * 800 + '"}'
PATIENCE_SECONDS = 120
CLOCK = SystemClock()


async def measure(folder: Path) -> None:
    """Print each measurement."""
    await _measure_rate(folder)
    alone = await _measure_latency(folder / "alone", "on an idle server", waiting=0)
    beside = await _measure_latency(folder / "beside", f"beside {WAITING:,} deliveries to a dead endpoint", WAITING)
    print(f"webhook latency beside a dead endpoint: {beside / alone:.2f} of that on an idle server")


async def _measure_rate(folder: Path) -> None:
    ratios, ours, bare = [], [], []
    with receiver() as target:
        for turn in range(TURNS):
            ours.append(await _deliveries_a_second(folder / f"rate-{turn}", target))
            bare.append(await _bare_posts_a_second(target))
            ratios.append(ours[-1] / bare[-1])
    print(
        f"webhooks: {statistics.median(ours):.0f} deliveries/s from the store beside {statistics.median(bare):.0f}/s "
        f"of a bare aiohttp loop = {statistics.median(ratios):.2f}  ({len(BODY)} bytes each, "
        f"{PLACES} beside {IN_FLIGHT} in flight, median of {TURNS} × {DELIVERIES}, synchronous=FULL)"
    )


async def _deliveries_a_second(folder: Path, target: Receiver) -> float:
    async with _store(folder) as base:
        endpoint_id = await _endpoint(base, target.url)
        await _fill(base, endpoint_id, DELIVERIES)
        before, began = target.arrived(), time.perf_counter()
        async with _delivering(base):
            await _until_arrived(target, before + DELIVERIES)
            return DELIVERIES / (time.perf_counter() - began)


async def _bare_posts_a_second(target: Receiver) -> float:
    """Post the same bodies with the same signatures, and do nothing else."""
    waiting = iter(range(DELIVERIES))
    secret = "whsec_" + "A" * 43 + "="
    identifiers, body = RandomIdentifiers(), BODY.encode()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:

        async def post() -> None:
            for _ in waiting:
                now = CLOCK.now()
                headers = signed_headers(identifiers.new(now), WebhookEvent.SCORE_COMPLETED, body, (secret,), now)
                async with session.post(target.url, data=body, headers=headers) as answer:
                    await answer.read()

        began = time.perf_counter()
        await asyncio.gather(*(post() for _ in range(IN_FLIGHT)))
        return DELIVERIES / (time.perf_counter() - began)


async def _measure_latency(folder: Path, label: str, waiting: int) -> float:
    """Return the median time from a submission to its score's arrival, in seconds."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        dead = f"http://127.0.0.1:{taken.getsockname()[1]}/"  # nobody listens there once it is closed
    with receiver() as target:
        async with _store(folder) as base:
            await _endpoint(base, target.url, WebhookEvent.SCORE_COMPLETED)
            if waiting:
                await _fill(base, await _endpoint(base, dead, WebhookEvent.SCORE_FAILED), waiting)
            async with _delivering(base):
                times = sorted([await _until_told(base, target, number) for number in range(SUBMISSIONS)])
    p50, p99 = statistics.median(times), times[int(len(times) * 0.99)]
    print(
        f"webhook latency {label}: p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms from submit to arrival with an "
        f"instant scorer ({SUBMISSIONS} submissions one after the other)"
    )
    return p50


async def _until_told(base: Foundation, target: Receiver, number: int) -> float:
    before, began = target.arrived(), time.perf_counter()
    resume = ResumeSource(text=f"Resume {number}")
    submission = BatchSubmission(TENANT, f"job-{number}", "An engineer.", (SubmittedApplication("app-1", resume),))
    await base.store.submit_batch(submission)
    await _until_arrived(target, before + 1)
    return time.perf_counter() - began


async def _until_arrived(target: Receiver, count: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.to_thread(target.arrived, count)


@asynccontextmanager
async def _store(folder: Path) -> AsyncIterator[Foundation]:
    base = build_foundation(Settings(data_dir=folder, webhook_endpoint_in_flight_limit=PLACES))
    await base.database.start()
    try:
        yield base
    finally:
        await base.database.stop()


@asynccontextmanager
async def _delivering(base: Foundation) -> AsyncIterator[None]:
    """Run the lane of webhooks, and a worker that scores at once, in this process."""
    lane = build_webhook_lane(base, POLICY, owner="bench", sole_process=True)
    stages: list[list[Service]] = [[*lane.helpers], [*lane.parts, _instant_worker(base)]]
    supervisor = Supervisor(stages, base.clock)
    settle()
    await supervisor.start()
    try:
        yield
    finally:
        await supervisor.stop()


def _instant_worker(base: Foundation) -> Worker:
    async def score(_lease: Lease) -> Outcome:
        return SCORED

    options = WorkerOptions(
        owner="bench",
        concurrency=16,
        group_limit=16,
        lease_seconds=30,
        heartbeat_seconds=10,
        max_starts=5,
        grace_seconds=1,
        exhausted=Failed("MAX_RETRIES_EXCEEDED", ""),
    )
    return Worker(base.queue, score, options, base.clock, base.signals.queue, QueueMetrics(base.metrics))


async def _endpoint(base: Foundation, url: str, *events: WebhookEvent) -> str:
    endpoint, _ = await build_webhooks(base).create_endpoint(OWNER, url, name=None, events=events, enabled=True)
    return endpoint.id


class _Fill:
    """The operation that stores events with a delivery each."""

    def apply(self, connection: Connection, intents: Sequence[tuple[str, int]]) -> Sequence[None]:
        for endpoint_id, count in intents:
            now, identifiers = CLOCK.now(), RandomIdentifiers()
            ids = [identifiers.new(now) for _ in range(count)]
            event = {"event": "score.completed", "tenant_id": "acme", "body": BODY, "created_at": now}
            delivery = {"endpoint_id": endpoint_id, "state": "pending", "available_at": now}
            connection.execute(insert(webhook_events), [{"id": one, **event} for one in ids])
            connection.execute(insert(webhook_deliveries), [{"id": one, "event_id": one, **delivery} for one in ids])
        return [None] * len(intents)


async def _fill(base: Foundation, endpoint_id: str, count: int) -> None:
    for begun in range(0, count, ROWS):
        await base.database.writer.run(_Fill(), (endpoint_id, min(ROWS, count - begun)))


if __name__ == "__main__":
    run_in_loop(measure)
