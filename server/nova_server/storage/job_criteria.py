"""What each job is scored against now: which version, and where the criteria of its next submission come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, and_, bindparam, func, null, select, update
from sqlalchemy.dialects.postgresql import Insert

from nova_server.ports.clock import Instant
from nova_server.ports.criteria import CriteriaSource
from nova_server.storage.json_rows import json_rows, rows_parameter
from nova_server.storage.prepared import Prepared
from nova_server.storage.row_statements import RowInsertion
from nova_server.storage.schema import ONE, criteria_versions, job_criteria

_wanted = json_rows("wanted", "tenant_id", "job_id")
# The tenant's row is locked before, and with it everything about the tenant's jobs.
_READ = select(job_criteria).select_from(
    _wanted.join(
        job_criteria,
        and_(job_criteria.c.tenant_id == _wanted.c.tenant_id, job_criteria.c.job_id == _wanted.c.job_id),
    )
)


def _over_the_old(insertion: Insert) -> Insert:
    new = insertion.excluded
    return insertion.on_conflict_do_update(
        index_elements=["tenant_id", "job_id"],
        set_={
            "source": new.source,
            "active_version_id": new.active_version_id,
            "revision": job_criteria.c.revision + ONE,
            "partner_changes": job_criteria.c.partner_changes + new.partner_changes,
            "updated_at": new.updated_at,
        },
    )


_ACTIVATE = Prepared(
    RowInsertion(
        job_criteria,
        {
            "tenant_id": bindparam("tenant"),
            "job_id": bindparam("job"),
            "source": bindparam("new_source"),
            "active_version_id": bindparam("new_version"),
            "revision": ONE,
            "partner_changes": bindparam("by_partner"),
            "updated_at": bindparam("now"),
        },
        _over_the_old,
    ),
    ("tenant", "job", "new_source", "new_version", "by_partner", "now"),
)
_ARCHIVE = Prepared(
    update(criteria_versions)
    .where(criteria_versions.c.id == bindparam("version_id"))
    .values(archived_at=func.coalesce(criteria_versions.c.archived_at, bindparam("now", type_=BigInteger))),
    ("version_id", "now"),
)
_REVIVE = Prepared(
    update(criteria_versions).where(criteria_versions.c.id == bindparam("version_id")).values(archived_at=null()),
    ("version_id",),
)


class JobKey(NamedTuple):
    """A job: the key of its tenant, and the caller's own id."""

    tenant_id: str
    job_id: str


class Active(NamedTuple):
    """What a job is scored against. `version_id` is None while its criteria are archived."""

    source: CriteriaSource
    version_id: str | None
    revision: int
    partner_changes: int


UNKNOWN = Active(CriteriaSource.TEXTS, None, 0, 0)


class Activation(NamedTuple):
    """A change of what a job is scored against. `ended` are the versions that are current no more.

    `by_partner` tells it from what a submission changes by bringing other texts.
    """

    job: JobKey
    source: CriteriaSource
    version_id: str | None
    ended: tuple[str, ...] = ()
    by_partner: bool = False


def read_active(connection: Connection, jobs: Sequence[JobKey]) -> dict[JobKey, Active]:
    """Return what each job is scored against, of those of which anything is known."""
    rows = connection.execute(_READ, rows_parameter("wanted", jobs))
    return {
        JobKey(row.tenant_id, row.job_id): Active(
            CriteriaSource(row.source), row.active_version_id, row.revision, row.partner_changes
        )
        for row in rows
    }


def activate(connection: Connection, changes: Sequence[Activation], now: Instant) -> None:
    """Make changes, and count each in the revision of its job."""
    _ACTIVATE.run(
        connection, [(*one.job, one.source.value, one.version_id, int(one.by_partner), now) for one in changes]
    )
    _ARCHIVE.run(connection, [(version_id, now) for one in changes for version_id in one.ended])
    _REVIVE.run(connection, [(one.version_id,) for one in changes if one.version_id is not None])
