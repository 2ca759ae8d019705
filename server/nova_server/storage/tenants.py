"""Tenants, and the virtual time that shares the queue fairly among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Row, bindparam, select, update

from nova_server.ports.clock import Instant
from nova_server.ports.tenancy import TenantKey
from nova_server.storage.json_rows import among, texts_parameter
from nova_server.storage.prepared import Prepared, insert_where_free
from nova_server.storage.row_statements import Values
from nova_server.storage.schema import queue_clock, tenants

_CLOCK = select(queue_clock.c.virtual_time).where(queue_clock.c.id == 1)

_LOCK = (
    select(tenants.c.id, tenants.c.virtual_time, tenants.c.weight)
    .where(among(tenants.c.id, "tenant_ids"))
    .order_by(tenants.c.id)
    .with_for_update()
)

_INSERT = insert_where_free(tenants, ("id", "partner_id", "environment", "external_id", "virtual_time", "created_at"))

_ADVANCE = Prepared(
    update(tenants).where(tenants.c.id == bindparam("tenant_id")).values(virtual_time=bindparam("reached")),
    ("tenant_id", "reached"),
)


@dataclass(slots=True)
class VirtualTime:
    """The virtual time of one tenant while a group of submissions is written."""

    latest: float
    step: float

    def next(self) -> float:
        """Return the place in the queue of the tenant's next job."""
        self.latest += self.step
        return self.latest


def lock_virtual_times(connection: Connection, keys: Mapping[str, TenantKey], now: Instant) -> dict[str, VirtualTime]:
    """Return the virtual time of each tenant, after making those that are new.

    Start-time fair queueing: a job's place is `max(clock of the queue, latest of its tenant) + 1 / weight`. A tenant
    with a long queue runs ahead of the clock; one that was idle starts from it.
    """
    rows = _lock(connection, keys)
    if new := sorted(keys.keys() - rows.keys()):
        _INSERT.run(connection, [_new_row(key, keys[key], now) for key in new])
        # A row that another process inserted just before is not locked by an insertion that found it.
        rows |= _lock(connection, new)
    clock = connection.execute(_CLOCK).scalar_one()
    return {key: VirtualTime(max(clock, rows[key].virtual_time), 1 / rows[key].weight) for key in keys}


def save_virtual_times(connection: Connection, times: Mapping[str, VirtualTime]) -> None:
    """Store how far each tenant has run."""
    _ADVANCE.run(connection, [(key, times[key].latest) for key in sorted(times)])


def _lock(connection: Connection, keys: Iterable[str]) -> dict[str, Row[str, float, float]]:
    rows = connection.execute(_LOCK, texts_parameter("tenant_ids", keys))
    return {row.id: row for row in rows}


def _new_row(key: str, tenant: TenantKey, now: Instant) -> Values:
    return (key, tenant.partner_id, tenant.environment.value, tenant.tenant_id, 0.0, now)
