"""The work of `nova criteria set`: a file out, the criteria that are set back."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

import typer

from nova_server.cli.answers import print_answer
from nova_server.cli.call_failure import CallFailed
from nova_server.cli.criteria_client import Change, ChangeAnswer, CriteriaClient
from nova_server.cli.criteria_display import print_criteria, print_heading
from nova_server.cli.criteria_files import read_criteria

REPLAYED = "This was done before, under the same idempotency key. The answer is the one of that time."
CLEARED = "The criteria are cleared: they follow from the texts of the job's submissions again."


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """What the command line says beside the job and the file."""

    expected_revision: str | None = None
    idempotency_key: str | None = None
    as_json: bool = False


async def set_from_file(client: CriteriaClient, job_id: str, path: Path, options: ChangeOptions) -> None:
    """Replace the criteria of a job by those in a file, and show them. Raises CallFailed, or UsageFault."""
    key = secrets.token_urlsafe(16) if options.idempotency_key is None else options.idempotency_key
    change = Change(job_id, read_criteria(path), key, options.expected_revision)
    answer = await _set(client, change)
    if answer.replayed:
        typer.echo(REPLAYED, err=True)
    if not change.criteria:
        typer.echo(CLEARED, err=True)
    if options.as_json:
        print_answer(answer.response)
    else:
        await _print(client, job_id, answer)


async def _set(client: CriteriaClient, change: Change) -> ChangeAnswer:
    """A change whose answer is lost may have been done. Its key, known only here perhaps, makes it safe to repeat."""
    try:
        return await client.set(change)
    except CallFailed as failure:
        if failure.passing:
            failure.advice = f"To repeat it safely: --idempotency-key {change.idempotency_key}"
        raise


async def _print(client: CriteriaClient, job_id: str, answer: ChangeAnswer) -> None:
    """Show what was set. The version is left out when it cannot be read, or others were set in the meantime."""
    criteria = list(answer.response.criteria)
    try:
        current = await client.read_current(job_id)
    except CallFailed:
        current = None
    if current is not None and list(current.criteria) == criteria:
        print_heading(job_id, current.version, current.criteria_revision)
    print_criteria(criteria)
