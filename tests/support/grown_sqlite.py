# ruff: noqa: S608 (SQL that is made of our own numbers)
"""A grown store on SQLite, and how much work its statements are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

from tests.support.grown_store import fill_history, fill_queues

_FAST = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -262144", "locking_mode = EXCLUSIVE")
_EVERY = 100  # instructions of SQLite's machine between two that are counted


def fill(file: Path) -> None:
    """Fill an empty store."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for pragma in _FAST:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        for statement in (*fill_history(numbers), *fill_queues(numbers)):
            connection.execute(statement)
        connection.execute("COMMIT")
        connection.execute("PRAGMA locking_mode = NORMAL")
        connection.execute("PRAGMA journal_mode = WAL")


def numbers(first: int, end: int) -> str:
    """See `grown_store.Numbers`."""
    upwards = f"SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {end - 1}"
    return f"(WITH RECURSIVE numbers(n) AS ({upwards}) SELECT n FROM numbers) AS numbers"


class Instructions:
    """Counts the instructions that SQLite's machine executes. Each row that a statement looks at takes several."""

    def __init__(self) -> None:
        self.executed = 0

    def __call__(self) -> int:
        self.executed += _EVERY
        return 0  # go on

    def listen(self, connection: Any, _record: Any) -> None:
        """Count those of a connection."""
        driver = connection.driver_connection if hasattr(connection, "driver_connection") else connection
        if isinstance(driver, sqlite3.Connection):
            driver.set_progress_handler(self, _EVERY)
        else:
            connection.run_async(lambda asynchronous: asynchronous.set_progress_handler(self, _EVERY))


@contextmanager
def counted_instructions() -> Iterator[Instructions]:
    """Yield the count of what connections execute that are made meanwhile."""
    instructions = Instructions()
    event.listen(Pool, "connect", instructions.listen)
    try:
        yield instructions
    finally:
        event.remove(Pool, "connect", instructions.listen)
