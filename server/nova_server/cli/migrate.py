"""`nova migrate`."""

from __future__ import annotations


def migrate() -> None:
    """Bring the store to the newest schema. `nova serve` does the same when it starts."""
    from nova_server.app import migrate as run
    from nova_server.cli.configuration import read_settings
    from nova_server.cli.failures import failures_reported

    with failures_reported():
        run(read_settings())
