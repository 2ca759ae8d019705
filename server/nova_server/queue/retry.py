"""How long a job waits before it is tried again."""

from __future__ import annotations

from collections.abc import Callable

FIRST_SECONDS = 2.0
LONGEST_SECONDS = 60.0
MOST_DOUBLINGS = 10  # far beyond the longest wait, and far from the largest float


def backoff_seconds(starts: int, random: Callable[[], float]) -> float:
    """Return a wait after the `starts`-th failure: exponential, with full jitter.

    Full jitter spreads the retries of jobs that failed together over the whole interval, so that they do not come back
    together. `random` returns a number from 0 up to 1.
    """
    doublings = min(starts - 1, MOST_DOUBLINGS)
    return random() * min(LONGEST_SECONDS, FIRST_SECONDS * 2.0**doublings)
