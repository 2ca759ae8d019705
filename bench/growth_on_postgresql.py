"""Our queue in a PostgreSQL database of a million finished jobs, beside an empty one in the same run."""

from __future__ import annotations

from pathlib import Path

import uvloop

from bench.grown_store import JOBS, grow_on_postgresql
from bench.machine import run
from bench.our_queue import OurQueue
from bench.peers.queues.timing import measure as time_queue
from tools.postgresql import PostgresServer

QUEUED = 20_000
ROUNDS = 3  # of which the best counts, the two databases by turns


def measure(folder: Path) -> None:
    """Print what a job costs in both databases, and the ratio."""
    with PostgresServer(folder / "postgresql", durable=True) as server:
        for database in ("empty", "grown"):
            server.create_database(database)
            uvloop.run(OurQueue().install(server.url(database)))
        uvloop.run(grow_on_postgresql(server.url("grown")))
        rounds = [(_seconds(server, "empty"), _seconds(server, "grown")) for _ in range(ROUNDS)]
    empty, grown = (min(some) for some in zip(*rounds, strict=True))
    print(
        f"growth on PostgreSQL: enqueue and process {QUEUED / grown:,.0f} jobs/s beside {JOBS:,} finished jobs, "
        f"{QUEUED / empty:,.0f}/s in an empty database = {grown / empty:.2f} times the cost"
    )


def _seconds(server: PostgresServer, database: str) -> float:
    server.execute("CHECKPOINT")
    return sum(time_queue(OurQueue(), server.url(database), QUEUED, 1))


if __name__ == "__main__":
    run(measure)
