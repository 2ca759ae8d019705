"""How long a delivery waits before the next attempt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from nova_server.ports.clock import MICROSECONDS, Instant

# Limits of the public contract.
SHORTEST_SECONDS = 60.0
LONGEST_SECONDS = 1800.0

_GROWTH = 3.0
_MOST_STEPS = 4  # the longest wait is reached by then, and 3 to the power of it is far from the largest float


def delay_seconds(attempts_made: int, retry_after: float | None, random: Callable[[], float]) -> float:
    """Return the wait after the `attempts_made`-th attempt, which failed.

    The receiver's own wish, `retry_after`, is followed within the limits. Else the wait is anywhere from the shortest
    to one that grows threefold with each attempt, so that deliveries that failed together do not come back together.
    `random` returns a number from 0 up to 1.
    """
    if retry_after is not None:
        return min(max(retry_after, SHORTEST_SECONDS), LONGEST_SECONDS)
    top = min(LONGEST_SECONDS, SHORTEST_SECONDS * _GROWTH ** min(attempts_made, _MOST_STEPS))
    return SHORTEST_SECONDS + random() * (top - SHORTEST_SECONDS)


def read_retry_after(text: str | None, now: Instant) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, or None when it is missing or makes no sense.

    The receiver wrote it, so it may be anything: a number of any length becomes infinite, a date of the past negative.
    """
    wish = (text or "").strip()
    if wish.isascii() and wish.isdecimal():
        return float(wish)
    moment = _read_date(wish)
    return None if moment is None else moment.timestamp() - now / MICROSECONDS


def _read_date(text: str) -> datetime | None:
    """Read an HTTP date, RFC 9110 section 5.6.7. They are all in UTC."""
    try:
        moment = parsedate_to_datetime(text)
        # A naive one is what the parser makes of "-0000": UTC, and no word on where.
        return moment.replace(tzinfo=moment.tzinfo or UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
