"""A site whose resumes arrive when the test says so, so that a job is at work for as long as it should be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from tests.support.sites import running_site

RESUME = b"Ten years of Python, of which five were spent with PostgreSQL and its neighbours."
LOOPBACK = "127.0.0.0/8"  # the value of NOVA_ALLOW_NETWORKS with which a server fetches from it


class HeldSite:
    """Notes who asks, and answers everyone once it is told to."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[str] = asyncio.Queue()
        self.url = ""
        self._answering = asyncio.Event()

    def answer(self) -> None:
        """Let go of everyone who waits, and make nobody wait from now on."""
        self._answering.set()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        self.asked.put_nowait(request.path)
        await self._answering.wait()
        return web.Response(body=RESUME)


@asynccontextmanager
async def held_site() -> AsyncIterator[HeldSite]:
    """Run the site on a free port. `url` is a resume on it."""
    site = HeldSite()
    async with running_site(site.handle) as running:
        site.url = running.url("/resume")
        yield site
