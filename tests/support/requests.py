"""Requests as callers send them."""

from __future__ import annotations

from collections.abc import Iterable

from nova.scoring.v1 import resume_pb2, scoring_batch_pb2
from nova.scoring.v1.scoring_service_pb2 import (
    GetScoringBatchRequest,
    SubmitScoringBatchRequest,
    WatchScoringBatchRequest,
)

JOB_DESCRIPTION = """Backend engineer

Must have:
- five years of Python

Nice to have:
- PostgreSQL
"""
PENDING = scoring_batch_pb2.ScoringBatch.PENDING
COMPLETED = scoring_batch_pb2.ScoringBatch.COMPLETED
FAILED = scoring_batch_pb2.ScoringBatch.FAILED


def text_batch(job_id: str, application_ids: Iterable[str]) -> SubmitScoringBatchRequest:
    """Return a batch whose resumes are texts."""
    request = SubmitScoringBatchRequest(job_id=job_id, job_description=JOB_DESCRIPTION)
    for application_id in application_ids:
        content = f"{application_id} has built services in Python and PostgreSQL since 2015. References on request."
        resume = resume_pb2.Resume(type=resume_pb2.Resume.TEXT, content=content)
        request.applications.add(application_id=application_id, resume=resume)
    return request


def url_batch(job_id: str, urls: Iterable[str]) -> SubmitScoringBatchRequest:
    """Return a batch whose resumes are at these URLs. The application ids are the numbers of their places."""
    request = SubmitScoringBatchRequest(job_id=job_id, job_description=JOB_DESCRIPTION)
    for place, url in enumerate(urls):
        resume = resume_pb2.Resume(type=resume_pb2.Resume.URL, url=url)
        request.applications.add(application_id=str(place), resume=resume)
    return request


def get(job_id: str, batch_id: str) -> GetScoringBatchRequest:
    """Return the question what has become of a batch."""
    return GetScoringBatchRequest(job_id=job_id, scoring_batch_id=batch_id)


def watch(job_id: str, batch_id: str) -> WatchScoringBatchRequest:
    """Return the wish to be told what becomes of a batch."""
    return WatchScoringBatchRequest(job_id=job_id, scoring_batch_id=batch_id)
