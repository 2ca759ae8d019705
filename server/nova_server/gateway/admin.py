"""Talks to a running Envoy through the socket of its administration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import aiohttp

TIMEOUT = aiohttp.ClientTimeout(total=5)
UNREACHABLE = (aiohttp.ClientError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class EnvoyAdmin:
    """The administration at `socket`. Whatever is asked raises one of `UNREACHABLE` when there is no answer."""

    socket: Path

    async def get(self, path: str) -> str:
        """Return the answer to a GET."""
        return await self._ask("GET", path)

    async def post(self, path: str) -> str:
        """Return the answer to a POST."""
        return await self._ask("POST", path)

    async def listening_port(self) -> int:
        """Return the port of the only listener, once it takes connections."""
        await self.get("/ready")  # before that a listener has its port, and takes no connection
        listeners = await self.get("/listeners")
        return int(listeners.rpartition(":")[2])

    async def running_requests(self) -> int:
        """Return how many requests have no complete answer yet."""
        gauge = await self.get("/stats?filter=^http.rest.downstream_rq_active$")
        return int(gauge.rpartition(":")[2])

    async def lua_errors(self) -> int:
        """Return how often the Lua filter has failed."""
        counter = await self.get("/stats?filter=lua.nova.errors")
        return int(counter.rpartition(":")[2])

    async def drain(self) -> None:
        """Answer `/healthz` with 503, take no new connections, and close each of the others with its next answer."""
        await self.post("/healthcheck/fail")
        await self.post("/drain_listeners")

    async def _ask(self, method: str, path: str) -> str:
        connector = aiohttp.UnixConnector(str(self.socket))
        async with (
            aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as session,
            session.request(method, f"http://envoy{path}", raise_for_status=True) as answer,
        ):
            return await answer.text()
