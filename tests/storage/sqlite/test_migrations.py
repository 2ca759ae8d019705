"""The migrations build exactly the schema, in one step that succeeds or leaves nothing."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from nova_server.storage import revision
from nova_server.storage.database import Database
from nova_server.storage.schema import metadata, queue_clock
from nova_server.storage.sqlite.engine import create_writer_engine
from sqlalchemy import Connection, inspect, select

from tests.support.store import open_store, sqlite_url
from tests.support.submissions import submission

FAILING_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"

def upgrade():
    op.create_table("half_done", sa.Column("id", sa.Integer(), primary_key=True))
    raise RuntimeError("the rest of this migration fails")
"""


def tables(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def head_of(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        ((revision,),) = connection.execute("SELECT version_num FROM alembic_version")
        return str(revision)


@pytest.fixture
async def migrated(tmp_path: Path) -> Database:
    """A database with every migration applied, and closed."""
    database = Database(sqlite_url(tmp_path))
    await database.migrate()
    await database.stop()
    return database


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


def described(connection: Connection) -> dict[str, object]:
    """Return what a schema consists of, as the database tells it."""
    inspector = inspect(connection)
    return {
        table: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(table)],
            inspector.get_pk_constraint(table),
            sorted(str(constraint) for constraint in inspector.get_unique_constraints(table)),
            sorted(
                (index["name"] or "", index["column_names"], str(index["dialect_options"].get("sqlite_where")))
                for index in inspector.get_indexes(table)
            ),
        )
        for table in sorted(metadata.tables)
    }


@pytest.mark.usefixtures("migrated")
def test_the_migrations_build_exactly_the_schema(tmp_path: Path) -> None:
    engine = create_writer_engine(sqlite_url(tmp_path), 5)
    with engine.begin() as connection:
        assert differences(connection) == []
    engine.dispose()


@pytest.mark.usefixtures("migrated")
def test_the_migrations_build_the_same_database_as_the_schema_itself(tmp_path: Path) -> None:
    grown = create_writer_engine(sqlite_url(tmp_path), 5)
    made = create_writer_engine(sqlite_url(tmp_path / "made"), 5)
    with grown.begin() as old, made.begin() as new:
        metadata.create_all(new)
        assert described(old) == described(new)
    grown.dispose()
    made.dispose()


@pytest.mark.usefixtures("migrated")
def test_tables_that_are_read_by_their_key_alone_are_stored_in_it(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        made = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    without_rowid = {name for name, statement in made.items() if "WITHOUT ROWID" in statement}
    assert without_rowid == {
        table.name for table in metadata.tables.values() if not table.dialect_options["sqlite"]["with_rowid"]
    }


async def test_the_clock_of_the_queue_starts_at_zero(tmp_path: Path) -> None:
    async with open_store(sqlite_url(tmp_path)) as store:
        rows = await store.database.read(lambda connection: connection.execute(select(queue_clock)).all())
    assert [tuple(row) for row in rows] == [(1, 0.0)]


async def test_migrating_twice_changes_nothing(tmp_path: Path, file: Path) -> None:
    async with open_store(sqlite_url(tmp_path)) as store:
        accepted = await store.submit(submission("anna"))
        before = (tables(file), head_of(file))
        await store.database.migrate()
        assert (tables(file), head_of(file)) == before
        assert (await store.read(accepted)).batch == accepted.batch


@pytest.fixture
async def failing_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated: Database) -> Path:
    """Add a migration that fails in the middle. Returns the folder of a database to try it on."""
    assert not migrated.ready()
    folder = tmp_path / "migrations"
    shutil.copytree(revision.MIGRATIONS, folder)
    head = head_of(tmp_path / "store.sqlite3")
    (folder / "versions" / "9999_fail.py").write_text(FAILING_MIGRATION.format(head=head))
    monkeypatch.setattr(revision, "MIGRATIONS", folder)
    return tmp_path


async def try_to_migrate(folder: Path) -> None:
    database = Database(sqlite_url(folder))
    try:
        with pytest.raises(RuntimeError, match="the rest of this migration fails"):
            await database.migrate()
    finally:
        await database.stop()


async def test_a_migration_that_fails_on_an_empty_database_leaves_it_empty(failing_migration: Path) -> None:
    folder = failing_migration / "empty"
    await try_to_migrate(folder)
    assert tables(folder / "store.sqlite3") == set()


async def test_a_migration_that_fails_on_a_used_database_leaves_it_as_it_was(failing_migration: Path) -> None:
    before = tables(failing_migration / "store.sqlite3")
    await try_to_migrate(failing_migration)
    assert tables(failing_migration / "store.sqlite3") == before
    assert "half_done" not in before
