"""One writer, many intents: everything that is waiting when the writer becomes free shares one transaction.

A commit costs the same however much it holds, because what it waits for is the disk. While one group is being
committed the next one gathers, so groups grow by themselves as the load does, and an idle store answers at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from nova_server.errors import ServiceUnavailable
from nova_server.observability.background import run_in_background
from nova_server.storage.faults import is_unavailable, store_faults

MAX_GROUP = 512  # intents in one transaction: bounds how long the last of them waits for the first
# Intents that wait. Each may hold a whole request, and nothing else bounds their number while the store is locked.
MAX_WAITING = 16 * MAX_GROUP
QUIET_TURNS = 20
MAX_TURNS = 200

Intent = TypeVar("Intent")
Result = TypeVar("Result")
Intent_contra = TypeVar("Intent_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class Operation(Protocol[Intent_contra, Result_co]):
    """Applies many intents of one kind at once."""

    def apply(self, connection: Connection, intents: Sequence[Intent_contra]) -> Sequence[Result_co]:
        """Write the intents in the transaction of `connection`. Returns one result for each, in their order."""
        ...


@dataclass(slots=True)
class _Waiting:
    operation: Operation[Any, Any]
    intent: Any
    future: asyncio.Future[Any]


class Transactor(Protocol):
    """Runs a function inside one transaction, off the event loop as far as the store allows."""

    async def transact(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` returns, once it is durable. Raises what it raises, with nothing written."""
        ...


class GroupCommit:
    """Runs operations in shared transactions, one at a time, or up to `width` where the engine runs several."""

    name = "group_commit"

    def __init__(
        self, transactor: Transactor, on_group: Callable[[int], None] = lambda _size: None, *, width: int = 1
    ) -> None:
        self._transactor = transactor
        self._on_group = on_group
        self._width = width
        self._waiting: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._stopping = False
        self._writers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._writers = [run_in_background(self._run(), self.name) for _ in range(self._width)]

    def ready(self) -> bool:
        return bool(self._writers) and not any(writer.done() for writer in self._writers)

    async def stop(self) -> None:
        """Commit what is waiting, then stop."""
        self._stopping = True
        self._arrived.set()
        if self._writers:
            await asyncio.wait(self._writers)  # unlike waiting for the tasks themselves, this cannot cancel them

    async def run(self, operation: Operation[Intent, Result], intent: Intent) -> Result:
        """Return the result of `intent` once it is durable.

        A caller that is cancelled leaves its intent behind, to be committed all the same. Raises StoreUnavailable when
        the store cannot be used, ServiceUnavailable after `stop` or while MAX_WAITING intents wait, and whatever
        `operation` raises for this intent.
        """
        if self._stopping or not self.ready() or len(self._waiting) >= MAX_WAITING:
            raise ServiceUnavailable
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(operation, intent, future))
        self._arrived.set()
        return await future

    async def _run(self) -> None:
        group: list[_Waiting] = []
        while self._waiting or not self._stopping:
            self._arrived.clear()
            if not self._waiting:
                await self._arrived.wait()
                continue
            if len(group) > 1:
                await self._gather()
            group = [self._waiting.popleft() for _ in range(min(MAX_GROUP, len(self._waiting)))]
            if group:  # another writer may have taken all of it meanwhile
                await self._commit(group)

    async def _gather(self) -> None:
        """Under load, let the event loop finish what it has before the writer competes with it for the interpreter.

        Waits until no intent has come for QUIET_TURNS turns of the loop. An idle loop makes them in half a millisecond.
        """
        quiet = 0
        for _ in range(MAX_TURNS):
            before = len(self._waiting)
            await asyncio.sleep(0)
            quiet = quiet + 1 if len(self._waiting) == before else 0
            if quiet == QUIET_TURNS:
                return

    async def _commit(self, group: list[_Waiting]) -> None:
        """Commit a group; where one of its intents fails, commit the others without it."""
        self._on_group(len(group))
        try:
            with store_faults():
                results = await self._transactor.transact(lambda connection: _apply(connection, group))
        except Exception as error:  # it belongs to those who wait, not to the writer
            await self._recover(group, error)
        else:
            for waiting, result in zip(group, results, strict=True):
                if not waiting.future.done():
                    waiting.future.set_result(result)

    async def _recover(self, group: list[_Waiting], error: Exception) -> None:
        if len(group) > 1 and not is_unavailable(error) and not isinstance(error, ServiceUnavailable):
            for waiting in group:
                await self._commit([waiting])
            return
        for waiting in group:
            if not waiting.future.done():
                waiting.future.set_exception(error)


def _apply(connection: Connection, group: Sequence[_Waiting]) -> list[Any]:
    """Apply every intent, those of one operation together. Returns results in group order."""
    places: dict[Operation[Any, Any], list[int]] = {}
    for place, waiting in enumerate(group):
        places.setdefault(waiting.operation, []).append(place)
    results: list[Any] = [None] * len(group)
    for operation, own in places.items():
        answers = operation.apply(connection, [group[place].intent for place in own])
        for place, answer in zip(own, answers, strict=True):
            results[place] = answer
    return results
