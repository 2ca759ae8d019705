"""The files that hold documents while they are being read."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Final

_PREFIX: Final = "resume-"

# Longer than any document may take to be fetched and read, so an older file belongs to a process that was killed.
_LEFTOVER_SECONDS: Final = 3600


def new_document(folder: Path) -> IO[bytes]:
    """Return an empty file in `folder` that only this user can read. Its `name` is its path.

    Raises OSError. The file stays until `remove_document`.
    """
    return NamedTemporaryFile(dir=folder, prefix=_PREFIX, delete=False)


def remove_document(document: Path) -> None:
    """Remove a document. It may be gone already."""
    document.unlink(missing_ok=True)


def prepare_folder(folder: Path) -> None:
    """Make `folder`, and remove from it what killed processes left: resumes must not outlive their reading."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for document in folder.glob(f"{_PREFIX}*"):
        with suppress(FileNotFoundError):  # another process that shares the folder may be faster
            _remove_if_leftover(document)


def _remove_if_leftover(document: Path) -> None:
    if time.time() - document.stat().st_mtime > _LEFTOVER_SECONDS:
        document.unlink()
