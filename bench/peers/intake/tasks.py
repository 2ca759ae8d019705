"""The task that would score a job, and how the service asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from celery import Celery

from bench.peers.intake.settings import broker_url

celery = Celery("intake", broker=broker_url(), task_ignore_result=True)


@celery.task(name="score", acks_late=True)
def score(scoring_job_id: str) -> None:
    """Do nothing: what is measured is the intake."""


def ask_to_score(scoring_job_ids: Sequence[UUID]) -> None:
    """Send a task for each job, all in one pipeline. Returns when the broker has them on disk."""
    with celery.producer_pool.acquire(block=True) as producer, producer.batch():
        for scoring_job_id in scoring_job_ids:
            score.apply_async((str(scoring_job_id),), producer=producer)
