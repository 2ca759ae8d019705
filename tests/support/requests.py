"""Requests as callers send them."""

from __future__ import annotations

from collections.abc import Iterable

from nova.scoring.v1 import resume_pb2, scoring_batch_pb2, scoring_job_pb2
from nova.scoring.v1.scoring_service_pb2 import (
    GetLatestScoreRequest,
    GetScoringBatchRequest,
    GetScoringJobRequest,
    SubmitScoringBatchRequest,
    SubmitScoringJobRequest,
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
        request.applications.add(application_id=application_id, resume=_text_resume(application_id))
    return request


def text_job(
    job_id: str, application_id: str, *, rescore: scoring_job_pb2.Rescore | None = None
) -> SubmitScoringJobRequest:
    """Return a single application whose resume is a text, the same as in a batch."""
    return SubmitScoringJobRequest(
        job_id=job_id,
        application_id=application_id,
        job_description=JOB_DESCRIPTION,
        resume=_text_resume(application_id),
        rescore=rescore,
    )


def _text_resume(application_id: str) -> resume_pb2.Resume:
    content = f"{application_id} has built services in Python and PostgreSQL since 2015. References on request."
    return resume_pb2.Resume(type=resume_pb2.Resume.TEXT, content=content)


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


def get_job(job_id: str, application_id: str, scoring_job_id: str) -> GetScoringJobRequest:
    """Return the question what has become of a scoring job."""
    return GetScoringJobRequest(job_id=job_id, application_id=application_id, scoring_job_id=scoring_job_id)


def latest_score(job_id: str, application_id: str) -> GetLatestScoreRequest:
    """Return the question for the latest scoring job of an application."""
    return GetLatestScoreRequest(job_id=job_id, application_id=application_id)
