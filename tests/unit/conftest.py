"""A real store for what is tested on one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nova_server.signals import ProcessSignals

from tests.support.store import StoreUnderTest, open_store, sqlite_url


@pytest.fixture
def signals() -> ProcessSignals:
    return ProcessSignals()


@pytest.fixture
async def store(tmp_path: Path, signals: ProcessSignals) -> AsyncIterator[StoreUnderTest]:
    async with open_store(sqlite_url(tmp_path), signals=signals) as opened:
        yield opened
