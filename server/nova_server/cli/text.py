"""Text that a terminal may be given, and where it goes."""

from __future__ import annotations

import unicodedata

from rich.console import Console

FILE_WIDTH = 140


def printable(text: str) -> str:
    """Return `text` without control and formatting characters.

    An assessment quotes a resume, and a resume could carry escape sequences that rewrite the reader's terminal.
    """
    return "".join(" " if character.isspace() else character for character in text if _shown(character))


def _shown(character: str) -> bool:
    return character.isspace() or not unicodedata.category(character).startswith("C")


def output_console() -> Console:
    """Return a console on standard output, wide enough for a table where the output goes to a file."""
    console = Console()
    return console if console.is_terminal else Console(width=FILE_WIDTH)
