"""Group commit where transactions can run beside each other: each operation has a lane of its own.

So no transaction holds the locks of two operations, a slow one holds up no other, and how many run at once is bounded
by the pool of connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from nova_server.errors import ServiceUnavailable
from nova_server.storage.group_commit import GroupCommit, Operation, Transactor

# Transactions of one operation at once: one is prepared or read while another is with the server.
WIDTH = 2

Intent = TypeVar("Intent")
Result = TypeVar("Result")


class Lanes:
    """Implements `writer.Writer`."""

    def __init__(self, transactor: Transactor, on_group: Callable[[int], None]) -> None:
        self._transactor = transactor
        self._on_group = on_group
        self._lanes: dict[Operation[Any, Any], GroupCommit] = {}
        self._running = False

    async def start(self) -> None:
        self._running = True

    def ready(self) -> bool:
        return self._running and all(lane.ready() for lane in self._lanes.values())

    async def stop(self) -> None:
        self._running = False
        await asyncio.gather(*(lane.stop() for lane in self._lanes.values()))

    async def run(self, operation: Operation[Intent, Result], intent: Intent) -> Result:
        """See `GroupCommit.run`."""
        if not self._running:
            raise ServiceUnavailable
        return await (self._lanes.get(operation) or await self._open(operation)).run(operation, intent)

    async def _open(self, operation: Operation[Any, Any]) -> GroupCommit:
        lane = self._lanes[operation] = GroupCommit(self._transactor, self._on_group, width=WIDTH)
        await lane.start()
        return lane
