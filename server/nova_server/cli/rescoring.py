"""The work of `nova rescore`: one resume out, its scoring job back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import typer
from nova.scoring.v1.scoring_job_pb2 import ScoringJob
from nova.scoring.v1.scoring_service_pb2 import SubmitScoringJobRequest
from rich.console import Console

from nova_server.cli.applications import JobOptions, ResumeFile, make_rescore, read_resumes
from nova_server.cli.call_failure import CallFailed
from nova_server.cli.client import ScoringClient
from nova_server.cli.document_server import lend, refused_urls_explained
from nova_server.cli.following import ENDED, Sleep, follow_job
from nova_server.cli.job_display import origin, show_job
from nova_server.cli.progress import late_progress_shown

# With these there is no job yet, or the submission is refused too: it names every fault, where a read names its own.
NO_LATEST_JOB = frozenset({"APPLICATION_NOT_FOUND", "VALIDATION_ERROR"})


@dataclass(frozen=True, slots=True)
class RescoreOptions:
    """What the command line says beside the job and the resume."""

    application_id: str | None = None
    criteria_version_id: str | None = None
    as_json: bool = False


async def rescore_file(
    client: ScoringClient, job: JobOptions, path: Path, options: RescoreOptions, *, sleep: Sleep = asyncio.sleep
) -> None:
    """Submit a resume for a fresh score, and show its scoring job when it ended. Raises CallFailed, or UsageFault."""
    stated = job.read()
    resume = _read_resume(path, options.application_id)
    async with lend([path] if resume.text is None else []) as urls:
        request = make_rescore(stated, resume, urls, options.criteria_version_id)
        with refused_urls_explained(urls):
            accepted = await _submit(client, request)
        ended = await _follow(client, accepted, sleep)
    show_job(ended, as_json=options.as_json)


def _read_resume(path: Path, application_id: str | None) -> ResumeFile:
    (resume,) = read_resumes([path])
    return resume if application_id is None else replace(resume, application_id=application_id)


async def _submit(client: ScoringClient, request: SubmitScoringJobRequest) -> ScoringJob:
    """Submit, and say beside the output whether that made a scoring job."""
    latest = await _read_latest(client, request)
    job = await client.submit_job(request)
    typer.echo(origin(job, latest), err=True)
    return job


async def _read_latest(client: ScoringClient, request: SubmitScoringJobRequest) -> ScoringJob | None:
    try:
        return await client.read_latest_job(request.job_id, request.application_id)
    except CallFailed as failure:
        if failure.code in NO_LATEST_JOB:
            return None
        raise


async def _follow(client: ScoringClient, job: ScoringJob, sleep: Sleep) -> ScoringJob:
    with late_progress_shown(Console(stderr=True)) as display:
        async for known in follow_job(client, job, sleep=sleep):
            job = known
            display.show(int(job.status in ENDED), 1)
    return job
