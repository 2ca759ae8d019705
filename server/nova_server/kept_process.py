"""A child process that is started again whenever it dies."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable

import structlog

from nova_server.observability.background import run_in_background
from nova_server.ports.clock import Clock

log = structlog.get_logger(__name__)

# A running process that dies is started again at once; one that keeps dying, ever more rarely.
FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 30.0
STABLE_SECONDS = 60.0

END_SECONDS = 5.0

Launch = Callable[[], Awaitable[Process]]


class KeptProcess:
    """Runs what `launch` returns: a process that does its work by then. `launch` raises OSError when there is none.

    `name` is what the log calls it, with `labels` beside each line.
    """

    def __init__(self, name: str, launch: Launch, clock: Clock, **labels: int) -> None:
        self.process: Process | None = None
        self._name = name
        self._launch = launch
        self._clock = clock
        self._labels = labels
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process. Raises OSError, and then does not try again."""
        self.process = await self._launch()
        self._keeping = run_in_background(self._keep(), self._name)

    def ready(self) -> bool:
        """Tell whether the process runs, or is being started again."""
        return self._keeping is not None and not self._keeping.done()

    async def let_go(self) -> Process | None:
        """Start it no more. Returns the last process, which is for the caller to end."""
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.cancel()
            await asyncio.wait([keeping])
        process, self.process = self.process, None
        return process

    async def _keep(self) -> None:
        delay = FIRST_DELAY_SECONDS
        while True:
            began = self._clock.monotonic()
            exit_code = await self.process.wait() if self.process else None
            log.error(f"{self._name}_died", exit_code=exit_code, **self._labels)
            if self._clock.monotonic() - began >= STABLE_SECONDS:
                delay = FIRST_DELAY_SECONDS
            await self._clock.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY_SECONDS)
            await self._start_again()

    async def _start_again(self) -> None:
        self.process = None
        try:
            self.process = await self._launch()
        except OSError as error:
            log.error(f"{self._name}_start_failed", error=type(error).__name__, **self._labels)
        else:
            log.info(f"{self._name}_started", **self._labels)


async def end(process: Process, seconds: float = END_SECONDS) -> None:
    """Ask the process to end within `seconds`, and make it."""
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(seconds):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
