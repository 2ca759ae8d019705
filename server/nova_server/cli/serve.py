"""`nova serve`."""

from __future__ import annotations

import os

import typer


def serve() -> None:
    """Run the service: api, queue and scorer in one process, until SIGTERM or Ctrl-C."""
    # The core of gRPC would write to standard error in its own words, amid the JSON. It reads this when it is imported.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")

    from nova_server.app import serve as run
    from nova_server.cli.configuration import read_settings

    raise typer.Exit(run(read_settings()))
