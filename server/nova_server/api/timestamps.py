"""Points in time, as messages have them: as a `Timestamp` in answers, and as a text of RFC 3339 in requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from nova_server.ports.clock import MICROSECONDS, Instant

_NANOSECONDS = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def timestamp_of(instant: Instant | None) -> Timestamp | None:
    """Return the message of an instant. None stays unset."""
    if instant is None:
        return None
    seconds, microseconds = divmod(instant, MICROSECONDS)
    return Timestamp(seconds=seconds, nanos=microseconds * _NANOSECONDS)


def instant_of(text: str) -> Instant:
    """Return the instant that a text of RFC 3339 names. Raises ValueError when it names none, such as 2025-02-31."""
    return Instant((datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND)
