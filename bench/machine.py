"""Names the machine, so that a number is never seen without it."""

from __future__ import annotations

import asyncio
import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import grpc
import sqlalchemy
import uvloop

Measured = TypeVar("Measured")


def describe(folder: Path) -> str:
    """Return what a reader must know to judge the numbers: processor, memory, software, and what a flush costs."""
    lines = (
        f"machine: {os.cpu_count()} × {_processor()}, {_memory_gib():.0f} GiB, Linux {platform.release()}",
        f"software: CPython {platform.python_version()}, grpcio {grpc.__version__}, "
        f"SQLAlchemy {sqlalchemy.__version__}, SQLite {sqlite3.sqlite_version}",
        f"disk: {fsync_milliseconds(folder):.2f} ms for a 4 KiB write with fsync (median of 100)",
    )
    return "\n".join(lines)


def fsync_milliseconds(folder: Path) -> float:
    """Measure what a durable write of one page costs on the disk that holds `folder`."""
    times = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(100):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return sorted(times)[50] * 1000


def _processor() -> str:
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.processor()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def run(measure: Callable[[Path], object]) -> None:
    """Name the machine, then measure in a new folder on the disk that holds this one."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        print(describe(Path(folder)))
        measure(Path(folder))


def run_in_loop(measure: Callable[[Path], Coroutine[Any, Any, object]]) -> None:
    """Do the same with a measurement that needs an event loop."""
    run(lambda folder: in_loop(measure(folder)))


def in_loop(*measurements: Coroutine[Any, Any, Measured]) -> list[Measured]:
    """Measure one after the other, on an event loop of their own. Returns what each returns."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return [runner.run(measurement) for measurement in measurements]
