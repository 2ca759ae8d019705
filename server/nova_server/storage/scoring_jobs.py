"""Scoring jobs: identity, texts and results. Their way through the queue is in `claims` and `leases`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, bindparam, select, update

from nova_server.ports.clock import Instant
from nova_server.ports.scorer import Assessment
from nova_server.ports.scoring import JobState, ScoringJob
from nova_server.storage.json_rows import json_rows, rows_parameter
from nova_server.storage.prepared import InsertNew, Prepared, insert_where_free
from nova_server.storage.schema import scoring_batch_jobs, scoring_inputs, scoring_jobs, scoring_results


class NewJobRow(NamedTuple):
    """A job on its way into the store."""

    id: str
    tenant_id: str
    job_id: str
    application_id: str
    criteria_version_id: str
    state: str
    virtual_time: float
    available_at: Instant
    queued_at: Instant


class InputRow(NamedTuple):
    """What a job is scored from, its texts by digest."""

    scoring_job_id: str
    resume_url: str | None
    resume_digest: str | None
    application_data_digest: str | None
    job_title: str | None
    company_name: str | None


_INSERT = InsertNew(scoring_jobs, NewJobRow._fields[1:])
_INSERT_INPUTS = insert_where_free(scoring_inputs, InputRow._fields)
_MOVE = Prepared(
    update(scoring_jobs).where(scoring_jobs.c.id == bindparam("moved_id")).values(virtual_time=bindparam("place")),
    ("moved_id", "place"),
)

_wanted = json_rows("wanted", "tenant_id", "job_id", "application_id")
_FIND = (
    select(
        scoring_jobs.c.id,
        scoring_jobs.c.tenant_id,
        scoring_jobs.c.job_id,
        scoring_jobs.c.application_id,
        scoring_jobs.c.state,
    )
    .select_from(
        _wanted.join(
            scoring_jobs,
            and_(
                scoring_jobs.c.tenant_id == _wanted.c.tenant_id,
                scoring_jobs.c.job_id == _wanted.c.job_id,
                scoring_jobs.c.application_id == _wanted.c.application_id,
            ),
        )
    )
    .order_by(scoring_jobs.c.queued_at, scoring_jobs.c.id)
    .with_for_update(of=scoring_jobs)
)

_READ_OF_BATCH = (
    select(scoring_jobs, scoring_results)
    .select_from(
        scoring_batch_jobs.join(scoring_jobs, scoring_jobs.c.id == scoring_batch_jobs.c.scoring_job_id).outerjoin(
            scoring_results, scoring_results.c.scoring_job_id == scoring_jobs.c.id
        )
    )
    .where(scoring_batch_jobs.c.batch_id == bindparam("batch_id"))
    .order_by(scoring_batch_jobs.c.position)
)


class JobIdentity(NamedTuple):
    """What makes two submissions of an application the same scoring job."""

    tenant_id: str
    job_id: str
    application_id: str


class FoundJob(NamedTuple):
    """A job that was there before."""

    id: str
    state: JobState


def insert_jobs(connection: Connection, rows: Sequence[NewJobRow]) -> set[str]:
    """Store jobs. Returns the ids of those whose identity was not taken."""
    return _INSERT.run(connection, rows)


def move_jobs(connection: Connection, places: Sequence[tuple[str, float]]) -> None:
    """Give jobs other places in the queue: virtual times by id."""
    _MOVE.run(connection, places)


def insert_inputs(connection: Connection, rows: Sequence[InputRow]) -> None:
    """Store what jobs are scored from."""
    _INSERT_INPUTS.run(connection, rows)


def find_latest_jobs(connection: Connection, identities: Sequence[JobIdentity]) -> dict[JobIdentity, FoundJob]:
    """Return the job of each application that was submitted last, and keep it from ending until the commit."""
    if not identities:
        return {}
    rows = connection.execute(_FIND, rows_parameter("wanted", identities))
    return {
        JobIdentity(row.tenant_id, row.job_id, row.application_id): FoundJob(row.id, JobState(row.state))
        for row in rows
    }


def read_jobs_of_batch(connection: Connection, batch_id: str) -> tuple[ScoringJob, ...]:
    """Return the jobs of a batch with their results, in the order of its submission."""
    rows = connection.execute(_READ_OF_BATCH, {"batch_id": batch_id})
    return tuple(_to_job(row) for row in rows)


def dump_assessment(assessment: Assessment) -> str:
    """Return the stored form of an assessment."""
    return json.dumps(
        [assessment.verdict, assessment.strengths, assessment.concerns, assessment.interview_focus],
        ensure_ascii=False,
    )


def load_assessment(stored: str | None) -> Assessment | None:
    """Return the assessment that `dump_assessment` stored."""
    if stored is None:
        return None
    verdict, *lists = json.loads(stored)
    return Assessment(verdict, *(tuple(words) for words in lists))


def _to_job(row: Row[Any]) -> ScoringJob:
    return ScoringJob(
        id=row.id,
        criteria_version_id=row.criteria_version_id,
        job_id=row.job_id,
        application_id=row.application_id,
        state=JobState(row.state),
        is_rescore=row.rescore_key != "",
        queued_at=row.queued_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        score=row.score,
        assessment=load_assessment(row.assessment),
        error_code=row.error_code,
        error_message=row.error_message,
    )
