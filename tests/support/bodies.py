"""Bodies of events that a test can read at a glance."""

from __future__ import annotations

from nova_server.ports.clock import Instant
from nova_server.ports.webhooks import EndedBatch, EndedJob


class PlainBodies:
    """An `EventBodies` that remembers what it was asked for, and renders as little as identifies it."""

    def __init__(self) -> None:
        self.jobs: list[EndedJob] = []
        self.batches: list[EndedBatch] = []

    def of_job(self, job: EndedJob) -> str:
        self.jobs.append(job)
        return f"{job.application_id} scored {job.score}" if job.error_code is None else f"{job.application_id} failed"

    def of_batch(self, batch: EndedBatch) -> str:
        self.batches.append(batch)
        return f"batch of {batch.total_jobs}"

    def of_test(self, now: Instant) -> str:
        return f"test at {now}"
