"""Generate the reference pages: `docs/errors.md` from the error catalogue, `docs/configuration.md` from the settings.

Runs after `tools.generate`, because it reads the descriptor set and imports the stubs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tools import document_errors, document_settings, generated

PAGES = {"docs/configuration.md": document_settings.render, "docs/errors.md": document_errors.render}


def main() -> int:
    """Write or check every page. Returns the exit code."""
    return generated.run(fill)


def fill(target: Path) -> None:
    """Write every page below the folder `target`."""
    (target / "docs").mkdir()
    for name, render in PAGES.items():
        (target / name).write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
