"""How the text of a resume is had from its URL."""

from __future__ import annotations

from typing import Protocol

from nova.errors.v1.error_reason_pb2 import ErrorReason


class ResumeFailed(Exception):
    """A resume yields no text. `passing` tells that another try may succeed."""

    def __init__(self, reason: ErrorReason.ValueType, *, passing: bool = False) -> None:
        super().__init__(ErrorReason.Name(reason))
        self.reason = reason
        self.passing = passing


class ResumeReader(Protocol):
    """Fetches documents and reads their text."""

    async def read(self, url: str) -> str:
        """Return the text of the document at `url`. Raises ResumeFailed."""
        ...


class ResumeUrlPolicy(Protocol):
    """Says which URLs may be fetched at all, as far as the URL alone can tell."""

    def fault(self, url: str) -> str | None:
        """Return a sentence that says what is wrong with `url`, without repeating it, or None."""
        ...
