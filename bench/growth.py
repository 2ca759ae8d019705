"""Everything again in a store of a million finished jobs, beside an empty one in the same run."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import uvloop

from bench import latency, queue, submissions
from bench.grown_store import JOBS, grow
from bench.machine import run


def measure(folder: Path) -> None:
    """Print each rate and latency in both stores, and their ratio."""
    empty, grown = folder / "empty", folder / "grown"
    empty.mkdir()
    grown.mkdir()
    grow(grown)
    label = f"{JOBS:,} finished jobs"
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        intake = runner.run(submissions.measure(empty)) / runner.run(submissions.measure(grown, label))
    _remove_queued(folder)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        work = runner.run(queue.measure(empty)) / runner.run(queue.measure(grown, label))
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
