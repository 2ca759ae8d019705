"""`nova keys`: API keys, administered where the store is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from nova_server.ports.tenancy import ApiKey, Environment

if TYPE_CHECKING:
    from nova_server.tenancy.keys import KeyAdministration

Answer = TypeVar("Answer")
KeyId = Annotated[str, typer.Argument(metavar="ID", help="The id that `nova keys list` shows.")]

application = typer.Typer(help="Create, list, revoke and restore API keys.", no_args_is_help=True)


@application.command("create")
def create(
    environment: Annotated[Environment, typer.Option(help="The world that the key opens.")],
    partner: Annotated[str, typer.Option(metavar="NAME", help="The integrator who will hold the key.")] = "default",
) -> None:
    """Print a new API key. It cannot be shown again."""
    from nova_server.cli.failures import require_name

    require_name(partner, "The partner's name")
    _, secret = _administer(lambda keys: keys.create(partner, environment))
    typer.echo(secret)


@application.command("list")
def list_keys(
    environment: Annotated[Environment | None, typer.Option(help="Only the keys of this world.")] = None,
) -> None:
    """Show the keys, without their secrets."""
    _print_table(_administer(lambda keys: keys.list(environment)))


@application.command("revoke")
def revoke(key_id: KeyId) -> None:
    """Refuse a key within a second. Jobs that it submitted go on."""
    _report(_administer(lambda keys: keys.revoke(key_id)))


@application.command("restore")
def restore(key_id: KeyId) -> None:
    """Accept a revoked key again."""
    _report(_administer(lambda keys: keys.restore(key_id)))


def _administer(work: Callable[[KeyAdministration], Awaitable[Answer]]) -> Answer:
    """Return what `work` does with the keys of the configured store."""
    from nova_server.cli.configuration import read_settings
    from nova_server.cli.failures import FAILED, end, failures_reported
    from nova_server.foundation import open_key_administration
    from nova_server.observability.logs import configure_logging
    from nova_server.tenancy.keys import KeyNotFound

    settings = read_settings()
    configure_logging(settings.log_level)

    async def administer() -> Answer:
        async with open_key_administration(settings) as keys:
            return await work(keys)

    with failures_reported():
        try:
            return asyncio.run(administer())
        except KeyNotFound:
            end("There is no such key. `nova keys list` shows them.", FAILED)


def _report(key: ApiKey) -> None:
    typer.echo(f"{key.masked} is {_state(key)}.")


def _state(key: ApiKey) -> str:
    from nova_server.cli.text import shown_time

    return "in force" if key.revoked_at is None else f"revoked since {shown_time(key.revoked_at)}"


def _print_table(keys: Sequence[ApiKey]) -> None:
    from nova_server.cli.text import print_table, shown_time

    print_table(
        ("Id", "Partner", "Environment", "Key", "Created", "State"),
        [
            (key.id, key.partner_id, key.environment.value, key.masked, shown_time(key.created_at), _state(key))
            for key in keys
        ],
    )
