"""What the tests of the child pool share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import psutil
import pytest
from nova_server.children.pool import ChildPool

from tests.unit.children.pools import BRIEF, started


@pytest.fixture(autouse=True)
def of_other_tests() -> set[int]:
    """Return the ids of the children that other tests of this session keep."""
    return {child.pid for child in psutil.Process().children()}


@pytest.fixture
def living(of_other_tests: set[int]) -> Callable[[], list[int]]:
    """Return a function that lists the children that this test has."""
    return lambda: [child.pid for child in psutil.Process().children() if child.pid not in of_other_tests]


@pytest.fixture
async def pool() -> AsyncIterator[ChildPool]:
    pool = await started(ChildPool(size=2, memory_bytes=512 * 1024 * 1024, drain_seconds=BRIEF))
    yield pool
    await pool.stop()


@pytest.fixture
async def single() -> AsyncIterator[ChildPool]:
    pool = await started(ChildPool(size=1, drain_seconds=BRIEF))
    yield pool
    await pool.stop()
