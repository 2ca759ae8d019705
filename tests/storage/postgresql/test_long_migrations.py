"""A migration may take longer than any other statement: what it does, and what it waits for."""

from __future__ import annotations

import asyncio

import pytest
from nova_server.errors import StoreUnavailable
from nova_server.storage.database import Database
from nova_server.storage.options import StoreOptions
from nova_server.storage.postgresql import engine
from nova_server.storage.postgresql.backend import PostgresqlBackend
from sqlalchemy import Connection, text

IMPATIENT = StoreOptions(statement_timeout_seconds=0.05)
LONGER = text("SELECT pg_sleep(0.2)")


def take_long(connection: Connection) -> None:
    connection.execute(LONGER)


@pytest.fixture(autouse=True)
def _no_patience_with_a_silent_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SILENCE_SECONDS", 0.05)


async def test_a_migration_is_not_ended_by_the_limits_of_other_statements(postgresql_url: str) -> None:
    backend = PostgresqlBackend(postgresql_url, IMPATIENT)
    await backend.migrate(take_long)
    await backend.dispose()


async def test_a_process_that_starts_waits_for_the_migration_of_another(postgresql_url: str) -> None:
    first, second = PostgresqlBackend(postgresql_url, IMPATIENT), PostgresqlBackend(postgresql_url, IMPATIENT)
    await asyncio.gather(first.migrate(take_long), second.migrate(take_long))
    await first.dispose()
    await second.dispose()


async def test_any_other_statement_has_its_limits(postgresql_url: str) -> None:
    database = Database(postgresql_url, IMPATIENT)
    with pytest.raises(StoreUnavailable):
        await database.read(take_long)
    await database.stop()
