"""Which jobs are claimed next: the lowest virtual times, and no more of one tenant than it may have running.

Nearly always these are the first entries of the index of pending jobs. But a tenant that has all it may have can have
any number of jobs waiting in front of everybody else's. Then the jobs are looked for tenant by tenant, so that a claim
costs as much as there are tenants waiting, and not as much as there are jobs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, bindparam, func, select, update

from nova_server.ports.queue import Claim, Lease
from nova_server.storage.dialects import dialect_of
from nova_server.storage.json_rows import among, texts_parameter
from nova_server.storage.queue_front import QueueFront
from nova_server.storage.schema import (
    BEFORE_ALL,
    ONE,
    PENDING,
    RUNNING,
    queue_clock,
    scoring_jobs,
)

_WINDOWS = 4  # times as many entries at the front of the queue are searched before the search goes tenant by tenant

_jobs = scoring_jobs.c

_COUNT_RUNNING = (
    select(_jobs.tenant_id, func.count().label("running"))
    .where(_jobs.state == RUNNING, _jobs.tenant_id > BEFORE_ALL)
    .group_by(_jobs.tenant_id)
)

_AVAILABLE = (_jobs.state == PENDING, _jobs.available_at <= bindparam("now"))
_PLACE = (_jobs.virtual_time, _jobs.id)

# Jobs are locked as they are found. Those that a submission is tied to at this moment are left for the next claim.
_FIND_FIRST = (
    select(_jobs.id, _jobs.tenant_id, _jobs.virtual_time)
    .where(*_AVAILABLE, _jobs.virtual_time >= bindparam("beginning"))
    .order_by(*_PLACE)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)

_front = _FIND_FIRST.subquery("front")
_FIND_IN_FRONT = (
    select(_front)
    .where(~among(_front.c.tenant_id, "full_tenants"))
    .order_by(_front.c.virtual_time, _front.c.id)
    .limit(bindparam("wanted"))
)

_FIND_OF_TENANT = (
    select(_jobs.id, _jobs.tenant_id, _jobs.virtual_time)
    .where(*_AVAILABLE, _jobs.tenant_id == bindparam("tenant_id"))
    .order_by(*_PLACE)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)

_other = scoring_jobs.alias("other")


def _next_tenant(after: ColumnElement[str]) -> ScalarSelect[str]:
    """Return the tenant after another one that has jobs waiting. In words that are not answered by reading them all."""
    of_later = (_other.c.state == PENDING, _other.c.tenant_id > after)
    return select(_other.c.tenant_id).where(*of_later).order_by(_other.c.tenant_id).limit(ONE).scalar_subquery()


# Jumps from tenant to tenant through the index by tenant, without touching the jobs between.
_waiting = select(_next_tenant(BEFORE_ALL).label("tenant_id")).cte("waiting", recursive=True)
_waiting = _waiting.union_all(select(_next_tenant(_waiting.c.tenant_id)).where(_waiting.c.tenant_id.is_not(None)))
_first = (
    select(_jobs.virtual_time)
    .where(*_AVAILABLE, _jobs.tenant_id == _waiting.c.tenant_id)
    .order_by(*_PLACE)
    .limit(ONE)
    .scalar_subquery()
)
_heads = select(_waiting.c.tenant_id, _first.label("virtual_time")).subquery("heads")
_FIND_TENANTS = (
    select(_heads)
    .where(~among(_heads.c.tenant_id, "full_tenants"))
    .order_by(_heads.c.virtual_time.nulls_last())  # which comes in no condition: it would be looked for once more
    .limit(bindparam("limit"))
)

_CLAIM = (
    update(scoring_jobs)
    .where(among(_jobs.id, "job_ids"))
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
    """The operation that leases jobs. `front` is where this process begins to look for them."""

    def __init__(self, front: QueueFront) -> None:
        self._front = front

    def apply(self, connection: Connection, intents: Sequence[Claim]) -> Sequence[Sequence[Lease]]:
        """Answer one claim after the other, over all processes: what one takes, the next can neither have nor miss."""
        dialect_of(connection).serialize(connection, "claims of scoring jobs")
        return [self._claim(connection, claim) for claim in intents]

    def _claim(self, connection: Connection, claim: Claim) -> list[Lease]:
        choice = Choice(connection, claim, self._front.begins_at(claim.now))
        choice.look_in_front()
        if choice.is_short():
            choice.look_behind_full_tenants()
        self._front.searched(choice.first, choice.jobs.values(), claim.now)
        return _lease(connection, claim, choice.jobs) if choice.jobs else []


def _lease(connection: Connection, claim: Claim, jobs: Mapping[str, float]) -> list[Lease]:
    """Lease jobs, given with their virtual times, and set the clock of the queue to the last of them."""
    parameters = {
        **texts_parameter("job_ids", jobs),
        "owner": claim.owner,
        "expires_at": claim.lease_expires_at,
        "now": claim.now,
    }
    leases = {row.id: Lease(row.id, row.attempt, row.starts) for row in connection.execute(_CLAIM, parameters)}
    connection.execute(_ADVANCE_CLOCK, {"reached": max(jobs.values())})
    return [leases[job_id] for job_id in jobs]


class Choice:
    """The jobs that one claim is going to take: `jobs` holds their virtual times, in the order of these.

    It looks for them from the virtual time `beginning` on. `first` is that of the first pending job, see `QueueFront`.
    """

    def __init__(self, connection: Connection, claim: Claim, beginning: float) -> None:
        self._connection = connection
        self._claim = claim
        self._beginning = beginning
        self.first = math.inf
        self._running: Counter[str] = Counter(
            {row.tenant_id: row.running for row in connection.execute(_COUNT_RUNNING)}
        )
        self.jobs: dict[str, float] = {}

    def is_short(self) -> bool:
        """Tell whether places are left although jobs may be waiting behind those of full tenants."""
        return self._wanted > 0 and bool(self._full_tenants)

    def look_in_front(self) -> None:
        """Take from the front of the queue, again and again without the tenants that turn out to be full."""
        if self._full_tenants:
            self.first = -math.inf  # it may be one of theirs, which are not looked at
        while self._wanted > 0:
            rows = self._find_in_front(self._wanted + len(self.jobs))
            self.first = min(self.first, *(row.virtual_time for row in rows[:1]), math.inf)
            if not self._take(rows):
                return

    def _find_in_front(self, wanted: int) -> Sequence[Row[Any]]:
        if full := self._full_tenants:
            window = self._claim.limit * _WINDOWS
            return self._find(_FIND_IN_FRONT, **_full(full), limit=window, wanted=wanted, beginning=self._beginning)
        return self._find(_FIND_FIRST, limit=wanted, beginning=self._beginning)

    def look_behind_full_tenants(self) -> None:
        """Take from the tenants that are not full, wherever in the queue their jobs are.

        Of each no more jobs are read than one tenant may have running, whatever the size of the claim.
        """
        heads = self._find(_FIND_TENANTS, **_full(self._full_tenants), limit=self._claim.limit)
        rows = [row for head in heads if head.virtual_time is not None for row in self._first_of(head.tenant_id)]
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


def _full(tenants: Sequence[str]) -> dict[str, str]:
    return texts_parameter("full_tenants", tenants)
