"""Follows batches and single jobs to their end, over streams and calls that may break on the way."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from nova.scoring.v1.scoring_batch_pb2 import ScoringBatch
from nova.scoring.v1.scoring_job_pb2 import ScoringJob
from nova.scoring.v1.scoring_service_pb2 import WatchScoringBatchResponse

from nova_server.cli.call_failure import CallFailed
from nova_server.cli.client import ScoringClient

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 10.0
# Ten attempts with these delays outlast a restart of the server: forty seconds on average.
MOST_ATTEMPTS = 10

POLL_SECONDS = 0.5
ENDED = (ScoringJob.COMPLETED, ScoringJob.FAILED)

Sleep = Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class BatchView:
    """A batch as it is known so far."""

    batch: ScoringBatch
    jobs: dict[str, ScoringJob] = field(default_factory=dict)

    @property
    def ended_jobs(self) -> int:
        """How many of the jobs have a score or failed."""
        return self.batch.completed_jobs + self.batch.failed_jobs

    @property
    def ended(self) -> bool:
        """Whether nothing more will change."""
        return self.batch.status in (ScoringBatch.COMPLETED, ScoringBatch.FAILED)

    def take(self, change: WatchScoringBatchResponse) -> None:
        """Bring the view up to date."""
        self.batch = change.batch
        self.jobs.update((job.id, job) for job in change.scoring_jobs)


async def follow(
    client: ScoringClient, job_id: str, batch_id: str, *, sleep: Sleep = asyncio.sleep
) -> AsyncIterator[BatchView]:
    """Yield the view of a batch after each change, until the batch ended.

    A broken stream is opened again; it begins with the whole batch, so that nothing is missed. Raises CallFailed when
    the call is refused, or when it keeps failing without a single change in between.
    """
    view = BatchView(ScoringBatch(id=batch_id, job_id=job_id))
    failures = 0
    while not view.ended:
        broken = CallFailed("UNAVAILABLE", "The server ends the stream before the batch has ended.", passing=True)
        try:
            async for change in client.watch(job_id, batch_id):
                failures = 0
                view.take(change)
                yield view
        except CallFailed as failure:
            broken = failure
        if not view.ended:
            failures += 1
            if not broken.passing or failures >= MOST_ATTEMPTS:
                raise broken
            await sleep(max(_delay(failures), broken.retry_after_seconds))


async def follow_job(
    client: ScoringClient, job: ScoringJob, *, sleep: Sleep = asyncio.sleep
) -> AsyncIterator[ScoringJob]:
    """Yield a scoring job as it is known, before each time it is read again, and when it ended.

    Raises CallFailed when reading it is refused, or keeps failing.
    """
    failures, wait = 0, POLL_SECONDS
    while job.status not in ENDED:
        yield job
        await sleep(wait)
        try:
            job = await client.read_job(job)
            failures, wait = 0, POLL_SECONDS
        except CallFailed as failure:
            failures += 1
            if not failure.passing or failures >= MOST_ATTEMPTS:
                raise
            wait = max(_delay(failures), failure.retry_after_seconds)
    yield job


def _delay(failures: int) -> float:
    """Exponential backoff with jitter: half of it fixed, so that a dead server is not asked in a tight loop."""
    longest = min(LONGEST_DELAY_SECONDS, math.ldexp(FIRST_DELAY_SECONDS, failures - 1))
    return longest * random.uniform(0.5, 1)  # noqa: S311 (spreads reconnects, guards nothing)
