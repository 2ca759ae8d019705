"""Connections to a SQLite store: one writer, a few readers.

SQLite has one writer at a time whatever we do, so ours holds one connection for good and nobody waits for a lock.
Readers see the last commit and never block it (WAL). `synchronous=FULL` makes every commit survive a power loss.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

READERS = 4
CACHE_KIBIBYTES = 64 * 1024  # of the writer: holds the hot pages of the unique indexes of a store of a million jobs
READER_CACHE_KIBIBYTES = 4 * 1024
PAGE_BYTES = 8192  # our rows hold texts: half as many pages to write as at the default of 4,096, for a new file
# Pages in the write-ahead log before they are copied to the file. At the default of 1,000 the copying, which the
# committer pays for, comes so often that the same pages are copied many times over.
CHECKPOINT_PAGES = 4_000


def create_writer_engine(url: str, busy_timeout_seconds: float) -> Engine:
    """Return an engine with one connection, whose transactions take the write lock when they begin."""
    file = make_url(url)
    _create_folder(file)
    engine = create_engine(
        file.set(drivername="sqlite"),
        pool_size=1,
        max_overflow=0,
        # One thread writes, and another closes the connection at the end.
        connect_args={"timeout": busy_timeout_seconds, "check_same_thread": False},
        hide_parameters=True,  # an error would quote the texts that it could not store
    )
    _prepare(engine, "BEGIN IMMEDIATE", CACHE_KIBIBYTES)
    return engine


def create_reader_engine(url: str, busy_timeout_seconds: float) -> AsyncEngine:
    """Return an engine for statements that only read."""
    _create_folder(make_url(url))
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=busy_timeout_seconds,
        connect_args={"timeout": busy_timeout_seconds},
        hide_parameters=True,
    )
    _prepare(engine.sync_engine, "BEGIN", READER_CACHE_KIBIBYTES)
    return engine


def _prepare(engine: Engine, begin: str, cache_kibibytes: int) -> None:
    """Set up every connection of an engine, and how its transactions begin."""
    pragmas = (
        f"PRAGMA page_size={PAGE_BYTES}",
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        f"PRAGMA cache_size=-{cache_kibibytes}",
        f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}",
        "PRAGMA temp_store=MEMORY",
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _record: Any) -> None:
        # The driver would otherwise begin transactions by itself, and only before some statements.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Any) -> None:
        connection.exec_driver_sql(begin)


def _create_folder(url: URL) -> None:
    """Create the folder of a SQLite file, which SQLite does not do."""
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
