"""One of the processes of a group, see `nova_server.process_group`.

Run as `python -m nova_server.member PARENT_PID NUMBER [API_SOCKET]`, with its settings in the environment. It writes a
line to standard output once it serves, and stops when it is asked to, as any process does.
"""

from __future__ import annotations

import os
import sys

import structlog

from nova_server.app import serve
from nova_server.children.limits import die_with_parent
from nova_server.settings import Settings


def main() -> None:
    """Serve until the parent asks to stop, and no longer than it lives."""
    parent, number, *sockets = sys.argv[1:]
    die_with_parent(int(parent))
    structlog.contextvars.bind_contextvars(process=int(number))
    sys.exit(serve(Settings(), api_socket=sockets[0] if sockets else None, on_serving=tell_parent))


def tell_parent() -> None:
    """Say that this process serves. Nobody listens to standard output after that."""
    os.write(sys.stdout.fileno(), b"serving\n")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    main()
