"""What the engines do differently: in `sqlite.dialect` and `postgresql.dialect`, and nowhere else.

All other modules write statements that serve both. Which dialect runs them is known from the connection.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlalchemy import Connection

from nova_server.storage.postgresql.dialect import PostgresqlDialect
from nova_server.storage.row_statements import RowStatement, RowWriter
from nova_server.storage.sqlite.dialect import SqliteDialect


class Dialect(Protocol):
    """What the store asks of an engine beyond the statements of SQLAlchemy."""

    def prepare(self, statement: RowStatement, names: Sequence[str]) -> RowWriter:
        """Compile a statement that is run for many rows, whose values come in the order of `names`."""
        ...

    def serialize(self, connection: Connection, name: str) -> None:
        """Let nobody else pass this point under the same name before the transaction ends."""
        ...

    def announce(self, connection: Connection, news: Iterable[tuple[str, str]]) -> None:
        """Send pairs of a channel and a payload to other processes, if and when the transaction is committed."""
        ...


_DIALECTS: dict[str, Dialect] = {"sqlite": SqliteDialect(), "postgresql": PostgresqlDialect()}


def dialect_of(connection: Connection) -> Dialect:
    """Return the dialect of the engine that a connection belongs to."""
    return _DIALECTS[connection.dialect.name]
