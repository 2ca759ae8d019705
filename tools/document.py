"""Generate the reference pages: `docs/errors.md` from the error catalogue, `docs/configuration.md` from the settings.

The dashboard for Grafana in `docs/monitoring` is a page like them.

Runs after `tools.generate`, because it reads the descriptor set and imports the stubs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tools import document_dashboard, document_errors, document_settings, generated

PAGES = {
    "docs/configuration.md": document_settings.render,
    "docs/errors.md": document_errors.render,
    "docs/monitoring/grafana-dashboard.json": document_dashboard.render,
}


def main() -> int:
    """Write or check every page. Returns the exit code."""
    return generated.run(fill)


def fill(target: Path) -> None:
    """Write every page below the folder `target`."""
    for name, render in PAGES.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
