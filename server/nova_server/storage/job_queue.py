"""The durable queue."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from nova_server.ports.clock import Clock
from nova_server.ports.queue import Claim, Completion, Extension, Lease, QueueDepth, Requeue, Sweep, Swept
from nova_server.ports.signals import Signals
from nova_server.storage.claims import ClaimJobs
from nova_server.storage.database import Database
from nova_server.storage.fences import ExtendLeases
from nova_server.storage.leases import CompleteJobs, Consequences, RequeueJobs, SweepJobs
from nova_server.storage.queue_front import QueueFront
from nova_server.storage.schema import BEFORE_ALL, BEGINNING, PENDING, RUNNING, scoring_jobs
from nova_server.storage.webhook_outbox import Outbox

_jobs = scoring_jobs.c
_COUNT_PENDING = select(func.count(), func.min(_jobs.id)).where(_jobs.state == PENDING, _jobs.virtual_time >= BEGINNING)
_COUNT_RUNNING = select(func.count()).where(_jobs.state == RUNNING, _jobs.tenant_id > BEFORE_ALL)
_QUEUED_AT = select(_jobs.queued_at)


class SqlJobQueue:
    """Implements `ports.queue.JobQueue` on the table of scoring jobs."""

    def __init__(self, database: Database, clock: Clock, signals: Signals, *, outbox: Outbox) -> None:
        self._database = database
        self._clock = clock
        self._signals = signals
        self._front = QueueFront()
        self._claim = ClaimJobs(self._front)
        self._extend = ExtendLeases(scoring_jobs)
        self._complete = CompleteJobs(outbox)
        self._requeue = RequeueJobs()
        self._sweep = SweepJobs(outbox)

    async def claim(self, claim: Claim) -> Sequence[Lease]:
        return await self._database.writer.run(self._claim, claim)

    async def extend(self, extension: Extension) -> Sequence[Lease]:
        return await self._database.writer.run(self._extend, extension)

    async def complete(self, completion: Completion) -> bool:
        consequences = await self._database.writer.run(self._complete, (completion, self._clock.now()))
        if consequences is None:
            return False
        self._tell(consequences)
        return True

    async def requeue(self, requeue: Requeue) -> bool:
        returned = await self._database.writer.run(self._requeue, requeue)
        self._front.look_again()
        return returned

    async def sweep(self, sweep: Sweep) -> Swept:
        swept, consequences = await self._database.writer.run(self._sweep, sweep)
        if swept.requeued:
            self._front.look_again()
            self._signals.queue_grew()
        self._tell(consequences)
        return swept

    async def depth(self) -> QueueDepth:
        return await self._database.read(_measure)

    def _tell(self, consequences: Consequences) -> None:
        if consequences.batches:
            self._signals.batches_changed(consequences.batches)
        if consequences.deliveries:
            self._signals.deliveries_grew()


def _measure(connection: Connection) -> QueueDepth:
    pending, oldest_id = connection.execute(_COUNT_PENDING).one()
    running = connection.execute(_COUNT_RUNNING).scalar_one()
    # Ids sort by time, so that the smallest one in the index of pending jobs is the oldest job.
    oldest = connection.scalar(_QUEUED_AT.where(_jobs.id == oldest_id)) if oldest_id else None
    return QueueDepth(pending, running, oldest)
