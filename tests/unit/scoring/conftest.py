"""The use cases on a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nova_server.scoring.use_cases import Scoring
from nova_server.signals import ProcessSignals

from tests.support.store import StoreUnderTest, open_store, sqlite_url


@pytest.fixture
def signals() -> ProcessSignals:
    return ProcessSignals()


@pytest.fixture
async def store(tmp_path: Path, signals: ProcessSignals) -> AsyncIterator[StoreUnderTest]:
    async with open_store(sqlite_url(tmp_path), signals=signals) as opened:
        yield opened


@pytest.fixture
def scoring(store: StoreUnderTest, signals: ProcessSignals) -> Scoring:
    return Scoring(store.store, signals)
