"""Scoring jobs: identity, texts and results. Their way through the queue is in `claims` and `leases`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Row, and_, bindparam, select, update

from nova_server.ports.clock import Instant
from nova_server.ports.scorer import Assessment
from nova_server.ports.scoring import JobState, ScoringJob
from nova_server.storage.job_criteria import JobKey
from nova_server.storage.json_rows import json_rows, rows_parameter
from nova_server.storage.prepared import InsertNew, Prepared, insert_where_free
from nova_server.storage.schema import scoring_batch_jobs, scoring_inputs, scoring_jobs, scoring_results

FIRST = ""  # the rescore key of an application's first job


class ApplicationKey(NamedTuple):
    """An application for a job of a tenant: the tenant's key, and the caller's own ids."""

    tenant_id: str
    job_id: str
    application_id: str

    @property
    def job(self) -> JobKey:
        return JobKey(self.tenant_id, self.job_id)


class JobIdentity(NamedTuple):
    """What no two scoring jobs have in common. A first job has the rescore key FIRST, a rescore its version."""

    tenant_id: str
    job_id: str
    application_id: str
    rescore_key: str

    @property
    def application(self) -> ApplicationKey:
        return ApplicationKey(*self[:3])


class NewJobRow(NamedTuple):
    """A job on its way into the store."""

    id: str
    tenant_id: str
    job_id: str
    application_id: str
    rescore_key: str
    criteria_version_id: str
    made_by_rescore: bool
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
    job_description_digest: str
    role_knowledge_digest: str | None


_INSERT = InsertNew(scoring_jobs, NewJobRow._fields[1:])
_INSERT_INPUTS = insert_where_free(scoring_inputs, InputRow._fields)
_MOVE = Prepared(
    update(scoring_jobs).where(scoring_jobs.c.id == bindparam("moved_id")).values(virtual_time=bindparam("place")),
    ("moved_id", "place"),
)

# The first job of an application says which is its latest. So what is known of an application is found by identity, and
# costs the same however often it was scored.
_NOTE_LATEST = Prepared(
    update(scoring_jobs)
    .where(
        scoring_jobs.c.tenant_id == bindparam("tenant"),
        scoring_jobs.c.job_id == bindparam("job"),
        scoring_jobs.c.application_id == bindparam("application"),
        scoring_jobs.c.rescore_key == bindparam("first"),
    )
    .values(latest_rescore_key=bindparam("latest")),
    ("tenant", "job", "application", "first", "latest"),
)

_FOUND = (
    scoring_jobs.c.id,
    scoring_jobs.c.tenant_id,
    scoring_jobs.c.job_id,
    scoring_jobs.c.application_id,
    scoring_jobs.c.rescore_key,
    scoring_jobs.c.criteria_version_id,
    scoring_jobs.c.made_by_rescore,
    scoring_jobs.c.queued_at,
    scoring_jobs.c.state,
)
_first = scoring_jobs.alias("first")


def _of_same(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    return and_(*(one.c[name] == other.c[name] for name in ApplicationKey._fields))


_wanted = json_rows("wanted", *ApplicationKey._fields)
_wanted_firsts = _wanted.join(_first, and_(_of_same(_first, _wanted), _first.c.rescore_key == FIRST))
_FIND_ENDS = (
    select(*_FOUND)
    .select_from(_wanted_firsts.join(scoring_jobs, _of_same(scoring_jobs, _first)))
    .where(scoring_jobs.c.rescore_key.in_([FIRST, _first.c.latest_rescore_key]))
    .order_by(scoring_jobs.c.queued_at, scoring_jobs.c.id)
)
_is_latest = scoring_jobs.c.rescore_key == _first.c.latest_rescore_key
_LOCK_LATEST = (
    select(*_FOUND)
    .select_from(_wanted_firsts.join(scoring_jobs, and_(_of_same(scoring_jobs, _first), _is_latest)))
    .order_by(scoring_jobs.c.id)  # so that no two transactions wait for each other's
    .with_for_update(of=scoring_jobs)
)

_job_and_result = scoring_jobs.outerjoin(scoring_results, scoring_results.c.scoring_job_id == scoring_jobs.c.id)
_of_application = (
    scoring_jobs.c.tenant_id == bindparam("tenant_id"),
    scoring_jobs.c.job_id == bindparam("job_id"),
    scoring_jobs.c.application_id == bindparam("application_id"),
)
_READ_LATEST = (
    select(scoring_jobs, scoring_results)
    .select_from(_first.join(_job_and_result, and_(_of_same(scoring_jobs, _first), _is_latest)))
    .where(*(_first.c[name] == bindparam(name) for name in ApplicationKey._fields), _first.c.rescore_key == FIRST)
)
_READ = (
    select(scoring_jobs, scoring_results)
    .select_from(_job_and_result)
    .where(scoring_jobs.c.id == bindparam("id"), *_of_application)
)

_identities = json_rows("wanted", *JobIdentity._fields)
_by_identity = _identities.join(
    scoring_jobs, and_(*(scoring_jobs.c[name] == _identities.c[name] for name in JobIdentity._fields))
)
_FIND = select(*_FOUND).select_from(_by_identity)
_READ_MANY = select(scoring_jobs, scoring_results).select_from(
    _by_identity.outerjoin(scoring_results, scoring_results.c.scoring_job_id == scoring_jobs.c.id)
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


class FoundJob(NamedTuple):
    """A job that was there before."""

    id: str
    identity: JobIdentity
    criteria_version_id: str
    made_by_rescore: bool
    queued_at: Instant
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


def note_latest(connection: Connection, jobs: Iterable[JobIdentity]) -> None:
    """Note rescores that were stored, in the order of their submission, as the latest jobs of their applications."""
    latest = {job.application: job.rescore_key for job in jobs if job.rescore_key != FIRST}
    _NOTE_LATEST.run(connection, [(*application, FIRST, key) for application, key in sorted(latest.items())])


def find_ends(connection: Connection, applications: Sequence[ApplicationKey]) -> Iterator[FoundJob]:
    """Yield the first and the latest job of these applications, of each in this order."""
    return map(_to_found, connection.execute(_FIND_ENDS, rows_parameter("wanted", applications)))


def find_jobs(connection: Connection, identities: Collection[JobIdentity]) -> Iterator[FoundJob]:
    """Yield those jobs that are there."""
    return map(_to_found, connection.execute(_FIND, rows_parameter("wanted", sorted(identities))) if identities else ())


def find_latest_jobs(connection: Connection, applications: Sequence[ApplicationKey]) -> dict[ApplicationKey, FoundJob]:
    """Return the job of each application that was submitted last, and keep it from ending until the commit."""
    if not applications:
        return {}
    rows = connection.execute(_LOCK_LATEST, rows_parameter("wanted", applications))
    return {found.identity.application: found for found in map(_to_found, rows)}


def read_jobs(connection: Connection, identities: Collection[JobIdentity]) -> dict[JobIdentity, ScoringJob]:
    """Return the jobs that have these identities, with their results."""
    if not identities:
        return {}
    rows = connection.execute(_READ_MANY, rows_parameter("wanted", sorted(identities)))
    return {_identity_of(row): _to_job(row) for row in rows}


def read_job(connection: Connection, application: ApplicationKey, scoring_job_id: str) -> ScoringJob | None:
    """Return a job of this application with its result, or None."""
    row = connection.execute(_READ, {"id": scoring_job_id, **application._asdict()}).one_or_none()
    return None if row is None else _to_job(row)


def read_latest_job(connection: Connection, application: ApplicationKey) -> ScoringJob | None:
    """Return the job of this application that was submitted last, or None."""
    row = connection.execute(_READ_LATEST, application._asdict()).one_or_none()
    return None if row is None else _to_job(row)


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


def _identity_of(row: Row[*tuple[Any, ...]]) -> JobIdentity:
    return JobIdentity(row.tenant_id, row.job_id, row.application_id, row.rescore_key)


def _to_found(row: Row[*tuple[Any, ...]]) -> FoundJob:
    return FoundJob(
        row.id,
        _identity_of(row),
        row.criteria_version_id,
        row.made_by_rescore,
        row.queued_at,
        JobState(row.state),
    )


def _to_job(row: Row[Any]) -> ScoringJob:
    return ScoringJob(
        id=row.id,
        criteria_version_id=row.criteria_version_id,
        job_id=row.job_id,
        application_id=row.application_id,
        state=JobState(row.state),
        is_rescore=row.rescore_key != FIRST,
        queued_at=row.queued_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        score=row.score,
        assessment=load_assessment(row.assessment),
        error_code=row.error_code,
        error_message=row.error_message,
    )
