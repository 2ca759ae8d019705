"""Why pdfium refuses a PDF: pypdf tells faults apart that pdfium calls by one name."""

from __future__ import annotations

from nova.errors.v1 import error_reason_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason
from pypdf import PdfReader


def why_unreadable(path: str) -> ErrorReason.ValueType:
    """Return RESUME_ENCRYPTED, RESUME_EMPTY for a document without pages, or RESUME_CORRUPTED."""
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            return error_reason_pb2.RESUME_ENCRYPTED
        return error_reason_pb2.RESUME_CORRUPTED if reader.pages else error_reason_pb2.RESUME_EMPTY
    except MemoryError:
        raise
    except Exception:  # pypdf raises far more than its own exceptions on damaged files
        return error_reason_pb2.RESUME_CORRUPTED
