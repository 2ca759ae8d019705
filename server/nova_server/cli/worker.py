"""`nova worker`."""

from __future__ import annotations

from nova_server.cli.options import Workers
from nova_server.cli.serve import run


def worker(workers: Workers = None) -> None:
    """Run everything but the api: score, deliver webhooks and rescue, until SIGTERM or Ctrl-C. Needs PostgreSQL.

    The same as `nova serve --roles worker,dispatcher,sweeper`.
    """
    run("worker,dispatcher,sweeper", workers)
