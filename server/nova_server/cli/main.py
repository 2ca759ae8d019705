"""The entry point of `nova`.

Commands import what they need when they run, so that `nova --help` answers at once.
"""

from __future__ import annotations

import typer

from nova_server.cli import criteria, gateway, keys, migrate, rescore, serve, submit, watch, webhooks, worker

application = typer.Typer(
    name="nova",
    help="Score job applications. Settings are environment variables: see docs/configuration.md.",
    no_args_is_help=True,
    add_completion=False,
    # A pretty traceback shows local variables, and those hold keys and resumes.
    pretty_exceptions_enable=False,
)
application.command("serve")(serve.serve)
application.command("worker")(worker.worker)
application.command("migrate")(migrate.migrate)
application.add_typer(keys.application, name="keys")
application.add_typer(webhooks.application, name="webhooks")
application.add_typer(gateway.application, name="gateway")
application.command("submit")(submit.submit)
application.command("watch")(watch.watch)
application.command("rescore")(rescore.rescore)
application.add_typer(criteria.application, name="criteria")


def main() -> None:
    """Run the command named by the arguments of the process, and exit with its code."""
    application()
