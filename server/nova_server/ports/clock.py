"""Time, as everything but the composition root sees it."""

from __future__ import annotations

from typing import NewType, Protocol

# Microseconds since the Unix epoch, UTC. An integer, because it is stored and compared far more often than shown.
Instant = NewType("Instant", int)

MICROSECONDS = 1_000_000


def plus_seconds(instant: Instant, seconds: float) -> Instant:
    """Return the instant that is `seconds` later."""
    return Instant(instant + round(seconds * MICROSECONDS))


class Clock(Protocol):
    """The source of time. Tests bring one that they move by hand."""

    def now(self) -> Instant:
        """Return the wall-clock time."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...
