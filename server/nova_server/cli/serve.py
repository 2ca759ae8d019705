"""`nova serve`."""

from __future__ import annotations

import os

import typer

from nova_server.cli.options import Roles, Workers


def serve(roles: Roles = None, workers: Workers = None) -> None:
    """Run the service: api, queue and scorer in one process, until SIGTERM or Ctrl-C.

    With PostgreSQL the work can be spread over processes and machines, see docs/operations.md.
    """
    run(roles, workers)


def run(roles: str | None, workers: int | None) -> None:
    """Run processes with these roles, or those of the settings, and end the command as they do."""
    # The core of gRPC would write to standard error in its own words, amid the JSON. It reads this when it is imported.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")

    from nova_server.cli.configuration import read_settings

    settings = read_settings(roles=roles, workers=workers)
    if settings.workers > 1:
        from nova_server.process_group import serve_group

        raise typer.Exit(serve_group(settings))

    from nova_server.app import serve as serve_one

    raise typer.Exit(serve_one(settings))
