"""Runs Envoy, and starts it again when it dies."""

from __future__ import annotations

import asyncio
import tempfile
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from nova_gateway.configuration import GatewayOptions, render

from nova_server.gateway.admin import UNREACHABLE, EnvoyAdmin
from nova_server.gateway.process import spawn as spawn_envoy
from nova_server.kept_process import KeptProcess, end
from nova_server.ports.clock import Clock
from nova_server.settings import Settings

ADMIN_SOCKET = "admin.sock"
START_SECONDS = 20.0
POLL_SECONDS = 0.02
# The path of a unix socket has at most 107 bytes, see unix(7).
LONGEST_FOLDER = 107 - len("/nova-12345678/") - len("api-9999.sock")
# How much longer than the api a call may take, so that it is the api that ends it.
MARGIN_SECONDS = 5.0
# One thread of Envoy serves several times the calls that an api process does.
APIS_OF_A_THREAD = 2

Spawn = Callable[[Path], Awaitable[Process]]


@contextmanager
def gateway_folder() -> Iterator[Path]:
    """Yield a new folder that only this user can enter, with a path short enough for sockets in it."""
    usual = tempfile.gettempdir()
    parent = usual if len(usual.encode()) <= LONGEST_FOLDER else "/tmp"  # noqa: S108 (mkdtemp makes it private)
    with tempfile.TemporaryDirectory(prefix="nova-", dir=parent, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def api_address(folder: Path, number: int = 0) -> str:
    """Return where the api process of this number listens for the Envoy whose files are in the folder."""
    return f"unix:{folder}/api-{number}.sock"


def admin_address(folder: Path) -> str:
    """Return where the Envoy whose files are in the folder is administered."""
    return f"unix:{folder / ADMIN_SOCKET}"


def build_gateway(settings: Settings, folder: Path, clock: Clock, apis: int = 1) -> EnvoyGateway:
    """Return the gateway to as many api processes, which listen at their `api_address` in the folder."""
    options = GatewayOptions(
        rest_address=settings.rest_address,
        api_addresses=tuple(api_address(folder, number) for number in range(apis)),
        admin_address=admin_address(folder),
        cors_origins=settings.rest_cors_origins,
        timeout_seconds=settings.default_deadline_seconds + MARGIN_SECONDS,
    )
    return EnvoyGateway(options, folder, clock, grace_seconds=settings.shutdown_grace_seconds)


class EnvoyGateway:
    """A `Service` that answers REST calls at `options.rest_address`. `port` is the port in use.

    Files and sockets are in `folder`. Envoy is restarted when it dies, so that the gateway is `ready` until it is
    stopped. `grace_seconds` is how long running requests may take once it is.
    """

    name = "gateway"

    def __init__(
        self,
        options: GatewayOptions,
        folder: Path,
        clock: Clock,
        *,
        grace_seconds: float = 20,
        spawn: Spawn | None = None,
    ) -> None:
        self._options = options
        self._folder = folder
        self._clock = clock
        self._grace_seconds = grace_seconds
        self._spawn = spawn or partial(spawn_envoy, threads=-(-len(options.api_addresses) // APIS_OF_A_THREAD))
        self._envoy = KeptProcess(self.name, self._launch, clock)
        self.admin = EnvoyAdmin(Path(options.admin_address.removeprefix("unix:")))
        self.port: int | None = None

    @property
    def pid(self) -> int | None:
        """The id of the Envoy that runs now."""
        return self._envoy.process.pid if self._envoy.process else None

    async def start(self) -> None:
        """Listen. Raises OSError when Envoy cannot."""
        await self._envoy.start()

    def ready(self) -> bool:
        """Tell whether Envoy runs, or is being started again."""
        return self._envoy.ready()

    async def stop(self) -> None:
        """Take no new requests, give running ones the grace to end, and end Envoy."""
        process = await self._envoy.let_go()
        if process is not None:
            await self._drain(process)
            await end(process)

    async def _launch(self) -> Process:
        """Return a new Envoy that listens."""
        configuration = render(self._options, self._folder)
        process = await self._spawn(configuration)
        try:
            async with asyncio.timeout(START_SECONDS):
                self._remember(await self._listening_port(process))
        except BaseException:
            await end(process)
            raise
        return process

    def _remember(self, port: int) -> None:
        """Note the port: whoever asked for a free one has to find the next Envoy there too."""
        self.port = port
        host = self._options.rest_address.rpartition(":")[0]
        self._options = replace(self._options, rest_address=f"{host}:{port}")

    async def _listening_port(self, process: Process) -> int:
        while process.returncode is None:
            try:
                return await self.admin.listening_port()
            except UNREACHABLE:
                await self._clock.sleep(POLL_SECONDS)
        raise OSError("Envoy ended while it started")

    async def _drain(self, process: Process) -> None:
        """Return once no request is running, or the grace is over."""
        end_of_grace = self._clock.monotonic() + self._grace_seconds
        try:
            await self.admin.drain()
            while process.returncode is None and await self.admin.running_requests():
                if self._clock.monotonic() >= end_of_grace:
                    return
                await self._clock.sleep(POLL_SECONDS)
        except UNREACHABLE:
            pass  # it is dead already, or as good as that
