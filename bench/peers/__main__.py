"""Runs every peer by itself on a durable PostgreSQL of its own, and prints a table of the best of some rounds."""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.machine import describe
from bench.peers.runs import APPLICATIONS, BATCHES, JOBS, QUEUES, PeerMissing, intake_rate, queue_rates
from tools.postgresql import PostgresServer

PROCESSES = (1, 2)

NewDatabase = Callable[[], str]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.peers")
    parser.add_argument("peers", nargs="*", default=[*QUEUES, "intake"], help="which; else all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--batches", type=int, default=BATCHES)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        print(describe(Path(folder)))
        with PostgresServer(Path(folder) / "postgresql", durable=True) as server:
            print(server.execute("SELECT version()"))
            for peer, processes in itertools.product(arguments.peers, PROCESSES):
                print(_line(peer, processes, arguments, _databases(server)), flush=True)


def _databases(server: PostgresServer) -> NewDatabase:
    """Return what creates a database and returns its URL."""
    numbers = itertools.count()

    def new_database() -> str:
        name = f"peer{next(numbers)}"
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", "CHECKPOINT")
        server.create_database(name)
        return server.url(name)

    return new_database


def _line(peer: str, processes: int, arguments: argparse.Namespace, new_database: NewDatabase) -> str:
    label = f"{peer}, {processes} process{'es' * (processes > 1)}"
    try:
        if peer == "intake":
            rounds = [intake_rate(new_database(), arguments.batches, processes) for _ in range(arguments.rounds)]
            return f"{label}: {max(rounds):,.0f} batches/s of {APPLICATIONS} applications"
        found = [queue_rates(peer, new_database(), arguments.jobs, processes) for _ in range(arguments.rounds)]
    except PeerMissing as reason:
        return f"{label}: skipped, {reason}"
    best = max(found, key=lambda rates: rates.total)
    return f"{label}: {best.total:,.0f} jobs/s (enqueue {best.enqueue:,.0f}/s, process {best.process:,.0f}/s)"


if __name__ == "__main__":
    main()
