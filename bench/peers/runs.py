"""Runs the peers, each as processes of its own, from a Python that has none of their libraries."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench.peers.http_load import HttpTarget, http_rate, http_submission

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-peers/bin/python"
RIVER_SOURCE = ROOT / "bench/peers/river"
RIVER = ROOT / ".build/peers/river"
QUEUES = ("pgqueuer", "procrastinate", "river")
JOBS = 20_000
# The load on the intake.
BATCHES = 1_000
APPLICATIONS = 25
CHARACTERS = 3_000
IN_FLIGHT = 64


class PeerMissing(Exception):
    """A peer cannot be run on this machine. Says why, and what would help."""


@dataclass(frozen=True, slots=True)
class QueueRates:
    """Jobs a second: enqueued, worked off, and through both."""

    enqueue: float
    process: float
    total: float


def queue_rates(peer: str, url: str, jobs: int = JOBS, processes: int = 1) -> QueueRates:
    """Return how fast one of `QUEUES` is in an empty PostgreSQL database, in so many worker processes.

    Raises PeerMissing, and CalledProcessError when the peer fails.
    """
    program = [_river()] if peer == "river" else [*_module("queues"), peer]
    options = ("--jobs", str(jobs), "--processes", str(processes))
    ran = subprocess.run([*program, *options, url], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return QueueRates(**json.loads(ran.stdout))


def intake_rate(url: str, batches: int = BATCHES, processes: int = 1) -> float:
    """Return batches a second of the peer of our intake, in an empty PostgreSQL database. Raises PeerMissing."""
    with running_intake(url, processes) as target:
        jobs = (f"job-{number}" for number in range(IN_FLIGHT + batches))
        requests = [http_submission(target, job, APPLICATIONS, CHARACTERS) for job in jobs]
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(http_rate(target, requests, IN_FLIGHT))


@contextmanager
def running_intake(url: str, processes: int = 1) -> Iterator[HttpTarget]:
    """Yield the peer of our intake, in an empty PostgreSQL database and in so many worker processes.

    Raises PeerMissing when it does not start; it has then said on standard error what it lacks.
    """
    command = [*_module("intake"), url, "--processes", str(processes)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    try:
        line = process.stdout.readline()
        if not line:
            raise PeerMissing("the intake did not start")
        yield HttpTarget(**json.loads(line))
    finally:
        process.stdin.close()  # it stops when its input ends
        process.wait()
        process.stdout.close()


def _module(name: str) -> Sequence[str]:
    if not PYTHON.exists():
        raise PeerMissing("the peers are not installed: `make peers` does that")
    return (str(PYTHON), "-m", f"bench.peers.{name}")


def _river() -> str:
    """Return the path of the program, built if it has changed."""
    go = shutil.which("go")
    if go is None:
        raise PeerMissing("River is written in Go, and there is no `go` on this machine")
    RIVER.parent.mkdir(parents=True, exist_ok=True)
    built = subprocess.run([go, "build", "-o", RIVER, "."], cwd=RIVER_SOURCE, capture_output=True, text=True)
    if built.returncode:
        raise PeerMissing(f"River could not be built: {built.stderr.strip()}")
    return str(RIVER)
