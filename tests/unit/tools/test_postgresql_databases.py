"""The databases that tests are given."""

from __future__ import annotations

import asyncpg

from tests.support.postgresql import PostgresqlDatabases

TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


async def test_a_new_database_is_empty(empty_postgresql_url: str) -> None:
    assert await fetch(empty_postgresql_url, TABLES) == 0


async def test_a_migrated_database_has_the_schema(postgresql_url: str) -> None:
    tables = await fetch(postgresql_url, TABLES)
    assert isinstance(tables, int)
    assert tables > 10


async def test_what_one_test_writes_no_other_sees(postgresql: PostgresqlDatabases) -> None:
    first, second = postgresql.empty(), postgresql.empty()
    await fetch(first, "CREATE TABLE mine ()")
    assert await fetch(second, TABLES) == 0


def test_a_database_given_back_goes_with_the_next_one_that_is_made(postgresql: PostgresqlDatabases) -> None:
    first = postgresql.empty()
    postgresql.give_back(first)
    postgresql.empty()
    names = postgresql.server.execute("SELECT datname FROM pg_database").split()
    assert first.rpartition("/")[2] not in names


async def fetch(url: str, query: str) -> object:
    """Return the first value that a query yields on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()
