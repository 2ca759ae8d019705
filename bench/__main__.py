"""Runs every benchmark of the service, one after the other."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import fairness, growth, memory
from bench.machine import describe


def main() -> None:
    """Print the machine once, then a line for each measurement."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        print(describe(Path(folder)))
        growth.measure(Path(folder))
        fairness.measure(Path(folder) / "fairness")
        memory.measure(Path(folder) / "memory")


if __name__ == "__main__":
    main()
