"""The life of a process: it starts its parts, works until it is asked to stop or a part dies, and stops them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Protocol

import structlog
import uvloop

from nova_server.errors import NovaError
from nova_server.garbage import settle
from nova_server.ports.clock import Clock
from nova_server.ports.lifecycle import Service
from nova_server.supervisor import Supervisor

log = structlog.get_logger(__name__)

STORE_ADVICE = "check NOVA_DATABASE_URL and NOVA_DATA_DIR"
ADDRESS_ADVICE = (
    "check that NOVA_GRPC_ADDRESS, NOVA_REST_ADDRESS and NOVA_METRICS_ADDRESS are free, and TLS files are PEM"
)


class MemberDidNotStart(OSError):
    """A process of a group ended before it served. It has said why."""


class Program(Protocol):
    """What a process runs."""

    async def start(self) -> None:
        """Return once everything runs. Raises OSError, RuntimeError or a NovaError, with everything stopped again."""
        ...

    def ports(self) -> Mapping[str, int | None]:
        """Return where it listens, once it runs."""
        ...

    async def wait_for_death(self) -> str:
        """Return the name of the first part that dies."""
        ...

    async def stop(self) -> None:
        """Finish what is running within a bounded time, and return."""
        ...


class Supervised:
    """A `Program` of parts in stages, see `Supervisor`. `ports` says where it listens."""

    def __init__(
        self, stages: Sequence[Sequence[Service]], clock: Clock, ports: Callable[[], Mapping[str, int | None]]
    ) -> None:
        supervisor = Supervisor(stages, clock)
        self.start = supervisor.start
        self.wait_for_death = supervisor.wait_for_death
        self.stop = supervisor.stop
        self.ports = ports


# Makes a program in a running event loop, and cleans up behind it.
Build = Callable[[], AbstractContextManager[Program]]


def nothing() -> None:
    """Do nothing, for those who need not know when a program runs."""


def run_program(build: Build, on_serving: Callable[[], None] = nothing) -> int:
    """Run what `build` makes until SIGTERM or SIGINT, and call `on_serving` once it runs.

    Returns the exit code of the process: 0, or 1 when a part could not start or died.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_start_and_run(build, on_serving))


async def _start_and_run(build: Build, on_serving: Callable[[], None]) -> int:
    stopping = _stop_signals()
    with ExitStack() as stack:
        try:
            program = stack.enter_context(build())
            await program.start()
        except (OSError, RuntimeError, NovaError) as error:
            log.error("start_failed", error=type(error).__name__, advice=_advice(error))
            return 1
        settle()
        return await run(program, stopping, on_serving)


async def run(program: Program, stopping: asyncio.Event, on_serving: Callable[[], None] = nothing) -> int:
    """Run a program that is started until `stopping` is set or a part dies, and stop it. Returns the exit code."""
    log.info("serving", **program.ports())
    on_serving()
    dead = await _first_death(program, stopping)
    log.info("stopping") if dead is None else log.error("part_died", part=dead)
    await program.stop()
    log.info("stopped")
    return 0 if dead is None else 1


def _stop_signals() -> asyncio.Event:
    """Return an event that is set by the first SIGTERM or SIGINT. A second one ends the process at once."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set():
            os._exit(1)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return stopping


async def _first_death(program: Program, stopping: asyncio.Event) -> str | None:
    """Return the name of the part that died, or None once the process is asked to stop."""
    asked = asyncio.create_task(stopping.wait())
    death = asyncio.create_task(program.wait_for_death())
    await asyncio.wait([asked, death], return_when=asyncio.FIRST_COMPLETED)
    dead = None if asked.done() else death.result()
    for task in (asked, death):
        task.cancel()
    return dead


def _advice(error: BaseException) -> str:
    match error:
        case NovaError():
            return STORE_ADVICE
        case MemberDidNotStart():
            return "see what the process has logged before it ended"
        case _:
            return ADDRESS_ADVICE
