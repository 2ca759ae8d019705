"""The work of `nova submit`: requests out, batches back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import typer
from nova.scoring.v1.scoring_service_pb2 import SubmitScoringBatchRequest

from nova_server.cli.applications import BATCH_LIMIT, Job, JobOptions, make_requests, read_request, read_resumes
from nova_server.cli.call_failure import CallFailed
from nova_server.cli.client import ScoringClient
from nova_server.cli.display import BatchName, show_batches
from nova_server.cli.document_server import lend, refused_urls_explained
from nova_server.cli.failures import UsageFault
from nova_server.errors import FieldViolation


async def submit_files(client: ScoringClient, job: JobOptions, paths: Sequence[Path], *, as_json: bool) -> None:
    """Submit resumes, or the one request that a JSON file holds, and show the batches until they ended.

    Raises CallFailed, or UsageFault.
    """
    if not any(path.suffix.lower() == ".json" for path in paths):
        await _submit_resumes(client, job.read(), paths, as_json=as_json)
    elif len(paths) == 1:
        request = read_request(paths[0], job.only_id())
        await show_batches(client, [await _submit(client, request)], as_json=as_json)
    else:
        raise UsageFault("A JSON request is submitted alone.")


async def _submit_resumes(client: ScoringClient, job: Job, paths: Sequence[Path], *, as_json: bool) -> None:
    resumes = read_resumes(paths)
    async with lend([resume.path for resume in resumes if resume.text is None]) as urls:
        requests = make_requests(job, resumes, urls)
        if len(requests) > 1:
            typer.echo(f"{len(resumes)} files make {len(requests)} batches of at most {BATCH_LIMIT}.", err=True)
        with refused_urls_explained(urls):
            names = [await _submit(client, request) for request in requests]
        await show_batches(client, names, as_json=as_json)


async def _submit(client: ScoringClient, request: SubmitScoringBatchRequest) -> BatchName:
    try:
        accepted = await client.submit(request)
    except CallFailed as failure:
        failure.fields = tuple(_name_application(fault, request) for fault in failure.fields)
        raise
    typer.echo(f"Batch {accepted.batch.id} of job {request.job_id}", err=True)
    return BatchName(request.job_id, accepted.batch.id)


def _name_application(fault: FieldViolation, request: SubmitScoringBatchRequest) -> FieldViolation:
    """Say which application a fault is about: a person knows the file, and not its place in the request."""
    index = re.match(r"applications\[(\d+)\]", fault.field)
    if index is None or int(index[1]) >= len(request.applications):
        return fault
    application_id = request.applications[int(index[1])].application_id
    return FieldViolation(f"{fault.field} ({application_id})", fault.code, fault.message)
