"""One gateway with its api for each test that wants one, and what such tests send."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support import rest as gateway
from tests.support.api import Served
from tests.support.rest import Rest


@pytest.fixture
async def both() -> AsyncIterator[tuple[Rest, Served]]:
    """A gateway and the api behind it. Fails in the end when the gateway's Lua did."""
    async with gateway.serving() as running:
        yield running


@pytest.fixture
def rest(both: tuple[Rest, Served]) -> Rest:
    return both[0]


@pytest.fixture
def served(both: tuple[Rest, Served]) -> Served:
    return both[1]
