"""A process that starts a pool, keeps one child busy and one idle, and waits to be killed."""

from __future__ import annotations

import asyncio
import json
import sys

from nova_server.children.pool import ChildPool

from tests.unit.children.functions import hang, process_id


async def main() -> None:
    pool = ChildPool(size=2)
    await pool.start()
    idle = await pool.run(process_id, wall_seconds=10)
    await asyncio.gather(pool.run(hang, wall_seconds=60), _tell(pool, idle))


async def _tell(pool: ChildPool, known: int) -> None:
    """Print the ids of both children. The call goes to the child that is not hanging."""
    other = await pool.run(process_id, wall_seconds=10)
    sys.stdout.write(json.dumps(sorted({known, other})) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
