"""Words that the tests of the child pool share."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from nova_server.children.pool import ChildPool

from tests.unit.children import functions

AMPLE = 20.0
BRIEF = 0.3


async def started(pool: ChildPool) -> ChildPool:
    await pool.start()
    return pool


async def answers_fifty_calls(pool: ChildPool) -> bool:
    numbers = await asyncio.gather(*(pool.run(functions.double, number, wall_seconds=AMPLE) for number in range(50)))
    return numbers == [2 * number for number in range(50)]


def named_pipe(path: Path) -> Path:
    """Make a pipe that both ends open by name, to wait for each other without a clock."""
    os.mkfifo(path)
    return path
