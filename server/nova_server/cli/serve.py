"""`nova serve`."""

from __future__ import annotations

import typer


def serve() -> None:
    """Run the service: api, queue and scorer in one process, until SIGTERM or Ctrl-C."""
    from nova_server.app import serve as run
    from nova_server.cli.configuration import read_settings

    raise typer.Exit(run(read_settings()))
