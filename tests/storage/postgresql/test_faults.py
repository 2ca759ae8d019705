"""What the driver raises when the server goes away says that the store is away, in whatever state it finds itself."""

from __future__ import annotations

import asyncpg
import pytest
from nova_server.storage.faults import is_unavailable
from nova_server.storage.postgresql.faults import connection_lost
from sqlalchemy.exc import DBAPIError

CONFUSED = "cannot switch to state 12; protocol is in the 'failed' state"


def wrapped(error: Exception) -> DBAPIError:
    """Return an error of the driver as SQLAlchemy passes it on."""
    inner = Exception("what the driver said")
    inner.__cause__ = error
    return DBAPIError("SELECT 1", {}, inner)


@pytest.mark.parametrize("pass_on", [lambda error: error, wrapped], ids=["as it is", "wrapped"])
def test_a_connection_that_has_heard_of_its_end_and_not_taken_it_in_is_lost(pass_on: object) -> None:
    assert callable(pass_on)
    error = pass_on(asyncpg.InternalClientError(CONFUSED))
    assert connection_lost(error)
    assert is_unavailable(error)


def test_a_transaction_that_was_silent_for_too_long_finds_the_store_away() -> None:
    assert is_unavailable(wrapped(asyncpg.IdleInTransactionSessionTimeoutError()))


def test_a_wrong_statement_says_nothing_about_the_store() -> None:
    error = wrapped(asyncpg.UndefinedTableError())
    assert not connection_lost(error)
    assert not is_unavailable(error)
