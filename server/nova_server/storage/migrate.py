"""Applies the Alembic migrations inside a transaction of ours, so that a failed one leaves nothing behind.

A schema may be ahead of the release that meets it: processes of both run while an upgrade is rolled out. The rules for
migrations in CONTRIBUTING.md see to it that the release before runs on it too.
"""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from nova_server.storage import revision as revisions


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the schema up to `revision`. Does nothing where it is there already, or ahead."""
    config = configuration(connection)
    if not _is_ahead(connection, config):
        command.upgrade(config, revision)


def _is_ahead(connection: Connection, config: Config) -> bool:
    """Tell whether the schema is at a revision that this release does not know."""
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    return current is not None and current not in known


def configuration(connection: Connection) -> Config:
    """Return Alembic's configuration for a connection."""
    config = Config()
    config.set_main_option("script_location", str(revisions.MIGRATIONS))
    config.attributes["connection"] = connection
    return config
