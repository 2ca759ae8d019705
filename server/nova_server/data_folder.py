"""The folder of a SQLite store, which one process at a time may serve."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import make_url


class DataFolderInUse(Exception):
    """Another process serves this store."""


class DataFolderUnusable(Exception):
    """The folder of this store cannot be made, or nothing can be written to it."""


@contextmanager
def exclusive(store_url: str) -> Iterator[bool]:
    """Hold the store of a SQLite file for this process. Yields whether it is held: False for any other store.

    The queue of a SQLite file has one worker process. Knowing that, a starting one can rescue at once what a killed one
    left behind, without waiting for its leases to end. The kernel drops the lock however the process ends. Raises
    DataFolderInUse or DataFolderUnusable.
    """
    # Any other URL is for its driver to read: it may name several hosts, and SQLAlchemy takes one.
    database = make_url(store_url).database if store_url.startswith("sqlite") else None
    if not database:
        yield False
        return
    with _open(Path(f"{database}.lock")) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataFolderInUse(f"another process serves {database}") from None
        yield True


def _open(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("w")
    except OSError as error:
        raise DataFolderUnusable(f"{path.parent} cannot be used") from error
