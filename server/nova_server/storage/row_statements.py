"""Writing statements that are run for many rows, as every dialect is given them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, Table, Update
from sqlalchemy.dialects.postgresql import Insert, insert

Values = tuple[Any, ...]


def where_free(insertion: Insert) -> Insert:
    """Leave out the rows whose identity is taken."""
    return insertion.on_conflict_do_nothing()


@dataclass(frozen=True, slots=True)
class RowInsertion:
    """An insertion of one row for each that is given: `values` has an expression for each column of `table`.

    `on_conflict` says what becomes of rows whose identity is taken. PostgreSQL's insertion serves SQLite too, whose
    clause for conflicts has the same form.
    """

    table: Table
    values: Mapping[str, ColumnElement[Any]]
    on_conflict: Callable[[Insert], Insert] = where_free

    def of_one_row(self) -> Insert:
        """Return the statement that inserts one row."""
        return self.on_conflict(insert(self.table).values(dict(self.values)).inline())


# The values of a row are parameters by name. In an update every row concerns other rows of the table.
RowStatement = RowInsertion | Update


class RowWriter(Protocol):
    """A compiled `RowStatement`."""

    def run(self, connection: Connection, rows: Sequence[Values]) -> int:
        """Run the statement for each of these rows, of which there is one at least. Returns how many were written."""
        ...
