"""How a document fails, and the limits that all readers share."""

from __future__ import annotations

from nova.errors.v1.error_reason_pb2 import ErrorReason

# A resume is a few pages; the median has 6 100 characters. What is beyond these bounds is left out, not refused.
MAX_CHARACTERS = 200_000
MAX_PAGES = 30


class DocumentFailed(Exception):
    """A document yields no text. Carries one of the RESUME_ reasons, and nothing of the document."""

    def __init__(self, reason: ErrorReason.ValueType) -> None:
        super().__init__(ErrorReason.Name(reason))
        self.reason = reason

    def __reduce__(self) -> tuple[type[DocumentFailed], tuple[ErrorReason.ValueType]]:
        """Pickle by reason, because the failure happens in a child process."""
        return type(self), (self.reason,)
