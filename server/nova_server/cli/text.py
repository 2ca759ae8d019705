"""Text that a terminal may be given, and where it goes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nova_server.ports.clock import MICROSECONDS, Instant

FILE_WIDTH = 140
_NAME_WIDTH = 18


def printable(text: str) -> str:
    """Return `text` without control and formatting characters.

    An assessment quotes a resume, and a resume could carry escape sequences that rewrite the reader's terminal.
    """
    return "".join(" " if character.isspace() else character for character in text if _shown(character))


def _shown(character: str) -> bool:
    return character.isspace() or not unicodedata.category(character).startswith("C")


def shown_time(instant: Instant) -> str:
    """Return a time as tables show it."""
    return datetime.fromtimestamp(instant / MICROSECONDS, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def print_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print texts, which anybody may have written, as a table."""
    table = Table()
    for title in titles:
        table.add_column(title, overflow="fold")
    for cells in rows:
        table.add_row(*(Text(printable(cell)) for cell in cells))
    output_console().print(table)


def print_facts(facts: Mapping[str, str | None]) -> None:
    """Print texts, which anybody may have written, a line each below one another. One that is None is left out."""
    for name, text in facts.items():
        if text is not None:
            typer.echo(f"{name:{_NAME_WIDTH}}{printable(text)}")


def print_points(name: str, points: Iterable[str]) -> None:
    """Print texts, which anybody may have written, as the points of one fact. Prints nothing when there are none."""
    for point in points:
        typer.echo(f"{name:{_NAME_WIDTH}}- {printable(point)}")
        name = ""


def output_console() -> Console:
    """Return a console on standard output, wide enough for a table where the output goes to a file."""
    console = Console()
    return console if console.is_terminal else Console(width=FILE_WIDTH)
