"""Text that a terminal may be given."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """Return `text` without control and formatting characters.

    An assessment quotes a resume, and a resume could carry escape sequences that rewrite the reader's terminal.
    """
    return "".join(" " if character.isspace() else character for character in text if _shown(character))


def _shown(character: str) -> bool:
    return character.isspace() or not unicodedata.category(character).startswith("C")
