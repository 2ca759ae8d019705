"""What a worker asks of a durable queue. Knows nothing of what its jobs are about.

A job is `pending`, then `running` under a lease, then `completed` or `failed`. Every claim raises the job's `attempt`,
which never falls again: it fences off a worker that lost its lease. `starts` counts how often the job was begun, and is
given back when a worker lets go of a job it has not failed at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from nova_server.ports.clock import Instant


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one job until it is lost.

    `work` is what the job is about, where the store hands it out with the lease. The queue does not look at it.
    """

    job_id: str
    attempt: int
    starts: int
    work: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The job ended with a result, which the store understands and the queue does not."""

    result: object


@dataclass(frozen=True, slots=True)
class Failed:
    """The job ended without a result. `code` is the name of an ErrorReason."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Retry:
    """The job met a passing fault. When no start is left it ends as `failure`.

    It is tried again after `seconds`, or after a time that the queue chooses. `note` is kept with it by the store.
    """

    failure: Failed
    seconds: float | None = None
    note: object = None


@dataclass(frozen=True, slots=True)
class Postpone:
    """The job cannot be worked on for a while, through no fault of its own. Costs it no start."""

    seconds: float


Outcome = Succeeded | Failed | Retry | Postpone


@dataclass(frozen=True, slots=True)
class Completion:
    """The end of a job, valid only while `attempt` is its latest."""

    job_id: str
    attempt: int
    outcome: Succeeded | Failed


@dataclass(frozen=True, slots=True)
class Requeue:
    """The return of a job to the queue, valid only while `attempt` is its latest."""

    job_id: str
    attempt: int
    available_at: Instant
    give_back_start: bool
    note: object = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A request for up to `limit` jobs. At most `group_limit` jobs of one group (a tenant, say) run at once."""

    limit: int
    owner: str
    now: Instant
    lease_expires_at: Instant
    group_limit: int


@dataclass(frozen=True, slots=True)
class Extension:
    """A request to renew leases."""

    leases: tuple[Lease, ...]
    lease_expires_at: Instant


@dataclass(frozen=True, slots=True)
class Sweep:
    """A request to return every job whose lease ended before `expired_before`, and to fail it at its last start."""

    now: Instant
    expired_before: Instant
    max_starts: int
    failure: Failed


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did."""

    requeued: int
    failed: int


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How much waits, and since when its oldest job does."""

    pending: int
    running: int
    oldest_queued_at: Instant | None


class JobQueue(Protocol):
    """A durable queue. Every call may raise StoreUnavailable, and then changed nothing."""

    async def claim(self, claim: Claim) -> Sequence[Lease]:
        """Lease jobs in the order of their virtual times."""
        ...

    async def extend(self, extension: Extension) -> Sequence[Lease]:
        """Renew leases. Returns those that were lost."""
        ...

    async def complete(self, completion: Completion) -> bool:
        """End a job. Returns False, having changed nothing, when the lease was lost."""
        ...

    async def requeue(self, requeue: Requeue) -> bool:
        """Return a job to the queue. Returns False, having changed nothing, when the lease was lost."""
        ...

    async def sweep(self, sweep: Sweep) -> Swept:
        """Rescue jobs whose worker went silent."""
        ...

    async def depth(self) -> QueueDepth:
        """Measure the queue."""
        ...
