"""Reads the settings of a command, and says in words what is wrong with them."""

from __future__ import annotations

from typing import Any

import typer
from pydantic import ValidationError

from nova_server.settings import Settings


def read_settings(**given: object) -> Settings:
    """Return the settings of the environment, and what the command line says instead, where that is not None.

    Ends the command with code 2 when one of them is invalid.
    """
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings(**chosen)
    except ValidationError as error:
        typer.echo("\n".join(_sentences(error)), err=True)
        raise typer.Exit(2) from None


def _sentences(error: ValidationError) -> list[str]:
    """Name each wrong setting. The value is left out: it may be a URL with a password."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return [f"NOVA_{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in faults]
