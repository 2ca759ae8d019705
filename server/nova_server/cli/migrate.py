"""`nova migrate`."""

from __future__ import annotations


def migrate() -> None:
    """Bring the store to the newest schema. `nova serve` does the same when it starts."""
    from nova_server.cli.configuration import read_settings
    from nova_server.cli.failures import failures_reported
    from nova_server.foundation import migrate as run
    from nova_server.observability.logs import configure_logging

    settings = read_settings()
    configure_logging(settings.log_level)
    with failures_reported():
        run(settings)
