"""The durable queue of deliveries."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from nova_server.ports.clock import Clock
from nova_server.ports.queue import Claim, Completion, Extension, Lease, QueueDepth, Requeue, Sweep, Swept
from nova_server.storage.database import Database
from nova_server.storage.fences import ExtendLeases
from nova_server.storage.schema import BEFORE_ALL, PENDING, RUNNING, webhook_deliveries, webhook_events
from nova_server.storage.webhook_claims import ClaimDeliveries
from nova_server.storage.webhook_leases import CompleteDeliveries, PutBackDeliveries, SweepDeliveries

_deliveries = webhook_deliveries.c
_COUNT_PENDING = select(func.count(), func.min(_deliveries.id)).where(
    _deliveries.state == PENDING, _deliveries.endpoint_id > BEFORE_ALL
)
_COUNT_RUNNING = select(func.count()).where(_deliveries.state == RUNNING, _deliveries.endpoint_id > BEFORE_ALL)
_HAPPENED_AT = select(webhook_events.c.created_at).join_from(
    webhook_deliveries, webhook_events, webhook_events.c.id == _deliveries.event_id
)


class SqlWebhookQueue:
    """Implements `ports.queue.JobQueue` on the table of deliveries. A lease brings its `DeliveryWork`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._claim = ClaimDeliveries()
        self._extend = ExtendLeases(webhook_deliveries)
        self._complete = CompleteDeliveries()
        self._put_back = PutBackDeliveries()
        self._sweep = SweepDeliveries()

    async def claim(self, claim: Claim) -> Sequence[Lease]:
        return await self._database.writer.run(self._claim, claim)

    async def extend(self, extension: Extension) -> Sequence[Lease]:
        return await self._database.writer.run(self._extend, extension)

    async def complete(self, completion: Completion) -> bool:
        return await self._database.writer.run(self._complete, (completion, self._clock.now()))

    async def requeue(self, requeue: Requeue) -> bool:
        return await self._database.writer.run(self._put_back, (requeue, self._clock.now()))

    async def sweep(self, sweep: Sweep) -> Swept:
        return await self._database.writer.run(self._sweep, sweep)

    async def depth(self) -> QueueDepth:
        return await self._database.read(_measure)


def _measure(connection: Connection) -> QueueDepth:
    pending, oldest_id = connection.execute(_COUNT_PENDING).one()
    running = connection.execute(_COUNT_RUNNING).scalar_one()
    # Ids sort by time, so that the smallest one in the index of pending deliveries is the oldest.
    oldest = connection.scalar(_HAPPENED_AT.where(_deliveries.id == oldest_id)) if oldest_id else None
    return QueueDepth(pending, running, oldest)
