"""A store on SQLite that does not wait long for a lock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nova_server.storage.options import StoreOptions

from tests.support.store import StoreUnderTest, open_store, sqlite_url


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The database file."""
    return tmp_path / "store.sqlite3"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[StoreUnderTest]:
    async with open_store(sqlite_url(tmp_path), options=StoreOptions(busy_timeout_seconds=0.05)) as opened:
        yield opened
