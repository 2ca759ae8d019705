"""A port that is kept for the processes that will share it."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def reserved_port(address: str, *, shared: bool) -> Iterator[str]:
    """Keep `address` (host:port; port 0 picks a free one) for processes that listen there by SO_REUSEPORT.

    Yields it with the port. It is bound and does not listen, so that no connection comes here. Raises OSError when
    somebody listens there already, as a single process would. With `shared` that is well if they share it too.
    """
    host, _, number = address.rpartition(":")
    port = int(number)
    with ExitStack() as stack:
        for family, place in _places(host.strip("[]"), port):
            if port and not shared:
                _bound(family, (place, port)).close()
            held = stack.enter_context(_bound(family, (place, port), socket.SO_REUSEPORT))
            # It was only for ended connections. From here on nobody gets the port who does not share it.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
            port = held.getsockname()[1]
        yield f"{host}:{port}"


def _places(host: str, port: int) -> list[tuple[int, str]]:
    """Return the family and the address of each place that `host` stands for on this machine. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    places = [(family, str(place[0])) for family, _, _, _, place in found]
    usable: list[tuple[int, str]] = [place for place in places if _is_here(*place)]
    if not usable:
        raise OSError(errno.EADDRNOTAVAIL, "no address of this machine")
    return usable


def _is_here(family: int, place: str) -> bool:
    """Tell whether the address is one of this machine: a name may stand for others too."""
    try:
        _bound(family, (place, 0)).close()
    except OSError:
        return False
    return True


def _bound(family: int, place: tuple[str, int], *options: int) -> socket.socket:
    """Return a socket that does not listen. Raises OSError when somebody else does there, with other options."""
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        for option in (socket.SO_REUSEADDR, *options):  # the first, because ended connections are in nobody's way
            bound.setsockopt(socket.SOL_SOCKET, option, 1)
        bound.bind(place)
    except OSError:
        bound.close()
        raise
    return bound
