"""What the errors of PostgreSQL and of its driver mean to the rest of the house."""

from __future__ import annotations

import asyncpg
from sqlalchemy.exc import DBAPIError

# Two transactions stood in each other's way: a failed serialization, a deadlock. Whoever tries again may pass.
_CONFLICTS = ("40001", "40P01")
# By class (the first two characters) or in full, see the appendix on error codes of PostgreSQL's manual: the
# connection, a transaction that was silent for too long, the authorization or the database, a lack of resources or of a
# lock, an intervention by the operator, a server that only reads or whose files are damaged. All of it passes, or is
# for the operator to repair.
_UNAVAILABLE = ("08", "25P03", "28", "3D", "53", "55P03", "57", "58", "25006", "42501", "XX", *_CONFLICTS)


# Raised by the driver where the connection is gone: it knows so, or was told by the server and has not taken it in.
_LOST = (asyncpg.InterfaceError, asyncpg.InternalClientError)
# Raised by the driver itself. The last: of several hosts none takes writes, as while one of them is being promoted.
_AWAY = (*_LOST, asyncpg.TargetServerAttributeNotMatched)


class OutcomeUnknown(Exception):
    """The connection was lost while a transaction was being committed: it may be, or not."""


def sqlstate(error: BaseException) -> str:
    """Return PostgreSQL's code of an error, or nothing where there is none."""
    return getattr(_raised(error), "sqlstate", None) or ""


def met_another(error: BaseException) -> bool:
    """Tell whether a transaction failed because another one was in its way."""
    return sqlstate(error) in _CONFLICTS


def connection_lost(error: BaseException) -> bool:
    """Tell whether a connection broke before anything was committed over it."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(_raised(error), asyncpg.InternalClientError)
    return isinstance(error, (*_LOST, asyncpg.PostgresConnectionError, ConnectionError))


def is_unavailable(error: BaseException) -> bool:
    """Tell whether `error` says that the server cannot be used, rather than that a statement is wrong."""
    if isinstance(_raised(error), (OutcomeUnknown, *_AWAY)):
        return True
    return sqlstate(error).startswith(_UNAVAILABLE)


def _raised(error: BaseException) -> BaseException:
    """Return what the driver raised, which SQLAlchemy wraps twice."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return error
    return error.orig.__cause__ or error.orig
