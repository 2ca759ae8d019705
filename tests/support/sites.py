"""Servers on real sockets, to fetch from and to send to."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Site:
    """A running server, and the requests it has had."""

    host: str
    port: int
    requests: list[web.Request] = field(default_factory=list)

    def url(self, path: str = "/", *, host: str | None = None, scheme: str = "http") -> str:
        """Return the URL of a path, on the server's address or on a name that resolves to it."""
        return f"{scheme}://{host or self.host}:{self.port}{path}"


@asynccontextmanager
async def running_site(
    handler: Handler, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Site]:
    """Run an HTTP server that answers every path with `handler`."""
    site = Site(host, 0)

    async def record(request: web.Request) -> web.StreamResponse:
        site.requests.append(request)
        return await handler(request)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", record)
    runner = web.AppRunner(application, handler_cancellation=True, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, 0, ssl_context=tls).start()
        site.port = runner.addresses[0][1]
        yield site
    finally:
        await runner.cleanup()


@asynccontextmanager
async def running_raw_server(answer: bytes, *, reset: bool = False, silent: bool = False) -> AsyncIterator[Site]:
    """Run a server that sends the same bytes to everyone, whatever they mean as HTTP.

    Afterwards it closes the connection, or resets it; a `silent` one sends nothing and leaves it open.
    """
    closing = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            if silent:
                await closing.wait()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client had enough
        finally:
            _close(writer, reset=reset)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Site("127.0.0.1", server.sockets[0].getsockname()[1])
    finally:
        closing.set()
        server.close()


def _close(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    if reset:
        linger_zero = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
    writer.close()
