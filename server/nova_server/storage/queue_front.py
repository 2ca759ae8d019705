"""Where the queue of pending jobs begins, as far as one process has seen.

Claimed jobs leave dead entries in the index of pending ones, which PostgreSQL cannot remove while any transaction is
open that began before. So that claims need not pass them again and again, a claim begins where the queue was seen to
begin, and looks at all of it only once a second. What comes to lie further ahead is then found a second late at most,
like any job that nobody announced.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from nova_server.ports.clock import Instant, plus_seconds

LOOK_SECONDS = 1.0  # as long as a worker rests that hears of nothing


class QueueFront:
    """The virtual time at which a search for pending jobs may begin."""

    def __init__(self) -> None:
        self._begins_at = -math.inf
        self._look_due_at = Instant(0)
        self._latest_claimed = -math.inf
        self._claimed_at_last_look = -math.inf
        self._looking = False

    def begins_at(self, now: Instant) -> float:
        """Return where to begin a search. Tell `searched` what it found."""
        self._looking = now >= self._look_due_at
        return -math.inf if self._looking else self._begins_at

    def searched(self, first: float, claimed: Iterable[float], now: Instant) -> None:
        """Take note of the virtual time of the first pending job, as far as it was found, and of those claimed.

        `first` is infinite when there is none, and minus infinite when it was not looked for. A submission that is
        being written took its place from the clock of the queue as it was a moment ago. So the front is never further
        than what was claimed by the look before.
        """
        if self._looking:
            self._begins_at = min(first, self._claimed_at_last_look)
            self._claimed_at_last_look = self._latest_claimed
            self._look_due_at = plus_seconds(now, LOOK_SECONDS)
        self._latest_claimed = max(self._latest_claimed, *claimed, -math.inf)

    def look_again(self) -> None:
        """Let the next search look at everything: a job may have come back to its old place."""
        self._look_due_at = Instant(0)
