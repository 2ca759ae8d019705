"""`nova keys`: API keys, administered where the store is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from nova_server.ports.clock import MICROSECONDS, Instant
from nova_server.ports.tenancy import ApiKey, Environment

if TYPE_CHECKING:
    from nova_server.tenancy.keys import KeyAdministration

Answer = TypeVar("Answer")
KeyId = Annotated[str, typer.Argument(metavar="ID", help="The id that `nova keys list` shows.")]

LONGEST_NAME = 255

application = typer.Typer(help="Create, list, revoke and restore API keys.", no_args_is_help=True)


@application.command("create")
def create(
    environment: Annotated[Environment, typer.Option(help="The world that the key opens.")],
    partner: Annotated[str, typer.Option(metavar="NAME", help="The integrator who will hold the key.")] = "default",
) -> None:
    """Print a new API key. It cannot be shown again."""
    _require_name(partner)
    _, secret = _administer(lambda keys: keys.create(partner, environment))
    typer.echo(secret)


def _require_name(partner: str) -> None:
    """End the command when `partner` is no name. It is checked here, where the only names come from."""
    from nova_server.cli.failures import USAGE, end

    if not partner.strip() or not partner.isprintable() or len(partner) > LONGEST_NAME:
        end(f"The partner's name must hold 1 to {LONGEST_NAME} printable characters.", USAGE)


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
    return "in force" if key.revoked_at is None else f"revoked since {_time(key.revoked_at)}"


def _time(instant: Instant) -> str:
    return datetime.fromtimestamp(instant / MICROSECONDS, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _print_table(keys: Sequence[ApiKey]) -> None:
    from rich.table import Table
    from rich.text import Text

    from nova_server.cli.text import output_console, printable

    table = Table()
    for title in ("Id", "Partner", "Environment", "Key", "Created", "State"):
        table.add_column(title, overflow="fold")
    for key in keys:
        cells = (key.id, key.partner_id, key.environment.value, key.masked, _time(key.created_at), _state(key))
        table.add_row(*(Text(printable(cell)) for cell in cells))
    output_console().print(table)
