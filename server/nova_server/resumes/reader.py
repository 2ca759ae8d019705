"""From the URL of a resume to its text: fetch it, then read it in a child process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol, TypeVar

from nova.errors.v1 import error_reason_pb2

from nova_server.children.failures import ChildFailed, ChildPoolStopped
from nova_server.ports.resumes import ResumeFailed
from nova_server.resumes.documents.extract import extract_text
from nova_server.resumes.documents.failure import DocumentFailed

# The slowest of 300 real resumes took a tenth of a second.
WALL_SECONDS = 10.0

Result = TypeVar("Result")


class FetchedDocument(Protocol):
    """A document on disk."""

    @property
    def path(self) -> Path:
        """Where it is, while the context that yielded it is open."""
        ...


class DocumentFetcher(Protocol):
    """Brings documents to disk and takes them away again."""

    def fetch(self, url: str) -> AbstractAsyncContextManager[FetchedDocument]:
        """Yield the document at `url`. Raises ResumeFailed on entry."""
        ...


class Children(Protocol):
    """Calls functions in child processes: see `nova_server.children.pool.ChildPool`."""

    async def run(self, function: Callable[..., Result], *arguments: object, wall_seconds: float) -> Result:
        """Return what the function returns. Raises what it raises, or ChildFailed."""
        ...


class FetchingResumeReader:
    """Reads resumes from their URLs. A `nova_server.ports.resumes.ResumeReader`."""

    def __init__(self, fetcher: DocumentFetcher, children: Children, *, wall_seconds: float = WALL_SECONDS) -> None:
        self._fetcher = fetcher
        self._children = children
        self._wall_seconds = wall_seconds

    async def read(self, url: str) -> str:
        """Return the text of the document at `url`. Raises ResumeFailed.

        A document whose reader hangs, crashes or runs out of memory is RESUME_PARSE_FAILED, and would be on every other
        try. Only when this service could not lend a child is it worth trying again.
        """
        async with self._fetcher.fetch(url) as document:
            return await self._extract(document.path)

    async def _extract(self, path: Path) -> str:
        # Causes are not chained: what a parser says may quote the document.
        try:
            return await self._children.run(extract_text, str(path), wall_seconds=self._wall_seconds)
        except DocumentFailed as failure:
            raise ResumeFailed(failure.reason) from None
        except (ChildPoolStopped, OSError):
            raise ResumeFailed(error_reason_pb2.RESUME_PARSE_FAILED, passing=True) from None
        except ChildFailed:
            raise ResumeFailed(error_reason_pb2.RESUME_PARSE_FAILED) from None
