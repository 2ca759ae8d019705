"""What differs on PostgreSQL: rows are written by the set, points are passed under locks, news goes out by NOTIFY."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, cast

from sqlalchemy import ARRAY, Connection, TableValuedAlias, Text, Update, bindparam, column, func, make_url, select
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.types import String, TypeEngine

from nova_server.storage.json_rows import Among, JsonElements, JsonText, without_nul
from nova_server.storage.row_statements import RowInsertion, RowStatement, Values

_DIALECT = make_url("postgresql+asyncpg://").get_dialect()()
_LOCK = "SELECT pg_advisory_xact_lock($1::bigint)"
_NOTIFY = "SELECT pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS news(channel, payload)"


class PostgresqlDialect:
    """Implements `dialects.Dialect`."""

    def prepare(self, statement: RowStatement, names: Sequence[str]) -> WholeSet:
        return WholeSet(statement, names)

    def serialize(self, connection: Connection, name: str) -> None:
        connection.exec_driver_sql(_LOCK, (lock_key(name),))

    def announce(self, connection: Connection, news: Iterable[tuple[str, str]]) -> None:
        if pairs := list(news):
            channels, payloads = zip(*pairs, strict=True)
            connection.exec_driver_sql(_NOTIFY, (list(channels), list(payloads)))


def lock_key(name: str) -> int:
    """Return the key of an advisory lock: locks of others in the same database have other keys, as far as we know."""
    return int.from_bytes(sha256(f"nova {name}".encode()).digest()[:8], signed=True)


class WholeSet:
    """Runs a statement once for all rows: each column of them is one array, and one parameter."""

    def __init__(self, statement: RowStatement, names: Sequence[str]) -> None:
        types = _types(statement, names)
        arrays = (bindparam(name, type_=ARRAY(types[name])) for name in names)
        columns = (column(name, types[name]) for name in names)
        given = func.unnest(*arrays).table_valued(*columns).render_derived(name="given")
        compiled = _of_set(statement, given).compile(dialect=_DIALECT)
        self._sql = str(compiled)
        self._places = [list(names).index(name) for name in compiled.positiontup or ()]
        self._texts = {place for place, name in enumerate(names) if isinstance(types[name], String)}

    def run(self, connection: Connection, rows: Sequence[Values]) -> int:
        arrays = [self._array(place, values) for place, values in enumerate(zip(*rows, strict=True))]
        return connection.exec_driver_sql(self._sql, tuple(arrays[place] for place in self._places)).rowcount

    def _array(self, place: int, values: Values) -> list[Any]:
        if place not in self._texts:
            return list(values)
        return [value and without_nul(value) for value in values]


def _types(statement: RowStatement, names: Sequence[str]) -> dict[str, TypeEngine[Any]]:
    """Return the types of the parameters. All texts are without a length: a cast to one would cut them."""
    one = statement.of_one_row() if isinstance(statement, RowInsertion) else statement
    binds = one.compile(dialect=_DIALECT).binds
    return {name: Text() if isinstance(binds[name].type, String) else binds[name].type for name in names}


def _of_set(statement: RowStatement, given: TableValuedAlias) -> Insert | Update:
    """Return the statement for all rows: with columns of `given` in place of the parameters."""

    def of_row(element: Any, **_options: Any) -> Any:
        return given.c[element.key] if isinstance(element, BindParameter) and element.key in given.c else None

    if isinstance(statement, Update):
        return cast(Update, visitors.replacement_traverse(statement, {}, of_row))
    values = [visitors.replacement_traverse(value, {}, of_row) for value in statement.values.values()]
    rows = select(*values).select_from(given)
    return statement.on_conflict(insert(statement.table).from_select(list(statement.values), rows))


@compiles(JsonElements, "postgresql")
def _elements(element: JsonElements, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **options)} AS JSON))"


@compiles(JsonText, "postgresql")
def _text(element: JsonText, compiler: SQLCompiler, **options: Any) -> str:
    value, place = element.clauses
    return f"({compiler.process(value, **options)} ->> {compiler.process(place, **options)})"


@compiles(Among, "postgresql")
def _among(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    column, found = element.clauses
    return f"{compiler.process(column, **options)} = ANY (ARRAY{compiler.process(found, **options)})"
