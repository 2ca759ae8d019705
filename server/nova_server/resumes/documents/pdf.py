"""PDF: text by pdfium, with the spaces that pdfium misses.

pdfium is a C++ library with a global state, not safe for threads: one document at a time in a process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from mmap import ACCESS_READ, mmap
from typing import Any

import pypdfium2
from nova.errors.v1 import error_reason_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason
from pypdfium2 import raw as pdfium

from nova_server.resumes.documents import inflation
from nova_server.resumes.documents.failure import MAX_CHARACTERS, MAX_PAGES, DocumentFailed
from nova_server.resumes.documents.glyphs import page_text
from nova_server.resumes.documents.text import says_something

# A linearized file states its own length in its first object (PDF 32000-1, annex F.3.3).
LINEARIZED = re.compile(rb"/Linearized\b[^>]*?/L\s+(\d+)|/L\s+(\d+)[^>]*?/Linearized\b")
LINEARIZED_WINDOW = 1024


def read_pdf(path: str) -> str:
    """Return the text of the first MAX_PAGES pages. Raises DocumentFailed."""
    with open(path, "rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        if inflation.is_excessive(content):
            raise DocumentFailed(error_reason_pb2.RESUME_TOO_LARGE)
        cut_off = _is_cut_off(content)
    with closing(_open(path)) as document:
        text = "\n".join(_page_texts(document))
    if cut_off and not says_something(text):
        raise DocumentFailed(error_reason_pb2.RESUME_CORRUPTED)  # not a scan: its words were lost
    return text


def _open(path: str) -> Any:
    _forget_last_error()
    try:
        # Without a password, which also opens what only an owner's password protects.
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise DocumentFailed(_reason(error, path)) from None


def _forget_last_error() -> None:
    """Make pdfium fail on nothing, because when it refuses without a reason it reports that of the document before."""
    pdfium.FPDF_LoadMemDocument(b"", 0, None)


def _reason(error: Any, path: str) -> ErrorReason.ValueType:
    """Say why pdfium refused the document. pypdf is asked what a format error is about."""
    if error.err_code in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY}:
        return error_reason_pb2.RESUME_ENCRYPTED
    from nova_server.resumes.documents import structure  # only now: pypdf takes long to import

    return structure.why_unreadable(path)


def _is_cut_off(content: mmap) -> bool:
    """Tell whether the end of the file is missing. Readers repair that by guessing, and lose pages."""
    stated = LINEARIZED.search(content[:LINEARIZED_WINDOW])
    if stated:
        return len(content) < int(stated[1] or stated[2])
    return content.rfind(b"startxref") < 0


def _page_texts(document: Any) -> Iterator[str]:
    """Yield the text of each page that can be loaded, until there is enough. Raises DocumentFailed when none can."""
    count = min(len(document), MAX_PAGES)
    loaded = total = 0
    for index in range(count):
        try:
            with closing(document[index]) as page, closing(page.get_textpage()) as text_page:
                text = page_text(text_page, MAX_CHARACTERS - total)
        except pypdfium2.PdfiumError:
            continue  # one broken page does not spoil the others
        loaded += 1
        total += len(text)
        yield text
        if total >= MAX_CHARACTERS:
            return
    if count and not loaded:
        raise DocumentFailed(error_reason_pb2.RESUME_CORRUPTED)
