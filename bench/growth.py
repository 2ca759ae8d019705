"""Everything again in a store of a million finished jobs, beside an empty one in the same run."""

from __future__ import annotations

import operator
import sqlite3
from pathlib import Path

from bench import latency, queue, submissions
from bench.grown_store import JOBS, grow
from bench.machine import in_loop, run


def measure(folder: Path) -> None:
    """Print each rate and latency in both stores, and their ratio."""
    empty, grown = folder / "empty", folder / "grown"
    empty.mkdir()
    grown.mkdir()
    grow(grown)
    label = f"{JOBS:,} finished jobs"
    intake = operator.truediv(*in_loop(submissions.measure(empty), submissions.measure(grown, label)))
    _remove_queued(folder)
    work = operator.truediv(*in_loop(queue.measure(empty), queue.measure(grown, label)))
    wait = latency.measure(grown, label) / latency.measure(empty)
    print(f"growth: submissions {intake:.2f}, queue {work:.2f}, latency {wait:.2f} times the cost of an empty store")


def _remove_queued(folder: Path) -> None:
    """End what the measured submissions left queued, so that it is not measured again as work."""
    for store in ("empty", "grown"):
        connection = sqlite3.connect(folder / store / "nova.sqlite3")
        connection.execute("UPDATE scoring_jobs SET state = 'failed', finished_at = queued_at WHERE state = 'pending'")
        connection.commit()
        connection.close()


if __name__ == "__main__":
    run(measure)
