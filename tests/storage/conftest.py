"""A store for each engine. What a test in this folder says must hold for all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.signals import RecordedSignals
from tests.support.store import StoreUnderTest, open_store, sqlite_url

ENGINES: dict[str, Callable[[Path], str]] = {"sqlite": sqlite_url}


@pytest.fixture(params=sorted(ENGINES))
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    engine: str = request.param
    return ENGINES[engine](tmp_path)


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
