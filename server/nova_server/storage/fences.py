"""What keeps a worker that lost its lease from writing, for every table that is a queue.

Every step that ends a lease first locks the rows of which `attempt` is still the latest, and touches no other.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Table, bindparam, null, select, update

from nova_server.ports.queue import Completion, Extension, Lease, Requeue
from nova_server.storage.json_rows import among, texts_parameter
from nova_server.storage.prepared import Prepared
from nova_server.storage.schema import RUNNING

NO_LEASE = {"lease_owner": null(), "lease_expires_at": null()}


def held(table: Table) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which a lease is held: of the row `held_id`, under its attempt `held_attempt`."""
    return (
        table.c.id == bindparam("held_id"),
        table.c.attempt == bindparam("held_attempt"),
        table.c.state == RUNNING,
    )


class Fence:
    """Tells which leases on the rows of a table are still held."""

    def __init__(self, table: Table) -> None:
        self._lock = (
            select(table.c.id, table.c.attempt)
            .where(among(table.c.id, "ids"), table.c.state == RUNNING)
            .order_by(table.c.id)
            .with_for_update()
        )

    def lock(self, connection: Connection, leases: Sequence[Lease | Completion | Requeue]) -> dict[str, int]:
        """Lock those of these jobs that are running. Returns the latest attempt of each."""
        if not leases:
            return {}
        rows = connection.execute(self._lock, texts_parameter("ids", {lease.job_id for lease in leases}))
        return {row.id: row.attempt for row in rows}

    def accept(self, connection: Connection, requests: Sequence[Completion | Requeue]) -> list[bool]:
        """Say of each request whether its lease is held. Of several under one lease only the first is accepted."""
        latest = self.lock(connection, requests)
        accepted = []
        for request in requests:
            accepted.append(latest.get(request.job_id) == request.attempt)
            if accepted[-1]:
                del latest[request.job_id]
        return accepted


class ExtendLeases:
    """The operation that renews leases."""

    def __init__(self, table: Table) -> None:
        self._fence = Fence(table)
        self._extend = Prepared(
            update(table).where(*held(table)).values(lease_expires_at=bindparam("expires_at")),
            ("held_id", "held_attempt", "expires_at"),
        )

    def apply(self, connection: Connection, intents: Sequence[Extension]) -> Sequence[Sequence[Lease]]:
        """Renew each lease that is still held. Returns those that are not."""
        latest = self._fence.lock(connection, [lease for intent in intents for lease in intent.leases])
        rows = [
            (lease.job_id, lease.attempt, intent.lease_expires_at)
            for intent in intents
            for lease in intent.leases
            if latest.get(lease.job_id) == lease.attempt
        ]
        self._extend.run(connection, rows)
        return [[lease for lease in intent.leases if latest.get(lease.job_id) != lease.attempt] for intent in intents]
