"""Watching which connections this process tries to open."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

_watching: Final[list[list[str]]] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and _watching:
        address = arguments[1]
        for dialled in _watching:
            dialled.append(str(address[0]) if isinstance(address, tuple) else str(address))


# The interpreter reports every connect of a Python socket, whichever library asked for it. A hook cannot be removed.
sys.addaudithook(_watch)


@contextmanager
def dialled_addresses() -> Iterator[list[str]]:
    """Yield a list that receives each address as it is dialled."""
    dialled: list[str] = []
    _watching.append(dialled)
    try:
        yield dialled
    finally:
        _watching.remove(dialled)


class Canary:
    """A listening socket that nobody may connect to."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.port: int = listener.getsockname()[1]

    def was_reached(self) -> bool:
        """Tell whether the kernel completed a connection to the socket."""
        try:
            self._listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@contextmanager
def listening_canary(host: str = "127.0.0.1") -> Iterator[Canary]:
    """Yield a canary on a free port of `host`."""
    with closing(socket.create_server((host, 0))) as listener:
        listener.setblocking(False)
        yield Canary(listener)
