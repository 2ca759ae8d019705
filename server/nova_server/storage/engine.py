"""Connections to the store: one writer, a few readers.

SQLite has one writer at a time whatever we do, so ours holds one connection for good and nobody waits for a lock.
Readers see the last commit and never block it (WAL). `synchronous=FULL` makes every commit survive a power loss.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

READERS = 4
CACHE_KIBIBYTES = 64 * 1024  # of the writer: holds the hot pages of the unique indexes of a store of a million jobs
READER_CACHE_KIBIBYTES = 4 * 1024
# Pages in the write-ahead log before they are copied to the file. At the default of 1,000 the copying, which the
# committer pays for, comes so often that the same pages are copied many times over.
CHECKPOINT_PAGES = 8_000


def create_writer_engine(url: str, busy_timeout_seconds: float) -> AsyncEngine:
    """Return an engine with one connection, whose transactions take the write lock when they begin."""
    return _create(url, 1, "BEGIN IMMEDIATE", busy_timeout_seconds, CACHE_KIBIBYTES)


def create_reader_engine(url: str, busy_timeout_seconds: float) -> AsyncEngine:
    """Return an engine for statements that only read."""
    return _create(url, READERS, "BEGIN", busy_timeout_seconds, READER_CACHE_KIBIBYTES)


def _create(url: str, connections: int, begin: str, busy_timeout_seconds: float, cache_kibibytes: int) -> AsyncEngine:
    _create_folder(url)
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=busy_timeout_seconds,
        connect_args={"timeout": busy_timeout_seconds},
    )
    pragmas = (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        f"PRAGMA cache_size=-{cache_kibibytes}",
        f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}",
        "PRAGMA temp_store=MEMORY",
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _record: Any) -> None:
        # The driver would otherwise begin transactions by itself, and only before some statements.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _create_folder(url: str) -> None:
    """Create the folder of a SQLite file, which SQLite does not do."""
    database = make_url(url).database
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)
