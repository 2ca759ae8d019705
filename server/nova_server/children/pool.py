"""A pool of child processes for functions that may hang, crash or eat memory.

Written on asyncio's own subprocesses, each with pipes of its own, so that a fault is the fault of one call. Where
children share one pipe under one lock, as those of the `pebble` library do, a child that dies with the lock, a result
that cannot be unpickled, or the death of an idle child ends the whole pool.

A child is a limit on time, memory and crashes. It is not a sandbox: it runs as the same user as the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar, cast

from nova_server.children.failures import ChildCrashed, ChildPoolStopped
from nova_server.children.frames import Setup
from nova_server.children.process import ChildProcess

Result = TypeVar("Result")

DEFAULT_MEMORY_BYTES = 1024 * 1024 * 1024

# Starting a child takes about a tenth of a second; this bounds it on a machine that is on its knees.
START_SECONDS = 20.0


class _Place:
    """Room for one child. Empty after a fault, until the next call needs a child here."""

    def __init__(self) -> None:
        self.child: ChildProcess | None = None

    def give_up_retired(self) -> None:
        if self.child and self.child.retired:
            self.child.kill()
            self.child = None


class ChildPool:
    """Calls functions in up to `size` child processes. A service: see `nova_server.ports.lifecycle`.

    `memory_bytes` bounds the address space of each child. `warm_up` is called in each child when it starts, to import
    what the calls will need. `stop` gives running calls `drain_seconds` to end. Must be started from a thread that
    lives as long as the process, because children die with the thread that forked them.
    """

    name = "children"

    def __init__(
        self,
        *,
        size: int = 2,
        memory_bytes: int = DEFAULT_MEMORY_BYTES,
        warm_up: Callable[[], object] | None = None,
        drain_seconds: float = 5.0,
    ) -> None:
        self._setup = Setup(memory_bytes, warm_up)
        self._drain_seconds = drain_seconds
        self._places = [_Place() for _ in range(size)]
        # Last in, first out: under light load one child stays hot and the others stay small.
        self._free: asyncio.LifoQueue[_Place] = asyncio.LifoQueue()
        self._children: set[ChildProcess] = set()
        self._started = False
        self._stopping = False

    async def start(self) -> None:
        """Start all children at once, and return when they are warm. Raises what starting the first of them raised."""
        try:
            async with asyncio.TaskGroup() as group:
                for place in self._places:
                    group.create_task(self._fill(place))
        except BaseExceptionGroup as failures:
            await self.stop()
            raise failures.exceptions[0] from None
        for place in self._places:
            self._free.put_nowait(place)
        self._started = True

    def ready(self) -> bool:
        """Tell whether calls are taken."""
        return self._started and not self._stopping

    async def stop(self) -> None:
        """Let running calls end for a while, then end all children. Calls that wait for a child are refused."""
        self._stopping = True
        if self._started:
            await self._drain()
        children = tuple(self._children)
        for child in children:
            child.kill()
        for child in children:
            await child.gone()

    async def run(self, function: Callable[..., Result], *arguments: object, wall_seconds: float) -> Result:
        """Call `function(*arguments)` in a child and return its result.

        The function must be importable by name; arguments, result and exceptions must be picklable. Waiting for a free
        child, and starting one after a fault, do not count as wall time. When the caller is cancelled the child is
        killed.

        Raises whatever the function raises, ChildTimedOut, ChildCrashed, ChildOutOfMemory, ChildPoolStopped,
        ResultNotPicklable, FrameTooLarge for arguments over 16 MiB, what pickling the arguments raises, or OSError when
        no process can be started.
        """
        async with self._child() as child:
            try:
                return cast(Result, await child.call(function, arguments, wall_seconds))
            except ChildCrashed:
                if self._stopping:
                    raise ChildPoolStopped("the pool stopped during the call") from None
                raise

    @asynccontextmanager
    async def _child(self) -> AsyncIterator[ChildProcess]:
        """Lend a living child."""
        if not self.ready():
            raise ChildPoolStopped("the pool is not running")
        place = await self._free.get()
        try:
            if self._stopping:
                raise ChildPoolStopped("the pool stopped before the call began")
            yield await self._fill(place)
        finally:
            place.give_up_retired()
            self._free.put_nowait(place)

    async def _fill(self, place: _Place) -> ChildProcess:
        """Return the child of a place, starting one when there is none or when it died in its sleep."""
        if place.child is None or not place.child.alive():
            place.child = await self._spawn()
            await place.child.warm_up(self._setup, START_SECONDS)
        return place.child

    async def _spawn(self) -> ChildProcess:
        if self._stopping:
            raise ChildPoolStopped("the pool stopped before the call began")
        child = await ChildProcess.spawn()
        self._children = {known for known in self._children if known.alive()} | {child}
        if self._stop_passed():
            child.kill()
        return child

    def _stop_passed(self) -> bool:
        """Tell whether `stop` was called while something else was awaited."""
        return self._stopping

    async def _drain(self) -> None:
        """Wait until every place is free, or until the time for that is over."""
        free: list[_Place] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(self._drain_seconds):
                while len(free) < len(self._places):
                    free.append(await self._free.get())
        for place in free:
            self._free.put_nowait(place)
