"""Points in time as the REST api prints them."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from nova_server.ports.clock import Instant


def rfc3339(instant: Instant) -> str:
    """Return `2026-03-01T09:00:00Z`, with 3 or 6 digits of a fraction where it has one."""
    moment = Timestamp()
    moment.FromMicroseconds(instant)
    return moment.ToJsonString()
