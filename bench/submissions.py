"""Durable submissions beside an rpc of the same server that does nothing with the same request."""

from __future__ import annotations

import statistics
from pathlib import Path

from bench.load import SUBMIT, Target, rate, running_server, submission
from bench.machine import run_in_loop
from bench.server import NOOP

IN_FLIGHT = 64
APPLICATIONS = 2
CHARACTERS = 3_000
CALLS = 3_000
ROUNDS = 5


async def measure(data_dir: Path, label: str = "empty store") -> float:
    """Print both rates, in turns so that both meet the same machine. Returns submissions a second."""
    noop, durable = [], []
    async with running_server(data_dir) as target:
        for round_number in range(ROUNDS):
            noop.append(await _round(target, NOOP, f"noop-{round_number}"))
            durable.append(await _round(target, SUBMIT, f"job-{data_dir.name}-{round_number}"))
    ratio = statistics.median(d / n for n, d in zip(noop, durable, strict=True))
    print(
        f"submissions, {label}: {statistics.median(durable):,.0f}/s durable beside {statistics.median(noop):,.0f}/s "
        f"no-op = {ratio:.2f}  ({APPLICATIONS} applications of {CHARACTERS} characters, {IN_FLIGHT} in flight, "
        f"{ROUNDS} × {CALLS} calls, synchronous=FULL)"
    )
    return statistics.median(durable)


async def _round(target: Target, method: str, name: str) -> float:
    requests = [submission(f"{name}-{number}", APPLICATIONS, CHARACTERS) for number in range(CALLS)]
    return await rate(target, method, requests, IN_FLIGHT)


if __name__ == "__main__":
    run_in_loop(measure)
