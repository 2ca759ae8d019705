"""What tests of the gateway have in front of them and behind it. They share one Envoy, which takes a while to start."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from tests.support.api import Served
from tests.support.rest import Rest
from tests.support.rest_shared import SharedRest, sharing


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Run whoever uses the shared api on the loop that serves it."""
    for item in items:
        if shared_gateway.__name__ in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_gateway() -> AsyncIterator[SharedRest]:
    async with sharing() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def both(shared_gateway: SharedRest) -> AsyncIterator[tuple[Rest, Served]]:
    """A gateway and the api behind it. Fails in the end when the gateway's Lua did."""
    async with shared_gateway.lent() as running:
        yield running


@pytest.fixture
def rest(both: tuple[Rest, Served]) -> Rest:
    return both[0]


@pytest.fixture
def served(both: tuple[Rest, Served]) -> Served:
    return both[1]
