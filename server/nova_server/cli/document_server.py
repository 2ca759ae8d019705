"""Lends documents on disk to a service on this machine, for as long as it needs to fetch them."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from aiohttp import web

from nova_server.cli.call_failure import CallFailed

HOST = "127.0.0.1"
LENT_URL_REFUSED = (
    "Documents other than text are fetched from this machine, and the server refuses that. "
    "Start it with NOVA_ALLOW_NETWORKS=127.0.0.0/8."
)


@asynccontextmanager
async def lend(paths: Sequence[Path]) -> AsyncIterator[Mapping[Path, str]]:
    """Serve exactly these files on a free port of the loopback interface. Yields the URL of each.

    Each URL is 128 random bits, so that no other program on the machine can guess it. The file's name is not part of
    it: it often is a person's name, and the service goes by content.
    """
    routes = {path: f"/{secrets.token_urlsafe(16)}" for path in paths}
    application = web.Application()
    application.add_routes([web.get(route, _sender(path)) for path, route in routes.items()])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, 0)
        await site.start()
        port = runner.addresses[0][1]
        yield {path: f"http://{HOST}:{port}{route}" for path, route in routes.items()}
    finally:
        await runner.cleanup()


@contextmanager
def refused_urls_explained(urls: Mapping[Path, str]) -> Iterator[None]:
    """Advise what to do when the service refuses the URL of a lent document. `urls` are those that are lent."""
    try:
        yield
    except CallFailed as failure:
        if urls and any("resume.url" in fault.field for fault in failure.fields):
            failure.advice = LENT_URL_REFUSED
        raise


def _sender(path: Path) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def send(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(path)

    return send
