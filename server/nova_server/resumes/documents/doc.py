"""Legacy DOC (Word 97 to 2003): the text that the piece table names.

Structures and offsets are those of MS-DOC, "Word (.doc) Binary File Format": FibBase (2.5.2), FibRgLw97 (2.5.5),
FibRgFcLcb97 (2.5.6), Clx (2.9.38), Pcd (2.9.177), FcCompressed (2.9.73) and the special characters of 2.4.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import olefile
from nova.errors.v1 import error_reason_pb2

from nova_server.resumes.documents.failure import MAX_CHARACTERS, DocumentFailed

WORD_97_IDENTIFIER = 0xA5EC
FIRST_WORD_97_VERSION = 0x00C1
ENCRYPTED_FLAG = 0x0100
TABLE_1_FLAG = 0x0200

CHARACTER_COUNTS_OFFSET = 0x4C  # main text, footnotes, headers, reserved, comments, endnotes, text boxes, their headers
COMMENTS_PART = 4
PIECE_TABLE_OFFSET = 0x01A2

PROPERTIES_MARK = 0x01
PIECE_TABLE_MARK = 0x02
COMPRESSED_FLAG = 0x40000000

FIELD_BEGINS, FIELD_RESULT, FIELD_ENDS = "\x13", "\x14", "\x15"
MARKS = str.maketrans({"\x07": "\t", "\x0d": "\n", "\x0b": "\n", "\x0c": "\n", "\x0e": "\n", "\x1e": "-", "\x1f": None})


def read_doc(path: str) -> str:
    """Return the text of the document: main text, footnotes, headers, endnotes and text boxes.

    Raises DocumentFailed.
    """
    try:
        with olefile.OleFileIO(path) as ole:
            return _read(ole)
    except (OSError, ValueError, IndexError, struct.error, RecursionError):
        raise DocumentFailed(error_reason_pb2.RESUME_CORRUPTED) from None


def _read(ole: olefile.OleFileIO[str]) -> str:
    document = _stream(ole, "WordDocument")
    flags = _checked_flags(document)
    table = _stream(ole, "1Table" if flags & TABLE_1_FLAG else "0Table")
    start, length = struct.unpack_from("<2I", document, PIECE_TABLE_OFFSET)
    pieces = _piece_table(table[start : start + length])
    return _legible(_text(document, pieces))


def _stream(ole: olefile.OleFileIO[str], name: str) -> bytes:
    """Return a stream. Raises ValueError when its chain of sectors bites its tail, which olefile follows in circles."""
    container: Any = ole  # its type stubs leave out the tables
    sector = next((entry.isectStart for entry in container.direntries if entry and entry.name == name), None)
    seen: set[int] = set()
    while sector is not None and sector < len(container.fat):
        if sector in seen:
            raise ValueError
        seen.add(sector)
        sector = container.fat[sector]
    return ole.openstream(name).read()


def _checked_flags(document: bytes) -> int:
    """Return the flags of the file information block. Raises DocumentFailed for what cannot be read."""
    identifier, version = struct.unpack_from("<2H", document, 0)
    (flags,) = struct.unpack_from("<H", document, 0x0A)
    if identifier != WORD_97_IDENTIFIER or version < FIRST_WORD_97_VERSION:
        raise DocumentFailed(error_reason_pb2.RESUME_UNSUPPORTED_TYPE)
    if flags & ENCRYPTED_FLAG:
        raise DocumentFailed(error_reason_pb2.RESUME_ENCRYPTED)
    return int(flags)


def _piece_table(clx: bytes) -> bytes:
    """Return the piece table, which comes after any number of property modifications."""
    position = 0
    while clx[position] == PROPERTIES_MARK:
        position += 3 + struct.unpack_from("<H", clx, position + 1)[0]
    if clx[position] != PIECE_TABLE_MARK:
        raise ValueError
    (length,) = struct.unpack_from("<I", clx, position + 1)
    return clx[position + 5 : position + 5 + length]


def _text(document: bytes, table: bytes) -> str:
    """Return the text without its comments."""
    counts = struct.unpack_from("<8I", document, CHARACTER_COUNTS_OFFSET)
    comments = sum(counts[:COMMENTS_PART])
    text = "".join(_pieces(document, table))
    return text[:comments] + text[comments + counts[COMMENTS_PART] :]


def _pieces(document: bytes, table: bytes) -> Iterator[str]:
    """Yield the pieces in the order of the text, until there is enough of it.

    A piece may point anywhere, also at what another piece points at; the bound on the whole keeps that harmless.
    """
    count = (len(table) - 4) // 12
    ends = struct.unpack_from(f"<{count + 1}I", table, 0)
    total = 0
    for index in range(count):
        length = ends[index + 1] - ends[index]
        (place,) = struct.unpack_from("<I", table, 4 * (count + 1) + 8 * index + 2)
        piece = _piece(document, place, min(length, MAX_CHARACTERS - total))
        total += len(piece)
        yield piece
        if total >= MAX_CHARACTERS:
            return


def _piece(document: bytes, place: int, length: int) -> str:
    """Return one piece: one byte a character, or two."""
    if place & COMPRESSED_FLAG:
        start, width, encoding = (place & ~COMPRESSED_FLAG) // 2, 1, "cp1252"
    else:
        start, width, encoding = place, 2, "utf-16-le"
    if length < 0 or start + length * width > len(document):
        raise ValueError
    return document[start : start + length * width].decode(encoding, errors="replace")


def _legible(text: str) -> str:
    """Keep the results of fields but not their codes, and turn the marks of cells, rows and lines into blanks."""
    return "".join(_outside_field_codes(text)).replace("\x07\x07", "\n").translate(MARKS)


def _outside_field_codes(text: str) -> Iterator[str]:
    """Yield the characters that a reader sees. Fields nest: each is a code, then perhaps a result."""
    showing: list[bool] = []
    codes = 0  # fields, of those that are open, in whose code we are
    for character in text:
        if character == FIELD_BEGINS:
            showing.append(False)
            codes += 1
        elif character == FIELD_RESULT and showing and not showing[-1]:
            showing[-1] = True
            codes -= 1
        elif character == FIELD_ENDS and showing:
            codes -= not showing.pop()
        elif not codes:
            yield character
