"""Core statements that are compiled once and run for many rows.

SQLAlchemy prepares the parameters of each row anew, which for rows as small as ours costs several times what the
database does with them. Where a statement runs for every job of a group, its rows are given to the driver as they are
(`docs/adr/0002-prepared-statements.md` has the numbers).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.sql.dml import UpdateBase

_DIALECT = sqlite.dialect()

Values = tuple[Any, ...]


class Prepared:
    """A writing statement with named parameters, to be run for many rows.

    `names` are the parameters in the order in which rows bring their values; a row brings just these.
    """

    def __init__(self, statement: UpdateBase, names: Sequence[str]) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self._sql = str(compiled)
        self._arrange = _arrangement(list(compiled.positiontup or ()), list(names))

    def run(self, connection: Connection, rows: Sequence[Values]) -> int:
        """Run the statement for each row. Returns how many rows of the table were written in all."""
        if not rows:
            return 0
        arranged = list(rows) if self._arrange is None else [self._arrange(row) for row in rows]
        return connection.exec_driver_sql(self._sql, arranged).rowcount


def _arrangement(placed: list[str], names: list[str]) -> Callable[[Values], Values] | None:
    """Return what brings a row into the order of the statement's placeholders, or None when it is in it."""
    if placed == names:
        return None
    return itemgetter(*(names.index(name) for name in placed))


def insert_where_free(table: Table, names: Sequence[str]) -> Prepared:
    """Return the insertion of rows into these columns, except of those whose identity is taken."""
    return Prepared(insert(table).values(dict.fromkeys(names)).on_conflict_do_nothing(), names)


class InsertNew:
    """Inserts rows that bring their own id, and tells which of them found their identity free.

    A row is the id, then the values of the columns `names`, or those that an `insertion` of its own takes.
    """

    def __init__(self, table: Table, names: Sequence[str] = (), insertion: Prepared | None = None) -> None:
        self._insert = insertion or insert_where_free(table, ("id", *names))
        self._ours = select(table.c.id).where(table.c.id.in_(bindparam("ids", expanding=True)))

    def run(self, connection: Connection, rows: Sequence[Values]) -> set[str]:
        """Insert the rows. Returns the ids of those that are there now."""
        ids = [row[0] for row in rows]
        if self._insert.run(connection, rows) == len(rows):
            return set(ids)
        return set(connection.execute(self._ours, {"ids": ids}).scalars())
