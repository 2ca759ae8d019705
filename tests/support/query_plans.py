"""How SQLite runs the statements that SQLAlchemy hands to the driver while the store does its work."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

# What may be read from end to end: the rows of a parameter, and the indexes that hold unfinished jobs only. A subquery
# is read from end to end after its own tables were found, which are lines of the plan too.
SHORT = re.compile(
    r"\w+_each\b|wanted|chosen|front|waiting|heads|CONSTANT ROW|\(subquery-\d+\)"
    r"|INDEX ix_scoring_jobs_(pending|pending_by_tenant|running)\b"
    r"|INDEX ix_webhook_deliveries_(pending|running)\b"
)
Parameters = Sequence[Any]


@contextmanager
def recorded() -> Iterator[dict[str, Parameters]]:
    """Yield the statements that are run meanwhile, each with the parameters of one of its rows."""
    statements: dict[str, Parameters] = {}

    def record(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, executemany: bool
    ) -> None:
        statements[statement] = parameters[0] if executemany else parameters

    event.listen(Engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", record)


async def plans_of(file: Path, work: Awaitable[object]) -> dict[str, list[str]]:
    """Return how SQLite runs each statement of `work`: the lines of its plan by statement."""
    with recorded() as statements:
        await work
    explained = {
        statement: parameters
        for statement, parameters in statements.items()
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "WITH", "INSERT"))
    }
    assert explained
    with closing(sqlite3.connect(file)) as connection:
        return {
            statement: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            for statement, parameters in explained.items()
        }


def assert_no_scan(plans: dict[str, list[str]]) -> None:
    long = [(line, statement) for statement, lines in plans.items() for line in lines
            if line.startswith("SCAN") and not SHORT.search(line)]  # fmt: skip
    assert long == []


def lines(plans: dict[str, list[str]]) -> str:
    return "\n".join(line for plan in plans.values() for line in plan)
