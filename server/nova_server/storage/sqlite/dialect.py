"""What differs on SQLite. Its one writer needs no locks, and the one process that has it needs no announcements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from nova_server.storage.json_rows import Among, JsonElements, JsonText
from nova_server.storage.row_statements import RowInsertion, RowStatement, Values


class SqliteDialect:
    """Implements `dialects.Dialect`."""

    def prepare(self, statement: RowStatement, names: Sequence[str]) -> EachRow:
        return EachRow(statement, names)

    def serialize(self, connection: Connection, name: str) -> None:
        """Do nothing: transactions follow one another."""

    def announce(self, connection: Connection, news: Iterable[tuple[str, str]]) -> None:
        """Do nothing: nobody else listens."""


class EachRow:
    """Runs a statement once for each row, which costs a call of a function and no more."""

    def __init__(self, statement: RowStatement, names: Sequence[str]) -> None:
        one = statement.of_one_row() if isinstance(statement, RowInsertion) else statement
        compiled = one.compile(dialect=sqlite.dialect())
        self._sql = str(compiled)
        self._arrange = _arrangement(list(compiled.positiontup or ()), list(names))

    def run(self, connection: Connection, rows: Sequence[Values]) -> int:
        arranged = list(rows) if self._arrange is None else [self._arrange(row) for row in rows]
        return connection.exec_driver_sql(self._sql, arranged).rowcount


def _arrangement(placed: list[str], names: list[str]) -> Callable[[Values], Values] | None:
    """Return what brings a row into the order of the statement's placeholders, or None when it is in it."""
    if placed == names:
        return None
    return itemgetter(*(names.index(name) for name in placed))


@compiles(JsonElements, "sqlite")
def _elements(element: JsonElements, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(JsonText, "sqlite")
def _text(element: JsonText, compiler: SQLCompiler, **options: Any) -> str:
    value, place = element.clauses
    return f"json_extract({compiler.process(value, **options)}, '$[{compiler.process(place, **options)}]')"


@compiles(Among, "sqlite")
def _among(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    column, found = element.clauses
    return f"{compiler.process(column, **options)} IN {compiler.process(found, **options)}"
