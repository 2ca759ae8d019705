"""Where the database and the broker are, for the processes of the service."""

from __future__ import annotations

import os

DATABASE = "PEER_DATABASE_URL"
BROKER = "PEER_BROKER_URL"


def database_url() -> str:
    """Return the URL as SQLAlchemy wants it."""
    return os.environ[DATABASE].replace("postgresql://", "postgresql+asyncpg://", 1)


def broker_url() -> str:
    return os.environ[BROKER]
