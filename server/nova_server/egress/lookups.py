"""Looking up names, so that no name can keep another waiting."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

LookUp = Callable[..., list[tuple[Any, ...]]]


class SystemResolver(AbstractResolver):
    """Asks the system, each time in a thread of its own.

    A lookup cannot be called off: when the servers of a name hang, its thread is taken until the system gives up. The
    threads that an event loop brings for it are few and shared (four in uvloop), so that one such name, asked for again
    and again, would hold up the lookups of everybody else. Daemons, so that they do not hold up the end of the process.
    """

    def __init__(self, look_up: LookUp = socket.getaddrinfo) -> None:
        self._look_up = look_up

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of `host`. Raises OSError when it has none."""
        found: Future[list[tuple[Any, ...]]] = Future()
        Thread(target=self._ask, args=(found, host, port, family), name="lookup", daemon=True).start()
        return [_result(host, answer) for answer in await asyncio.wrap_future(found)]

    def _ask(self, found: Future[list[tuple[Any, ...]]], host: str, port: int, family: socket.AddressFamily) -> None:
        if not found.set_running_or_notify_cancel():
            return
        try:
            found.set_result(self._look_up(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG))
        except Exception as error:
            found.set_exception(error)

    async def close(self) -> None:
        """Do nothing: the threads end by themselves."""


def _result(host: str, answer: tuple[Any, ...]) -> ResolveResult:
    family, _, protocol, _, address = answer
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address[0], port=address[1], family=family, proto=protocol, flags=flags)
