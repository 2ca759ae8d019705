"""Which jobs are claimed next: the lowest virtual times, and no more of one tenant than it may have running.

Nearly always these are the first entries of the index of pending jobs. But a tenant that has all it may have can have
any number of jobs waiting in front of everybody else's. Then the jobs are looked for tenant by tenant, so that a claim
costs as much as there are tenants waiting, and not as much as there are jobs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from nova_server.ports.queue import Claim, Lease
from nova_server.storage.schema import PENDING, RUNNING, queue_clock, scoring_jobs

_WINDOWS = 4  # times as many entries at the front of the queue are searched before the search goes tenant by tenant

_jobs = scoring_jobs.c

_COUNT_RUNNING = (
    select(_jobs.tenant_id, func.count().label("running")).where(_jobs.state == RUNNING).group_by(_jobs.tenant_id)
)

_AVAILABLE = (_jobs.state == PENDING, _jobs.available_at <= bindparam("now"))
_PLACE = (_jobs.virtual_time, _jobs.id)

_FIND_FIRST = (
    select(_jobs.id, _jobs.tenant_id, _jobs.virtual_time).where(*_AVAILABLE).order_by(*_PLACE).limit(bindparam("limit"))
)

_front = _FIND_FIRST.subquery("front")
_FIND_IN_FRONT = (
    select(_front)
    .where(_front.c.tenant_id.not_in(bindparam("full_tenants", expanding=True)))
    .order_by(_front.c.virtual_time, _front.c.id)
    .limit(bindparam("wanted"))
)

_FIND_OF_TENANT = (
    select(_jobs.id, _jobs.tenant_id, _jobs.virtual_time)
    .where(*_AVAILABLE, _jobs.tenant_id == bindparam("tenant_id"))
    .order_by(*_PLACE)
    .limit(bindparam("limit"))
)

# Jumps from tenant to tenant through the index by tenant, without touching the jobs between.
_other = scoring_jobs.alias("other")
_waiting = (
    select(func.min(_jobs.tenant_id).label("tenant_id")).where(_jobs.state == PENDING).cte("waiting", recursive=True)
)
_waiting = _waiting.union_all(
    select(
        select(func.min(_other.c.tenant_id))
        .where(_other.c.state == PENDING, _other.c.tenant_id > _waiting.c.tenant_id)
        .scalar_subquery()
    ).where(_waiting.c.tenant_id.is_not(None))
)
_first = (
    select(_jobs.virtual_time)
    .where(*_AVAILABLE, _jobs.tenant_id == _waiting.c.tenant_id)
    .order_by(*_PLACE)
    .limit(1)
    .scalar_subquery()
)
_heads = select(_waiting.c.tenant_id, _first.label("virtual_time")).subquery("heads")
_FIND_TENANTS = (
    select(_heads.c.tenant_id)
    .where(_heads.c.virtual_time.is_not(None), _heads.c.tenant_id.not_in(bindparam("full_tenants", expanding=True)))
    .order_by(_heads.c.virtual_time)
    .limit(bindparam("limit"))
)

_CLAIM = (
    update(scoring_jobs)
    .where(_jobs.id.in_(bindparam("job_ids", expanding=True)), _jobs.state == PENDING)
    .values(
        state=RUNNING,
        attempt=_jobs.attempt + 1,
        starts=_jobs.starts + 1,
        lease_owner=bindparam("owner"),
        lease_expires_at=bindparam("expires_at"),
        started_at=func.coalesce(_jobs.started_at, bindparam("now")),
    )
    .returning(_jobs.id, _jobs.attempt, _jobs.starts)
)

_ADVANCE_CLOCK = (
    update(queue_clock)
    .where(queue_clock.c.id == 1, queue_clock.c.virtual_time < bindparam("reached"))
    .values(virtual_time=bindparam("reached"))
)


class ClaimJobs:
    """The operation that leases jobs."""

    def apply(self, connection: Connection, intents: Sequence[Claim]) -> Sequence[Sequence[Lease]]:
        """Answer one claim after the other: what one takes, the next cannot have."""
        return [_claim(connection, claim) for claim in intents]


def _claim(connection: Connection, claim: Claim) -> list[Lease]:
    choice = Choice(connection, claim)
    choice.look_in_front()
    if choice.is_short():
        choice.look_behind_full_tenants()
    if not choice.jobs:
        return []
    parameters = {
        "job_ids": list(choice.jobs),
        "owner": claim.owner,
        "expires_at": claim.lease_expires_at,
        "now": claim.now,
    }
    leases = {row.id: Lease(row.id, row.attempt, row.starts) for row in connection.execute(_CLAIM, parameters)}
    connection.execute(_ADVANCE_CLOCK, {"reached": max(choice.jobs.values())})
    return [leases[job_id] for job_id in choice.jobs if job_id in leases]


class Choice:
    """The jobs that one claim is going to take: `jobs` holds their virtual times, in the order of these."""

    def __init__(self, connection: Connection, claim: Claim) -> None:
        self._connection = connection
        self._claim = claim
        self._running: Counter[str] = Counter(
            {row.tenant_id: row.running for row in connection.execute(_COUNT_RUNNING)}
        )
        self.jobs: dict[str, float] = {}

    def is_short(self) -> bool:
        """Tell whether places are left although jobs may be waiting behind those of full tenants."""
        return self._wanted > 0 and bool(self._full_tenants)

    def look_in_front(self) -> None:
        """Take from the front of the queue, again and again without the tenants that turn out to be full."""
        while self._wanted > 0:
            wanted = self._wanted + len(self.jobs)
            if full := self._full_tenants:
                window = self._claim.limit * _WINDOWS
                rows = self._find(_FIND_IN_FRONT, full_tenants=full, limit=window, wanted=wanted)
            else:
                rows = self._find(_FIND_FIRST, limit=wanted)
            if not self._take(rows):
                return

    def look_behind_full_tenants(self) -> None:
        """Take from the tenants that are not full, wherever in the queue their jobs are.

        Of each no more jobs are read than one tenant may have running, whatever the size of the claim.
        """
        tenants = self._find(_FIND_TENANTS, full_tenants=self._full_tenants, limit=self._claim.limit)
        rows = [row for tenant in tenants for row in self._first_of(tenant.tenant_id)]
        self._take(sorted(rows, key=lambda row: (row.virtual_time, row.id)))

    def _first_of(self, tenant_id: str) -> Sequence[Row[Any]]:
        limit = min(self._claim.limit, self._claim.group_limit)
        return self._find(_FIND_OF_TENANT, tenant_id=tenant_id, limit=limit)

    @property
    def _wanted(self) -> int:
        return self._claim.limit - len(self.jobs)

    @property
    def _full_tenants(self) -> list[str]:
        return [tenant for tenant, count in self._running.items() if count >= self._claim.group_limit]

    def _find(self, statement: Any, **parameters: object) -> Sequence[Row[Any]]:
        return self._connection.execute(statement, {"now": self._claim.now, **parameters}).all()

    def _take(self, rows: Iterable[Row[Any]]) -> int:
        """Take those jobs whose tenant may have one more. Returns how many."""
        before = len(self.jobs)
        for row in rows:
            if self._wanted > 0 and row.id not in self.jobs and self._running[row.tenant_id] < self._claim.group_limit:
                self._running[row.tenant_id] += 1
                self.jobs[row.id] = row.virtual_time
        return len(self.jobs) - before
