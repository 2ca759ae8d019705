"""A store for each engine. What a test in this folder says must hold for all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.clock import FakeClock
from tests.support.postgresql import PostgresqlDatabases
from tests.support.signals import RecordedSignals
from tests.support.store import StoreUnderTest, open_store, sqlite_url
from tests.support.store_machine import Engine

ENGINES = ["postgresql", "sqlite"]


@pytest.fixture(params=ENGINES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    name: str = request.param
    url: str = sqlite_url(tmp_path) if name == "sqlite" else request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def signals() -> RecordedSignals:
    return RecordedSignals()


@pytest.fixture
async def store(store_url: str, clock: FakeClock, signals: RecordedSignals) -> AsyncIterator[StoreUnderTest]:
    async with open_store(store_url, clock, signals) as opened:
        yield opened


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """An engine for state machines."""
    if request.param == "sqlite":
        return Engine(_new_file)
    databases: PostgresqlDatabases = request.getfixturevalue("postgresql")

    @contextmanager
    def new_database() -> Iterator[str]:
        url = databases.migrated()
        yield url
        databases.give_back(url)

    return Engine(new_database, tries_one_in=4)


@contextmanager
def _new_file() -> Iterator[str]:
    with TemporaryDirectory() as folder:
        yield sqlite_url(Path(folder))
