"""Jobs a second through our queue on PostgreSQL, beside queues that people would pick instead, on the same server.

Theirs are bare jobs. Each of ours has texts, a result, a count in its batch, and a webhook waiting for delivery.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import uvloop

from bench.machine import run
from bench.our_queue import OurQueue
from bench.peers.queues.timing import measure as time_queue
from bench.peers.runs import JOBS, QUEUES, PeerMissing, QueueRates, queue_rates
from tools.postgresql import PostgresServer

PROCESSES = (1, 2)
ROUNDS = 3  # of which the best counts, for ours and for theirs


def measure(folder: Path) -> None:
    """Print a line for each peer and number of processes."""
    with PostgresServer(folder / "postgresql", durable=True) as server:
        print(server.execute("SELECT version()"))
        databases = _databases(server)
        for processes in PROCESSES:
            ours = max((_ours(next(databases), processes) for _ in range(ROUNDS)), key=_total)
            print(f"queue, {processes} worker processes, ours: {_words(ours)}", flush=True)
            for peer in QUEUES:
                print(_line(peer, ours, databases, processes), flush=True)


def _line(peer: str, ours: QueueRates, databases: Iterator[str], processes: int) -> str:
    try:
        theirs = max((queue_rates(peer, next(databases), JOBS, processes) for _ in range(ROUNDS)), key=_total)
    except PeerMissing as reason:
        return f"queue, beside {peer}: skipped, {reason}"
    return (
        f"queue, {processes} worker processes, beside {peer}: {_words(theirs)} "
        f"= {ours.total / theirs.total:.2f} times its rate ({ours.process / theirs.process:.2f} without enqueuing)"
    )


def _ours(url: str, processes: int) -> QueueRates:
    queue = OurQueue()
    uvloop.run(queue.install(url))
    enqueuing, working = time_queue(queue, url, JOBS, processes)
    return QueueRates(JOBS / enqueuing, JOBS / working, JOBS / (enqueuing + working))


def _databases(server: PostgresServer) -> Iterator[str]:
    """Yield the URLs of new databases, each after what the one before left behind was written down."""
    for number in itertools.count():
        server.execute("CHECKPOINT")
        server.create_database(f"queue{number}")
        yield server.url(f"queue{number}")


def _total(rates: QueueRates) -> float:
    return rates.total


def _words(rates: QueueRates) -> str:
    return f"{rates.total:,.0f} jobs/s (enqueue {rates.enqueue:,.0f}/s, process {rates.process:,.0f}/s)"


if __name__ == "__main__":
    run(measure)
