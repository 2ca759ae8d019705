"""News for other processes, sent with the transaction that makes it: the listener there passes it on as signals."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Connection

from nova_server.storage.dialects import dialect_of

QUEUE_GREW = "nova_queue_grew"
DELIVERIES_GREW = "nova_deliveries_grew"
BATCHES_CHANGED = "nova_batches_changed"

# A payload of PostgreSQL has less than 8,000 bytes, and an id with a space 26.
_IDS = 300


def announce(
    connection: Connection, *, queue: bool = False, deliveries: bool = False, batches: Collection[str] = ()
) -> None:
    """Tell other processes that there are jobs to claim, webhooks to deliver, or batches that changed."""
    dialect_of(connection).announce(connection, list(_news(queue, deliveries, batches)))


def _news(queue: bool, deliveries: bool, batches: Collection[str]) -> Iterator[tuple[str, str]]:
    if queue:
        yield QUEUE_GREW, ""
    if deliveries:
        yield DELIVERIES_GREW, ""
    ids = sorted(batches)
    for first in range(0, len(ids), _IDS):
        yield BATCHES_CHANGED, " ".join(ids[first : first + _IDS])
