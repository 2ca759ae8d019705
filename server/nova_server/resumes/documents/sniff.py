"""What type a document is, by its content alone.

Names and headers are chosen by whoever sends the document, so they are not looked at.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from enum import StrEnum

import olefile
from nova.errors.v1 import error_reason_pb2

from nova_server.resumes.documents.archive import open_archive
from nova_server.resumes.documents.failure import DocumentFailed
from nova_server.resumes.documents.text import looks_like_text

OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
PDF_SIGNATURE = b"%PDF-"

# Readers accept a PDF header anywhere in the first 1024 bytes (PDF 32000-1, annex H.3.4.1). Mail gateways put lines
# in front of it.
PDF_SIGNATURE_WINDOW = 1024

# Markup and page descriptions that are text by their bytes, but not text to a reader of resumes.
MARKUP_SIGNATURES = (b"{\\rtf", b"<!doctype", b"<html", b"<?xml", b"<svg", b"%!ps")


class DocumentType(StrEnum):
    """The types that can be read."""

    PDF = "pdf"
    DOCX = "docx"
    DOC = "doc"
    TEXT = "text"


def sniff(path: str) -> DocumentType:
    """Return the type of the document at `path`. Raises DocumentFailed."""
    with open(path, "rb") as file:
        head = file.read(PDF_SIGNATURE_WINDOW + len(PDF_SIGNATURE))
    if not head:
        raise DocumentFailed(error_reason_pb2.RESUME_EMPTY)
    if head.startswith(OLE_SIGNATURE):
        return _type_of_ole(path)
    if head.startswith(ZIP_SIGNATURES):
        return _type_of_zip(path)
    if PDF_SIGNATURE in head:
        return DocumentType.PDF
    if _is_markup(head) or not looks_like_text(path):
        raise DocumentFailed(error_reason_pb2.RESUME_UNSUPPORTED_TYPE)
    return DocumentType.TEXT


def _is_markup(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(MARKUP_SIGNATURES)


def _type_of_ole(path: str) -> DocumentType:
    try:
        with olefile.OleFileIO(path) as ole:
            streams = {entry[0] for entry in ole.listdir() if len(entry) == 1}
    except (OSError, ValueError, IndexError, RecursionError):
        raise DocumentFailed(error_reason_pb2.RESUME_CORRUPTED) from None
    if "EncryptedPackage" in streams:  # how Office locks a DOCX (MS-OFFCRYPTO, 2.3.4.4)
        raise DocumentFailed(error_reason_pb2.RESUME_ENCRYPTED)
    if "WordDocument" in streams:
        return DocumentType.DOC
    raise DocumentFailed(error_reason_pb2.RESUME_UNSUPPORTED_TYPE)


def _type_of_zip(path: str) -> DocumentType:
    try:
        with open_archive(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError):
        raise DocumentFailed(error_reason_pb2.RESUME_CORRUPTED) from None
    if _is_word_package(names):
        return DocumentType.DOCX
    raise DocumentFailed(error_reason_pb2.RESUME_UNSUPPORTED_TYPE)


def _is_word_package(names: Iterable[str]) -> bool:
    """Tell whether the members are those of a word-processing document, whole or not."""
    return "[Content_Types].xml" in names and any(name.startswith("word/") for name in names)
