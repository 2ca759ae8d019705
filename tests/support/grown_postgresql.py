"""A grown store on PostgreSQL."""

from __future__ import annotations

import asyncio

import asyncpg
from nova_server.storage.schema import metadata

from tests.support.grown_store import fill_history, fill_queues

# The largest tables are filled without their indexes and without a log, which takes half the time.
_LOADED = ("scoring_jobs", "scoring_results", "scoring_batch_jobs", "webhook_deliveries", "webhook_events")
_CONSTRAINTS = """
    SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
    WHERE conrelid = $1::regclass AND contype IN ('p', 'u')"""
_INDEXES = """
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
    WHERE indrelid = $1::regclass AND indexrelid NOT IN (SELECT conindid FROM pg_constraint)"""


def fill(url: str) -> None:
    """Fill an empty store. Its statistics are of the moment before anything waited, and remain so until `analyze`."""
    asyncio.run(_fill(url))


def analyze(url: str) -> None:
    """Bring the statistics of a store up to date."""
    asyncio.run(_execute(url, "ANALYZE"))


def numbers(first: int, end: int) -> str:
    """See `grown_store.Numbers`."""
    return f"generate_series({first}, {end - 1}) AS numbers(n)"


async def _fill(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for table in metadata.tables:
            await connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        definitions = [definition for table in _LOADED for definition in await _strip(connection, table)]
        for statement in (*fill_history(numbers), "SET maintenance_work_mem = '256MB'", *definitions, "ANALYZE"):
            await connection.execute(statement)
        for statement in fill_queues(numbers):
            await connection.execute(statement)
    finally:
        await connection.close()


async def _strip(connection: asyncpg.Connection[asyncpg.Record], table: str) -> list[str]:
    """Remove the indexes of a table, and its log. Returns the statements that make the indexes again."""
    constraints = await connection.fetch(_CONSTRAINTS, table)
    indexes = await connection.fetch(_INDEXES, table)
    await connection.execute(f"ALTER TABLE {table} SET UNLOGGED")
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    for constraint in constraints:
        await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint['name']}")
    return [
        *(f"ALTER TABLE {table} ADD CONSTRAINT {one['name']} {one['definition']}" for one in constraints),
        *(index["definition"] for index in indexes),
    ]


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
