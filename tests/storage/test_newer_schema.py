"""A release starts on the schema of the one after it, as it must while an upgrade is rolled out or taken back."""

from __future__ import annotations

from nova_server.storage.database import Database
from sqlalchemy import text

from tests.support.store import open_store
from tests.support.submissions import submission

REVISION = text("SELECT version_num FROM alembic_version")
NEXT_RELEASE = text("UPDATE alembic_version SET version_num = '9999'")


async def test_a_schema_that_is_ahead_is_used_as_it_is(store_url: str) -> None:
    async with open_store(store_url) as newer:
        accepted = await newer.submit(submission("anna"))
        await newer.execute(NEXT_RELEASE)
    async with open_store(store_url) as older:
        assert (await older.read(accepted)).batch == accepted.batch
        assert await older.rows(REVISION) == [("9999",)]


async def test_a_schema_that_is_ahead_is_not_migrated(store_url: str) -> None:
    async with open_store(store_url) as newer:
        await newer.execute(NEXT_RELEASE)
    older = Database(store_url)
    await older.migrate()
    assert (await older.read(lambda connection: connection.execute(REVISION).scalar_one())) == "9999"
    await older.stop()
