"""Runs every benchmark of the service, one after the other."""

from __future__ import annotations

from pathlib import Path

from bench import fairness, growth, json_view, memory, rest, webhooks
from bench.machine import in_loop, run


def measure(folder: Path) -> None:
    """Print a line for each measurement."""
    growth.measure(folder)
    fairness.measure(folder / "fairness")
    memory.measure(folder / "memory")
    in_loop(webhooks.measure(folder / "webhooks"))
    rest.measure(folder / "rest")
    json_view.measure(folder)


if __name__ == "__main__":
    run(measure)
