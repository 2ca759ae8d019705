"""Our queue on PostgreSQL, to be timed as its peers are: see `peers.queues.timing`.

Every job belongs to a batch of 25, has texts, ends with a result and counted in its batch, and is told of by a webhook:
the rows of events and deliveries are written with it, as in a service whose partner listens.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from nova_server.foundation import Foundation, build_foundation, build_webhooks
from nova_server.observability.queue_metrics import QueueMetrics
from nova_server.ports.queue import Failed, Lease, Outcome, Succeeded
from nova_server.ports.scorer import Assessment, ScoreResult
from nova_server.ports.scoring import BatchSubmission, ResumeSource, SubmittedApplication
from nova_server.ports.tenancy import Caller, Environment, TenantKey
from nova_server.queue.worker import Worker, WorkerOptions
from nova_server.settings import Settings

CONCURRENCY = 512  # jobs at once in a process
TENANTS = 10
BATCH = 25
OWNER = Caller("bench", Environment.SANDBOX)
ASSESSMENT = Assessment(
    "A strong fit. Invite.", ("Python — “8 years of Python”",), ("Go — not found in the resume",), ()
)
RESULT = Succeeded(ScoreResult(7, ASSESSMENT, "instant", "1"))


class OurQueue:
    """Implements `peers.queues.timing.QueuePeer`."""

    unfinished = "SELECT EXISTS (SELECT FROM scoring_jobs WHERE state IN ('pending', 'running'))"

    async def install(self, url: str) -> None:
        async with self.connected(url) as base:
            await build_webhooks(base).create_endpoint(
                OWNER, "https://receiver.example/hook", name=None, events=(), enabled=True
            )

    @asynccontextmanager
    async def connected(self, url: str) -> AsyncIterator[Foundation]:
        base = build_foundation(Settings(database_url=url))
        for part in base.parts:
            await part.start()
        try:
            yield base
        finally:
            for part in reversed(base.parts):
                await part.stop()

    async def enqueue(self, connected: Foundation, jobs: int) -> None:
        name = time.time_ns()
        batches = (_batch(f"{name}-{number}", number % TENANTS) for number in range(jobs // BATCH))
        await asyncio.gather(*(connected.store.submit_batch(batch) for batch in batches))

    async def work(self, connected: Foundation, job_done: Callable[[], None]) -> None:
        async def instant(_lease: Lease) -> Outcome:
            job_done()
            return RESULT

        options = WorkerOptions(
            f"bench-{os.getpid()}", CONCURRENCY, 2 * CONCURRENCY, 30, 10, 5, 10, Failed("MAX_RETRIES_EXCEEDED", "")
        )
        metrics = QueueMetrics(connected.metrics)
        worker = Worker(connected.queue, instant, options, connected.clock, connected.signals.queue, metrics)
        await worker.start()
        await asyncio.Event().wait()


def _batch(job_id: str, tenant: int) -> BatchSubmission:
    return BatchSubmission(
        TenantKey(OWNER.partner_id, OWNER.environment, f"tenant-{tenant}"),
        job_id,
        "We look for an engineer.",
        tuple(SubmittedApplication(str(number), ResumeSource(text=f"{job_id} {number}")) for number in range(BATCH)),
    )
