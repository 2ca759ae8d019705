"""The text of a document. Runs in a child process, because every parser can be made to hang or crash."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping

from nova.errors.v1 import error_reason_pb2

from nova_server.resumes.documents.doc import read_doc
from nova_server.resumes.documents.docx import read_docx
from nova_server.resumes.documents.failure import DocumentFailed
from nova_server.resumes.documents.pdf import read_pdf
from nova_server.resumes.documents.sniff import DocumentType, sniff
from nova_server.resumes.documents.text import clean, read_text, says_something

READERS: Mapping[DocumentType, Callable[[str], str]] = {
    DocumentType.PDF: read_pdf,
    DocumentType.DOCX: read_docx,
    DocumentType.DOC: read_doc,
    DocumentType.TEXT: read_text,
}


def prepare() -> None:
    """Silence what parsers say about documents. The warm-up of a child; importing this module was the rest of it."""
    logging.disable()
    warnings.simplefilter("ignore")


def extract_text(path: str) -> str:
    """Return the text of the document at `path`: not empty, NFC, no control characters but tab and line feed.

    At most MAX_CHARACTERS of at most MAX_PAGES; what is beyond is left out. Raises DocumentFailed with

    - RESUME_UNSUPPORTED_TYPE: by its content neither PDF, DOCX, DOC (Word 97 and later) nor text, which is UTF-8, or
      UTF-16 with a byte order mark;
    - RESUME_ENCRYPTED: it opens only with a password (one that only restricts printing is no hindrance);
    - RESUME_CORRUPTED: it is truncated, or breaks the rules of its format;
    - RESUME_EMPTY: it has no page, or no letter or digit on them, as a scan has none;
    - RESUME_TOO_LARGE: it would inflate beyond the bounds of its reader;
    - RESUME_PARSE_FAILED: its reader failed in a way nobody foresaw.
    """
    try:
        text = clean(READERS[sniff(path)](path))
    except (DocumentFailed, MemoryError):
        raise
    except Exception:
        # Not chained: what a parser says may quote the document.
        raise DocumentFailed(error_reason_pb2.RESUME_PARSE_FAILED) from None
    if not says_something(text):
        raise DocumentFailed(error_reason_pb2.RESUME_EMPTY)
    return text
