"""A running server with its gateway and its store, and callers of it over REST."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.support.rest import RestClient
from tests.support.running_server import new_key, started


@dataclass(frozen=True)
class RestService:
    """Where a server is, and the key of a partner of it."""

    url: str
    secret: str

    def headers(self, tenant: str = "tenant-1", **more: str) -> Mapping[str, str]:
        """Return the headers of a caller. `more` are headers with underscores for hyphens."""
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.secret}", "X-Tenant-Id": tenant, **named}

    @asynccontextmanager
    async def client(self) -> AsyncIterator[RestClient]:
        """Yield a client, each of whose calls takes `headers`."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            yield RestClient(self.url, session)


@contextmanager
def running(data: Path) -> Iterator[RestService]:
    """Run a server. Fails in the end when the gateway's Lua did, or the server wrote of an error."""
    secret = new_key(data)
    with started(data, gateway=True) as server:
        yield RestService(server.rest_url, secret)
        assert asyncio.run(server.envoy_admin().lua_errors()) == 0
        assert [line for line in server.log.lines() if line["level"] == "error"] == []
        assert server.stop() == 0
