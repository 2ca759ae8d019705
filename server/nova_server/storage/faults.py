"""What a driver's error means to the rest of the house."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from nova_server.errors import StoreUnavailable
from nova_server.storage.postgresql import faults as postgresql

# The store is away, locked, full or read-only: passing faults that say nothing about the data.
UNAVAILABLE = (OperationalError, InterfaceError, PendingRollbackError, PoolTimeout, sqlite3.OperationalError, OSError)
# The file is no database, or a damaged one.
UNREADABLE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


def is_unavailable(error: BaseException) -> bool:
    """Tell whether `error` says that the store cannot be used, rather than that a statement is wrong."""
    if isinstance(error, UNAVAILABLE) or postgresql.is_unavailable(error):
        return True
    return isinstance(error, DBAPIError) and (
        error.connection_invalidated or getattr(error.orig, "sqlite_errorcode", None) in UNREADABLE
    )


@contextmanager
def store_faults() -> Iterator[None]:
    """Turn the faults of a store that cannot be used now into StoreUnavailable."""
    try:
        yield
    except Exception as error:
        if is_unavailable(error):
            raise StoreUnavailable from error
        raise
