"""Several processes with the same roles on one machine, so that all of its cores are used, and one Envoy before them.

The parent answers no call and does no job. It starts the processes, starts those again that die, and stops them all.
They share the port of the gRPC api, where the kernel spreads connections over them, and each has a socket for Envoy.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from nova_server.clock import SystemClock
from nova_server.gateway.envoy import EnvoyGateway, api_address, build_gateway, gateway_folder
from nova_server.kept_process import KeptProcess, end
from nova_server.observability.logs import configure_logging
from nova_server.ports.clock import Clock
from nova_server.ports.lifecycle import Service
from nova_server.program import MemberDidNotStart, Supervised, run_program
from nova_server.reserved_port import reserved_port
from nova_server.settings import Role, Settings

# Beyond this a process that starts has gone wrong: it takes two seconds, and longer when all do so at once.
START_SECONDS = 120.0
# What a process may take to stop beyond the grace: its calls and jobs have that, and then the rest is closed.
STOP_MARGIN_SECONDS = 15.0

Spawn = Callable[[int], Awaitable[Process]]


class Member:
    """One process of a group. `spawn` starts it; it says so on standard output once it serves."""

    def __init__(self, number: int, spawn: Spawn, clock: Clock, grace_seconds: float) -> None:
        self._number = number
        self._spawn = spawn
        self._grace_seconds = grace_seconds
        self._kept = KeptProcess("process", self._launch, clock, process=number)

    async def start(self) -> None:
        """Return once it serves. Raises OSError."""
        await self._kept.start()

    def ready(self) -> bool:
        """Tell whether it runs, or is being started again."""
        return self._kept.ready()

    async def stop(self) -> None:
        """Let it finish what it does."""
        process = await self._kept.let_go()
        if process is not None:
            await end(process, self._grace_seconds + STOP_MARGIN_SECONDS)

    async def _launch(self) -> Process:
        process = await self._spawn(self._number)
        try:
            async with asyncio.timeout(START_SECONDS):
                served = process.stdout is not None and await process.stdout.readline()
            if not served:
                raise MemberDidNotStart
        except BaseException:
            await end(process)
            raise
        return process


class Members:
    """A `Service` that is all processes of a group, started and stopped at once."""

    name = "processes"

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = members

    async def start(self) -> None:
        """Return once all of them serve. Raises OSError when one does not; the others are for `stop` then."""
        try:
            async with asyncio.TaskGroup() as group:
                for member in self._members:
                    group.create_task(member.start())
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None

    def ready(self) -> bool:
        """Tell whether each runs, or is being started again."""
        return all(member.ready() for member in self._members)

    async def stop(self) -> None:
        """Let all of them finish what they do."""
        await asyncio.gather(*(member.stop() for member in self._members))


def serve_group(settings: Settings) -> int:
    """Run `settings.workers` processes until SIGTERM or SIGINT. Returns the exit code, as `nova_server.app.serve`."""
    configure_logging(settings.log_level)
    return run_program(lambda: _group(settings))


@contextmanager
def _group(settings: Settings) -> Iterator[Supervised]:
    clock = SystemClock()
    with ExitStack() as stack:
        address = None
        if Role.API in settings.roles:
            address = stack.enter_context(reserved_port(settings.grpc_address, shared=settings.grpc_reuse_port))
        folder = stack.enter_context(gateway_folder()) if settings.runs_gateway else None
        spawn = partial(spawn_member, settings, address, folder)
        members = [Member(number, spawn, clock, settings.shutdown_grace_seconds) for number in range(settings.workers)]
        gateway = build_gateway(settings, folder, clock, apis=settings.workers) if folder else None
        stages: Sequence[Sequence[Service]] = [[Members(members)], [gateway] if gateway else []]
        yield Supervised(stages, clock, partial(_ports, address, gateway))


def _ports(grpc_address: str | None, gateway: EnvoyGateway | None) -> dict[str, int | None]:
    """Return where calls are answered. Each process logs the port of its own metrics."""
    return {
        "grpc_port": int(grpc_address.rpartition(":")[2]) if grpc_address else None,
        "rest_port": gateway.port if gateway else None,
        "metrics_port": None,
    }


async def spawn_member(settings: Settings, grpc_address: str | None, folder: Path | None, number: int) -> Process:
    """Return a new process of this number, which dies with this one. Raises OSError."""
    sockets = [api_address(folder, number)] if folder else []
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "nova_server.member", str(os.getpid()), str(number), *sockets),
        stdin=DEVNULL,
        stdout=PIPE,
        start_new_session=True,  # keeps the terminal's Ctrl-C away: the parent asks it to stop
        env={**os.environ, **_environment(settings, grpc_address, number)},
    )


def _environment(settings: Settings, grpc_address: str | None, number: int) -> dict[str, str]:
    """Return what differs from the environment of the parent: options of the command, and places of the process."""
    return {
        "NOVA_ROLES": ",".join(settings.roles),
        "NOVA_WORKERS": "1",
        "NOVA_GATEWAY": "false",
        "NOVA_GRPC_ADDRESS": grpc_address or settings.grpc_address,
        "NOVA_GRPC_REUSE_PORT": "true",
        "NOVA_METRICS_ADDRESS": metrics_address(settings.metrics_address, number),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }


def metrics_address(first: str, number: int) -> str:
    """Return where the process of this number has its metrics: ports follow one another, unless each is to be free."""
    host, _, port = first.rpartition(":")
    return f"{host}:{int(port) and int(port) + number}"
