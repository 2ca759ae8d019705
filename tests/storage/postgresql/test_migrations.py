"""The migrations build exactly the schema on PostgreSQL, whoever else builds it at the same time."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from nova_server.storage import revision
from nova_server.storage.database import Database
from nova_server.storage.options import StoreOptions
from nova_server.storage.postgresql.engine import create_engine
from nova_server.storage.revision import latest
from nova_server.storage.schema import metadata, queue_clock
from sqlalchemy import Connection, Row, select, text

from tests.support.store import open_store
from tests.support.submissions import submission

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
REVISION = "SELECT version_num FROM alembic_version"
# Indexes that are not built on PostgreSQL as the schema says, see the last migration and `schema.NEWEST_FIRST`.
OTHERWISE = {
    "ix_scoring_jobs_running",
    "ix_webhook_deliveries_endpoint_id_id",
    "ix_webhook_deliveries_endpoint_id_state_id",
    "ix_webhook_deliveries_running",
}
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
COLLATIONS = """
    SELECT table_name, column_name, collation_name FROM information_schema.columns
    WHERE table_schema = 'public' AND data_type = 'character varying' AND table_name <> 'alembic_version'
"""
FAILING_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"

def upgrade():
    op.create_table("half_done", sa.Column("id", sa.Integer(), primary_key=True))
    raise RuntimeError("the rest of this migration fails")
"""


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """Yield a database that nobody has migrated."""
    database = Database(url)
    try:
        yield database
    finally:
        await database.stop()


async def ask(database: Database, query: str) -> list[Row[Any]]:
    return await database.read(lambda connection: list(connection.execute(text(query))))


async def tables(database: Database) -> set[str]:
    return {name for (name,) in await ask(database, TABLES)}


def differences(connection: Connection) -> list[tuple[Any, ...]]:
    """Return how the tables differ from the schema, beyond its comments, which are for whoever reads it there."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found: list[tuple[Any, ...]] = []
    for one in compare_metadata(context, metadata):
        found += one if isinstance(one, list) else [one]
    return [one for one in found if one[0] != "modify_comment" and getattr(one[1], "name", None) not in OTHERWISE]


async def test_an_empty_database_gets_every_table(empty_postgresql_url: str) -> None:
    async with opened(empty_postgresql_url) as database:
        await database.migrate()
        assert await tables(database) == {*metadata.tables, "alembic_version"}
        assert await ask(database, REVISION) == [(latest(),)]
        assert await database.read(lambda connection: connection.execute(select(queue_clock)).all()) == [(1, 0.0)]


async def test_the_migrations_build_exactly_the_schema(postgresql_url: str) -> None:
    async with opened(postgresql_url) as database:
        assert await database.read(differences) == []


async def test_all_but_a_few_indexes_are_those_of_the_schema(postgresql_url: str, empty_postgresql_url: str) -> None:
    engine = create_engine(empty_postgresql_url, StoreOptions(), 1)
    async with engine.connect() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    async with opened(postgresql_url) as grown, opened(empty_postgresql_url) as made:
        differing = {row.indexname for row in {*await ask(grown, INDEXES)} ^ {*await ask(made, INDEXES)}}
    assert differing == OTHERWISE


async def test_every_short_text_is_compared_by_its_bytes(postgresql_url: str) -> None:
    async with opened(postgresql_url) as database:
        rows = await ask(database, COLLATIONS)
    assert len(rows) > 50
    assert {row.collation_name for row in rows} == {"C"}


@pytest.mark.parametrize("_time", range(5))
async def test_of_processes_that_start_at_once_on_an_empty_database_all_succeed(
    empty_postgresql_url: str, _time: int
) -> None:
    async with opened(empty_postgresql_url) as first, opened(empty_postgresql_url) as second:
        await asyncio.gather(first.start(), second.start())
        assert await tables(second) == {*metadata.tables, "alembic_version"}
        assert await ask(first, REVISION) == [(latest(),)]


async def test_migrating_again_changes_nothing(postgresql_url: str) -> None:
    async with open_store(postgresql_url) as store:
        accepted = await store.submit(submission("anna"))
        await store.database.migrate()
        assert (await store.read(accepted)).batch == accepted.batch


async def test_a_database_that_is_up_to_date_is_only_read(postgresql_url: str) -> None:
    async with opened(f"{postgresql_url}?default_transaction_read_only=on") as database:
        await database.migrate()
        await database.check()


@pytest.fixture
def failing_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a migration that fails in the middle."""
    head, folder = latest(), tmp_path / "migrations"
    shutil.copytree(revision.MIGRATIONS, folder)
    (folder / "versions" / "9999_fail.py").write_text(FAILING_MIGRATION.format(head=head))
    monkeypatch.setattr(revision, "MIGRATIONS", folder)


@pytest.mark.usefixtures("failing_migration")
async def test_a_migration_that_fails_on_an_empty_database_leaves_it_empty(empty_postgresql_url: str) -> None:
    async with opened(empty_postgresql_url) as database:
        with pytest.raises(RuntimeError, match="the rest of this migration fails"):
            await database.migrate()
        assert await tables(database) == set()


@pytest.mark.usefixtures("failing_migration")
async def test_a_migration_that_fails_on_a_used_database_leaves_it_as_it_was(postgresql_url: str) -> None:
    async with opened(postgresql_url) as database:
        before = (await tables(database), await ask(database, REVISION))
        with pytest.raises(RuntimeError, match="the rest of this migration fails"):
            await database.migrate()
        assert (await tables(database), await ask(database, REVISION)) == before
