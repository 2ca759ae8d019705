"""Receivers of webhooks that speak bytes instead of HTTP, and so can get every part of it wrong."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

DRIP_SECONDS = 0.01


@dataclass
class RawReceiver:
    """A running receiver: its port, how often somebody connected, and what was sent."""

    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)


# What a receiver does once a request is there.
Behaviour = Callable[[asyncio.StreamWriter, RawReceiver], Awaitable[None]]


def sends(answer: bytes) -> Behaviour:
    """Return a behaviour that sends `answer` and closes the connection."""

    async def behave(writer: asyncio.StreamWriter, _: RawReceiver) -> None:
        writer.write(answer)
        await writer.drain()

    return behave


def sends_and_waits(answer: bytes = b"") -> Behaviour:
    """Return a behaviour that sends `answer` and then nothing, for as long as anybody listens."""

    async def behave(writer: asyncio.StreamWriter, receiver: RawReceiver) -> None:
        writer.write(answer)
        await receiver.closing.wait()

    return behave


def drips(begin: bytes, drop: bytes) -> Behaviour:
    """Return a behaviour that sends `begin` and then a `drop` again and again, so that no silence is ever long."""

    async def behave(writer: asyncio.StreamWriter, receiver: RawReceiver) -> None:
        writer.write(begin)
        while not receiver.closing.is_set():
            writer.write(drop)
            await writer.drain()
            with suppress(TimeoutError):
                async with asyncio.timeout(DRIP_SECONDS):
                    await receiver.closing.wait()

    return behave


async def resets(writer: asyncio.StreamWriter, _: RawReceiver) -> None:
    """Reset the connection."""
    linger_zero = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
    writer.transport.abort()


@asynccontextmanager
async def raw_receiver(behave: Behaviour, tls: ssl.SSLContext | None) -> AsyncIterator[RawReceiver]:
    """Run a receiver that reads one request on each connection and then behaves.

    `hung_up` is set when a sender has left in the middle.
    """
    receiver = RawReceiver()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        receiver.connections += 1
        try:
            receiver.requests.append(await _read_request(reader))
            await behave(writer, receiver)
        except (OSError, asyncio.IncompleteReadError):
            receiver.hung_up.set()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        receiver.closing.set()
        server.close()


async def _read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)^content-length: *(\d+)\r$", head, re.MULTILINE)
    return head + await reader.readexactly(int(length[1]) if length else 0)
