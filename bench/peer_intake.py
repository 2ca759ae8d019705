"""Batches a second through our api on PostgreSQL, beside what a user would write instead: `peers.intake`."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import uvloop

from bench.load import SUBMIT, rate, submission
from bench.machine import run
from bench.peers.runs import APPLICATIONS, BATCHES, CHARACTERS, IN_FLIGHT, PeerMissing, intake_rate
from bench.serving import Serving, serving
from tools.postgresql import PostgresServer

PROCESSES = (1, 2)
ROUNDS = 3  # of which the best counts, for ours and for theirs


def measure(folder: Path) -> None:
    """Print a line for each number of api processes."""
    with PostgresServer(folder / "postgresql", durable=True) as server:
        databases = _databases(server)
        for processes in PROCESSES:
            ours = max(our_rate(folder, next(databases), processes) for _ in range(ROUNDS))
            try:
                theirs = max(intake_rate(next(databases), processes=processes) for _ in range(ROUNDS))
            except PeerMissing as reason:
                print(f"intake, {processes} api processes: {ours:,.0f} batches/s; peer skipped, {reason}", flush=True)
                continue
            print(
                f"intake, {processes} api processes: {ours:,.0f} batches/s of {APPLICATIONS} applications over gRPC "
                f"beside {theirs:,.0f}/s of FastAPI, SQLAlchemy and Celery = {ours / theirs:.2f}",
                flush=True,
            )


def our_rate(folder: Path, url: str, processes: int) -> float:
    """Return batches a second of so many api processes, each of which gets its share of the calls."""
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(folder, database_url=url, roles="api")) for _ in range(processes)]
        shares = [
            [submission(f"{number}-{batch}", APPLICATIONS, CHARACTERS) for batch in range(BATCHES // processes + 1)]
            for number in range(processes)
        ]
        return uvloop.run(_rates(servers, shares))


async def _rates(targets: Sequence[Serving], shares: list[list[bytes]]) -> float:
    rates = (
        rate(target, SUBMIT, share, IN_FLIGHT // len(targets)) for target, share in zip(targets, shares, strict=True)
    )
    return sum(await asyncio.gather(*rates))


def _databases(server: PostgresServer) -> Iterator[str]:
    for number in itertools.count():
        server.execute("CHECKPOINT")
        server.create_database(f"intake{number}")
        yield server.url(f"intake{number}")


if __name__ == "__main__":
    run(measure)
