"""What `nova criteria` shows: the criteria of a version as a table, below a line that says which version it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from nova.criteria.v1.criteria_version_pb2 import CriteriaVersion, CriteriaVersionStatus
from nova.criteria.v1.criterion_pb2 import Criterion, Importance

from nova_server.cli.answers import print_answer
from nova_server.cli.criteria_client import CriteriaClient
from nova_server.cli.documented_json import spell
from nova_server.cli.text import print_table, printable, shown_time
from nova_server.ports.clock import Instant


@dataclass(frozen=True, slots=True)
class Shown:
    """What to show of a job's criteria, and how: without anything else the current version."""

    version_id: str | None = None
    all_versions: bool = False
    as_json: bool = False


async def show_criteria(client: CriteriaClient, job_id: str, shown: Shown) -> None:
    """Print what is asked for, as a table or as the answer of the service. Raises CallFailed."""
    if shown.all_versions:
        await _show_versions(client, job_id, as_json=shown.as_json)
    elif shown.version_id is not None:
        await _show_version(client, job_id, shown.version_id, as_json=shown.as_json)
    else:
        await _show_current(client, job_id, as_json=shown.as_json)


async def _show_current(client: CriteriaClient, job_id: str, *, as_json: bool) -> None:
    answer = await client.read_current(job_id)
    if as_json:
        print_answer(answer)
    else:
        print_heading(job_id, answer.version, answer.criteria_revision)
        print_criteria(answer.criteria)


async def _show_version(client: CriteriaClient, job_id: str, version_id: str, *, as_json: bool) -> None:
    answer = await client.read_version(job_id, version_id)
    if as_json:
        print_answer(answer)
    else:
        print_heading(job_id, answer.version)
        print_criteria(answer.criteria)


async def _show_versions(client: CriteriaClient, job_id: str, *, as_json: bool) -> None:
    answer = await client.list_versions(job_id)
    if as_json:
        print_answer(answer)
    else:
        print_table(("Version", "Id", "Status", "Created", "Archived"), map(_version_cells, answer.versions))


def print_heading(job_id: str, version: CriteriaVersion, revision: str | None = None) -> None:
    """Print which version of a job's criteria follows. Only the current one has a revision."""
    words = [version.id, _status(version)] + ([f"revision {revision}"] if revision else [])
    typer.echo(printable(f"Version {version.version} of the criteria of job {job_id}: {', '.join(words)}"))


def print_criteria(criteria: Iterable[Criterion]) -> None:
    """Print criteria as a table."""
    print_table(("Order", "Importance", "Text", "Id"), map(_criterion_cells, criteria))


def _criterion_cells(criterion: Criterion) -> tuple[str, ...]:
    importance = str(spell(criterion.importance, Importance.DESCRIPTOR))
    return (str(criterion.order), importance, criterion.text, criterion.id)


def _version_cells(version: CriteriaVersion) -> tuple[str, ...]:
    archived = _time(version.archived_at) if version.HasField("archived_at") else "–"
    return (str(version.version), version.id, _status(version), _time(version.created_at), archived)


def _status(version: CriteriaVersion) -> str:
    return str(spell(version.status, CriteriaVersionStatus.DESCRIPTOR))


def _time(moment: Timestamp) -> str:
    return shown_time(Instant(moment.ToMicroseconds()))
