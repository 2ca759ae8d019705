"""Whether the schema is the one of this release, found without Alembic.

Alembic takes longer to load than the whole of the rest of the store, and nearly every start finds nothing to migrate.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

MIGRATIONS = Path(__file__).parent / "migrations"

_TABLE = "alembic_version"
_CURRENT = text(f"SELECT version_num FROM {_TABLE}")  # noqa: S608 - a name of ours


def is_current(connection: Connection) -> bool:
    """Tell whether the schema is at the latest revision of this release."""
    return inspect(connection).has_table(_TABLE) and connection.scalar(_CURRENT) == latest()


def latest() -> str:
    """Return the latest revision: files of migrations begin with theirs, and are in its order."""
    return max(file.name for file in (MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]
