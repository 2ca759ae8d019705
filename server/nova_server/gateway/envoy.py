"""Runs Envoy, and starts it again when it dies."""

from __future__ import annotations

import asyncio
import tempfile
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import structlog
from nova_gateway.configuration import GatewayOptions, render

from nova_server.gateway.admin import UNREACHABLE, EnvoyAdmin
from nova_server.gateway.process import end, spawn
from nova_server.observability.background import run_in_background
from nova_server.ports.clock import Clock
from nova_server.settings import Settings

log = structlog.get_logger(__name__)

API_SOCKET = "api.sock"
ADMIN_SOCKET = "admin.sock"
START_SECONDS = 20.0
POLL_SECONDS = 0.02
# A running Envoy that dies is started again at once; one that keeps dying, ever more rarely.
FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 30.0
STABLE_SECONDS = 60.0
# The path of a unix socket has at most 107 bytes, see unix(7).
LONGEST_FOLDER = 107 - len("/nova-12345678/") - len(ADMIN_SOCKET)
# How much longer than the api a call may take, so that it is the api that ends it.
MARGIN_SECONDS = 5.0

Spawn = Callable[[Path], Awaitable[Process]]


@contextmanager
def gateway_folder() -> Iterator[Path]:
    """Yield a new folder that only this user can enter, with a path short enough for sockets in it."""
    usual = tempfile.gettempdir()
    parent = usual if len(usual.encode()) <= LONGEST_FOLDER else "/tmp"  # noqa: S108 (mkdtemp makes it private)
    with tempfile.TemporaryDirectory(prefix="nova-", dir=parent, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def build_gateway(settings: Settings, folder: Path, clock: Clock) -> EnvoyGateway:
    """Return the gateway to the api that listens at `API_SOCKET` in the folder."""
    options = GatewayOptions(
        rest_address=settings.rest_address,
        api_addresses=(f"unix:{folder / API_SOCKET}",),
        admin_address=f"unix:{folder / ADMIN_SOCKET}",
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
        spawn: Spawn = spawn,
    ) -> None:
        self._options = options
        self._folder = folder
        self._clock = clock
        self._grace_seconds = grace_seconds
        self._spawn = spawn
        self._process: Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self.admin = EnvoyAdmin(Path(options.admin_address.removeprefix("unix:")))
        self.port: int | None = None

    @property
    def pid(self) -> int | None:
        """The id of the Envoy that runs now."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Listen. Raises OSError when Envoy cannot."""
        self.port = await self._launch()
        # Whoever asked for a free port has to find the next Envoy there too.
        host = self._options.rest_address.rpartition(":")[0]
        self._options = replace(self._options, rest_address=f"{host}:{self.port}")
        self._watching = run_in_background(self._keep_running(), self.name)

    def ready(self) -> bool:
        """Tell whether Envoy runs, or is being started again."""
        return self._watching is not None and not self._watching.done()

    async def stop(self) -> None:
        """Take no new requests, give running ones the grace to end, and end Envoy."""
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
            await asyncio.wait([watching])
        process, self._process = self._process, None
        if process is not None:
            await self._drain(process)
            await end(process)

    async def _launch(self) -> int:
        """Start an Envoy and return its port once it listens."""
        configuration = render(self._options, self._folder)
        process = self._process = await self._spawn(configuration)
        try:
            async with asyncio.timeout(START_SECONDS):
                return await self._listening_port(process)
        except BaseException:
            self._process = None
            await end(process)
            raise

    async def _listening_port(self, process: Process) -> int:
        while process.returncode is None:
            try:
                return await self.admin.listening_port()
            except UNREACHABLE:
                await self._clock.sleep(POLL_SECONDS)
        raise OSError("Envoy ended while it started")

    async def _keep_running(self) -> None:
        delay = FIRST_DELAY_SECONDS
        while True:
            began = self._clock.monotonic()
            exit_code = await self._process.wait() if self._process else None
            log.error("gateway_died", exit_code=exit_code)
            if self._clock.monotonic() - began >= STABLE_SECONDS:
                delay = FIRST_DELAY_SECONDS
            await self._clock.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY_SECONDS)
            await self._launch_again()

    async def _launch_again(self) -> None:
        try:
            await self._launch()
        except OSError as error:
            log.error("gateway_start_failed", error=type(error).__name__)
        else:
            log.info("gateway_started")

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
