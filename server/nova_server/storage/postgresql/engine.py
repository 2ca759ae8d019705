"""Pools of connections to a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import uuid4

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool

from nova_server.storage.json_rows import without_nul
from nova_server.storage.options import StoreOptions
from nova_server.storage.postgresql.array_types import know_arrays

# Statements that a connection remembers: more than there are, so that each is parsed once.
PREPARED = 500
# A command that the server should have ended by itself long ago ends here, because the server is out of reach.
SILENCE_SECONDS = 5


def create_engine(url: str, options: StoreOptions, size: int, *, limited: bool = True) -> AsyncEngine:
    """Return a pool of up to `size` connections. `url` is what libpq and `psql` take.

    SQLAlchemy begins no transactions, see `transactions`. Unless it is `limited`, a command may take any time.
    """
    prepared = 0 if options.transaction_pooling else PREPARED
    command_timeout = options.statement_timeout_seconds + SILENCE_SECONDS if limited else None

    async def connect() -> asyncpg.Connection[asyncpg.Record]:
        return await asyncpg.connect(
            url,
            timeout=options.connect_timeout_seconds,
            command_timeout=command_timeout,
            # SQLAlchemy has a cache of its own. But only where the driver has one too do its statements get a name, and
            # without a name they are parsed each time they are run.
            statement_cache_size=prepared,
        )

    engine = create_async_engine(
        # The address is asyncpg's to read: it understands every option that libpq does.
        "postgresql+asyncpg://",
        async_creator=connect,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=options.connect_timeout_seconds,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,  # an error would quote the texts that it could not store
        connect_args={
            "prepared_statement_cache_size": prepared,
            # Behind a pooler a name may be taken by another client of the same server connection.
            "prepared_statement_name_func": (lambda: f"nova_{uuid4().hex}") if options.transaction_pooling else None,
        },
    )
    event.listen(engine.sync_engine, "connect", _know_arrays)
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    event.listen(engine.sync_engine, "before_cursor_execute", _leave_out_nul, retval=True)
    return engine


def in_use(engine: AsyncEngine) -> Callable[[], int]:
    """Return what tells how many connections of an engine are in use, or being opened."""
    return cast(QueuePool, engine.pool).checkedout


def _know_arrays(connection: Any, _record: Any) -> None:
    """Do what SQLAlchemy would undo, were it done as soon as there is a connection."""
    know_arrays(connection.driver_connection)


def _refuse_closed(connection: Any, _record: Any, _fairy: Any) -> None:
    """Open every connection anew, once one of them is found closed: the others went with the same server."""
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


def _leave_out_nul(
    _connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    """Leave out what PostgreSQL would refuse, in every text that is stored or looked for."""
    return statement, tuple(without_nul(value) if isinstance(value, str) else value for value in parameters)
