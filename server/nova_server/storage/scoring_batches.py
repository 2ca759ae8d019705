"""Batches, and which jobs belong to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Row, and_, bindparam, case, null, select, update

from nova_server.ports.clock import Instant
from nova_server.ports.scoring import ScoringBatch
from nova_server.storage.job_criteria import JobKey
from nova_server.storage.json_rows import among, json_rows, rows_parameter, texts_parameter
from nova_server.storage.prepared import InsertNew, Prepared, insert_where_free
from nova_server.storage.row_statements import Values
from nova_server.storage.schema import scoring_batch_jobs, scoring_batches, scoring_jobs

_INSERT = InsertNew(
    scoring_batches,
    (
        "tenant_id",
        "job_id",
        "applications_digest",
        "total_jobs",
        "completed_jobs",
        "failed_jobs",
        "created_at",
        "completed_at",
    ),
)
_INSERT_MEMBERS = insert_where_free(scoring_batch_jobs, ("batch_id", "position", "scoring_job_id"))

_wanted = json_rows("wanted", "tenant_id", "job_id", "applications_digest")
_FIND = select(scoring_batches).select_from(
    _wanted.join(
        scoring_batches,
        and_(
            scoring_batches.c.tenant_id == _wanted.c.tenant_id,
            scoring_batches.c.job_id == _wanted.c.job_id,
            scoring_batches.c.applications_digest == _wanted.c.applications_digest,
        ),
    )
)

_READ = select(scoring_batches).where(
    scoring_batches.c.id == bindparam("batch_id"),
    scoring_batches.c.tenant_id == bindparam("tenant_id"),
    scoring_batches.c.job_id == bindparam("job_id"),
)

_READ_MEMBERS = (
    select(scoring_batch_jobs.c.batch_id, scoring_batch_jobs.c.scoring_job_id, scoring_jobs.c.application_id)
    .join_from(scoring_batch_jobs, scoring_jobs, scoring_jobs.c.id == scoring_batch_jobs.c.scoring_job_id)
    .where(among(scoring_batch_jobs.c.batch_id, "batch_ids"))
    .order_by(scoring_batch_jobs.c.batch_id, scoring_batch_jobs.c.position)
)

# Locks the batches in the order of their ids, so that no two transactions wait for each other's.
_FIND_BATCHES_OF_JOBS = (
    select(scoring_batch_jobs.c.batch_id, scoring_batch_jobs.c.scoring_job_id)
    .join_from(scoring_batch_jobs, scoring_batches, scoring_batches.c.id == scoring_batch_jobs.c.batch_id)
    .where(among(scoring_batch_jobs.c.scoring_job_id, "job_ids"))
    .order_by(scoring_batches.c.id)
    .with_for_update(of=scoring_batches)
)

_ended = (
    scoring_batches.c.completed_jobs
    + bindparam("newly_completed")
    + scoring_batches.c.failed_jobs
    + bindparam("newly_failed")
)
# The last job of a batch is found by the counters, under the row lock of this very statement.
_COUNT = Prepared(
    update(scoring_batches)
    .where(scoring_batches.c.id == bindparam("batch_id"))
    .values(
        completed_jobs=scoring_batches.c.completed_jobs + bindparam("newly_completed"),
        failed_jobs=scoring_batches.c.failed_jobs + bindparam("newly_failed"),
        completed_at=case((_ended >= scoring_batches.c.total_jobs, bindparam("now", type_=BigInteger)), else_=null()),
    ),
    ("batch_id", "newly_completed", "newly_failed", "now"),
)


class BatchIdentity(NamedTuple):
    """What makes two submissions the same batch."""

    tenant_id: str
    job_id: str
    applications_digest: str

    @property
    def job(self) -> JobKey:
        return JobKey(self.tenant_id, self.job_id)


class Counts(NamedTuple):
    """How many jobs of a batch ended, beyond those counted before."""

    completed: int
    failed: int


def insert_batches(connection: Connection, batches: Sequence[tuple[BatchIdentity, ScoringBatch]]) -> set[str]:
    """Store batches. Returns the ids of those whose identity was not taken."""
    return _INSERT.run(connection, [_row(identity, batch) for identity, batch in batches])


def find_batches(connection: Connection, identities: Sequence[BatchIdentity]) -> dict[BatchIdentity, ScoringBatch]:
    """Return the batches that exist."""
    if not identities:
        return {}
    rows = connection.execute(_FIND, rows_parameter("wanted", identities))
    return {BatchIdentity(row.tenant_id, row.job_id, row.applications_digest): to_batch(row) for row in rows}


def read_batch(connection: Connection, tenant_id: str, job_id: str, batch_id: str) -> ScoringBatch | None:
    """Return a batch of this tenant and job, or None."""
    parameters = {"batch_id": batch_id, "tenant_id": tenant_id, "job_id": job_id}
    row = connection.execute(_READ, parameters).one_or_none()
    return None if row is None else to_batch(row)


def insert_members(connection: Connection, members: Mapping[str, Sequence[str]]) -> None:
    """Store which jobs belong to each batch, in the order of its submission."""
    rows = [(batch_id, *member) for batch_id, job_ids in members.items() for member in enumerate(job_ids)]
    _INSERT_MEMBERS.run(connection, rows)


def read_members(connection: Connection, batch_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the jobs of each batch in the order of its submission: the scoring job's id by application id."""
    members: dict[str, dict[str, str]] = {batch_id: {} for batch_id in batch_ids}
    if batch_ids:
        for row in connection.execute(_READ_MEMBERS, texts_parameter("batch_ids", batch_ids)):
            members[row.batch_id][row.application_id] = row.scoring_job_id
    return members


def count_ended_jobs(connection: Connection, outcomes: dict[str, bool], now: Instant) -> set[str]:
    """Count ended jobs in every batch they belong to. Returns the ids of those batches.

    `outcomes` says of each job's id whether it ended with a score.
    """
    counts: dict[str, Counts] = {}
    for row in connection.execute(_FIND_BATCHES_OF_JOBS, texts_parameter("job_ids", outcomes)):
        completed, failed = counts.get(row.batch_id, Counts(0, 0))
        scored = outcomes[row.scoring_job_id]
        counts[row.batch_id] = Counts(completed + scored, failed + (not scored))
    add_counts(connection, counts, now)
    return set(counts)


def add_counts(connection: Connection, counts: dict[str, Counts], now: Instant) -> None:
    """Add to the counters of batches, and end those that have no unfinished job left."""
    _COUNT.run(connection, [(batch_id, *counts[batch_id], now) for batch_id in sorted(counts)])


def to_batch(row: Row[Any]) -> ScoringBatch:
    """Return the record of a row."""
    return ScoringBatch(
        id=row.id,
        job_id=row.job_id,
        total_jobs=row.total_jobs,
        completed_jobs=row.completed_jobs,
        failed_jobs=row.failed_jobs,
        created_at=row.created_at,
        completed_at=row.completed_at,
    )


def _row(identity: BatchIdentity, batch: ScoringBatch) -> Values:
    counts = (batch.total_jobs, batch.completed_jobs, batch.failed_jobs)
    return (batch.id, *identity, *counts, batch.created_at, batch.completed_at)
