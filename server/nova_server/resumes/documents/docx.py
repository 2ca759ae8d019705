"""DOCX: a walk over the XML of its parts, which finds what python-docx's paragraphs miss.

Only the parts with words are inflated, and no XML tree is built, so memory is bounded whatever the nesting.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser
from nova.errors.v1 import error_reason_pb2

from nova_server.resumes.documents.archive import MAX_MEMBER_BYTES, open_archive, read_member
from nova_server.resumes.documents.failure import DocumentFailed
from nova_server.resumes.documents.wordprocessing import PartText

CONTENT_TYPES = "[Content_Types].xml"
WORDPROCESSING = "wordprocessingml."
MAIN_PARTS = ("document.main+xml", "template.main+xml", "macroenabled.main+xml", "macroenabledtemplate.main+xml")

# The order in which parts are read. Names and telephone numbers often stand in the header.
READING_ORDER: Final = ("header", "main", "footnotes", "endnotes", "footer")


class _Parts:
    """Collects the names of the parts with words, by kind, from the list of content types (ECMA-376 part 2, 10.1.2)."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {kind: [] for kind in READING_ORDER}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        content_type = attributes.get("ContentType", "").lower()
        if not tag.endswith("}Override"):
            return
        name = attributes.get("PartName", "").lstrip("/")
        for kind in READING_ORDER:
            endings = MAIN_PARTS if kind == "main" else (f"{WORDPROCESSING}{kind}+xml",)
            if content_type.endswith(endings):
                self.names[kind].append(name)

    def end(self, tag: str) -> None:
        """Nothing: all is said in the attributes."""

    def data(self, text: str) -> None:
        """Nothing: all is said in the attributes."""

    def close(self) -> None:
        """Nothing: nothing is built."""


def read_docx(path: str) -> str:
    """Return the text of the document: headers, body, notes, footers. Raises DocumentFailed."""
    try:
        with open_archive(path) as archive:
            return "\n".join(_distinct(_part_texts(archive)))
    except (zipfile.BadZipFile, KeyError, NotImplementedError, EOFError, OSError, zlib.error):
        raise DocumentFailed(error_reason_pb2.RESUME_CORRUPTED) from None
    except (ParseError, DefusedXmlException, LookupError, ValueError):
        # Entities and document types have no place in a DOCX (ECMA-376 part 2, 8.2.4); they are only used to attack.
        raise DocumentFailed(error_reason_pb2.RESUME_CORRUPTED) from None


def _part_texts(archive: zipfile.ZipFile) -> Iterator[str]:
    parts = _Parts()
    _parse(read_member(archive, CONTENT_TYPES), parts)
    if not parts.names["main"]:
        raise KeyError
    budget = MAX_MEMBER_BYTES
    for name in (name for kind in READING_ORDER for name in parts.names[kind]):
        content = read_member(archive, name, budget)
        budget -= len(content)
        text = PartText()
        _parse(content, text)
        yield text.result()


def _distinct(texts: Iterable[str]) -> Iterable[str]:
    """Leave out repetitions: the headers of first, odd and even pages often say the same."""
    return dict.fromkeys(texts)


def _parse(content: bytes, target: object) -> None:
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    parser.feed(content)
    parser.close()
