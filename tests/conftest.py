"""What every test has, and what tests of every folder may ask for. Nothing of the latter is made before a test does."""

from __future__ import annotations

import os

from tests.support.postgresql import empty_postgresql_url, pgbouncer, postgresql, postgresql_url

__all__ = ["empty_postgresql_url", "pgbouncer", "postgresql", "postgresql_url"]

# Where Python may keep no bytecode, each process that a test starts compiles all that it imports, for seconds.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
