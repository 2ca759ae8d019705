"""Core statements that are compiled once and run for many rows.

SQLAlchemy prepares the parameters of each row anew, which for rows as small as ours costs several times what the
database does with them. Where a statement runs for every job of a group, its rows are given to the driver as they are
(`docs/adr/0002-prepared-statements.md` has the numbers). In which form is the dialect's.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, bindparam, select

from nova_server.storage.dialects import dialect_of
from nova_server.storage.json_rows import among, texts_parameter
from nova_server.storage.row_statements import RowInsertion, RowStatement, RowWriter, Values


class Prepared:
    """A writing statement with named parameters, to be run for many rows.

    `names` are the parameters in the order in which rows bring their values; a row brings just these.
    """

    def __init__(self, statement: RowStatement, names: Sequence[str]) -> None:
        self._statement = statement
        self._names = names
        self._writers: dict[str, RowWriter] = {}

    def run(self, connection: Connection, rows: Sequence[Values]) -> int:
        """Run the statement for each row. Returns how many rows of the table were written in all.

        No two rows of an update may concern the same row of the table.
        """
        return self._writer(connection).run(connection, rows) if rows else 0

    def _writer(self, connection: Connection) -> RowWriter:
        writer = self._writers.get(connection.dialect.name)
        if writer is None:
            writer = dialect_of(connection).prepare(self._statement, self._names)
            self._writers[connection.dialect.name] = writer
        return writer


def insert_where_free(table: Table, names: Sequence[str]) -> Prepared:
    """Return the insertion of rows into these columns, except of those whose identity is taken."""
    return Prepared(RowInsertion(table, {name: bindparam(name, type_=table.c[name].type) for name in names}), names)


class InsertNew:
    """Inserts rows that bring their own id, and tells which of them found their identity free.

    A row is the id, then the values of the columns `names`, or those that an `insertion` of its own takes.
    """

    def __init__(self, table: Table, names: Sequence[str] = (), insertion: Prepared | None = None) -> None:
        self._insert = insertion or insert_where_free(table, ("id", *names))
        self._ours = select(table.c.id).where(among(table.c.id, "ids"))

    def run(self, connection: Connection, rows: Sequence[Values]) -> set[str]:
        """Insert the rows. Returns the ids of those that are there now."""
        ids = [row[0] for row in rows]
        if self._insert.run(connection, rows) == len(rows):
            return set(ids)
        return set(connection.execute(self._ours, texts_parameter("ids", ids)).scalars())
