"""Writes OLE containers and legacy DOC documents, byte by byte, so that tests can spoil any part of them.

Structures: MS-CFB 2.2 (header), 2.3 (FAT), 2.6 (directory); MS-DOC 2.5 (file information block), 2.9.38 (Clx).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SECTOR = 512
FREE, END, FAT_SECTOR, NO_ENTRY = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
SMALLEST_ORDINARY_STREAM = 4096

FIRST_STREAM_SECTOR_FIELD = 116  # offset of the first sector in a directory entry
ROOT, STREAM = 5, 2


def ole_container(streams: Mapping[str, bytes], *, fat_loop: bool = False) -> bytes:
    """Return a container of these streams. With `fat_loop`, the first stream's chain of sectors bites its tail."""
    names = sorted(streams, key=lambda name: (len(name), name.upper()))
    directory_sectors = -(-(len(names) + 1) // 4)
    fat = [FAT_SECTOR, *_chain(1, directory_sectors)]
    starts, body = {}, b""
    for name in names:
        content = _whole_sectors(streams[name])
        starts[name] = len(fat)
        fat += _chain(len(fat), len(content) // SECTOR)
        body += content
    if fat_loop:
        fat[starts[names[0]] + 1] = starts[names[0]]
    directory = _entry("Root Entry", ROOT, END, 0, child=1)
    for number, name in enumerate(names, 1):
        following = number + 1 if number < len(names) else NO_ENTRY
        size = max(len(streams[name]), SMALLEST_ORDINARY_STREAM)
        directory += _entry(name, STREAM, starts[name], size, right=following)
    directory = directory.ljust(directory_sectors * SECTOR, b"\0")
    return _header() + struct.pack("<128I", *fat, *[FREE] * (128 - len(fat))) + directory + body


def _chain(first: int, length: int) -> list[int]:
    return [*range(first + 1, first + length), END]


def _whole_sectors(content: bytes) -> bytes:
    """Pad a stream to whole sectors, and to a size that is not kept in the mini stream."""
    size = max(len(content), SMALLEST_ORDINARY_STREAM)
    return content.ljust(-(-size // SECTOR) * SECTOR, b"\0")


def _header() -> bytes:
    head = struct.pack("<8s16x5H6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<9I", 0, 1, 1, 0, SMALLEST_ORDINARY_STREAM, END, 0, END, 0)
    return head + struct.pack("<109I", 0, *[FREE] * 108)


def _entry(name: str, kind: int, start: int, size: int, *, right: int = NO_ENTRY, child: int = NO_ENTRY) -> bytes:
    encoded = (name + "\0").encode("utf-16-le")
    return struct.pack("<64sHBB3I16x4x16xIQ", encoded, len(encoded), kind, 1, NO_ENTRY, right, child, start, size)


@dataclass(frozen=True)
class Piece:
    """A piece of the text: one byte a character when `compressed`, else two."""

    text: str
    compressed: bool = True


def doc(
    pieces: Sequence[Piece],
    *,
    parts: Sequence[int] | None = None,
    encrypted: bool = False,
    version: int = 0x00C1,
    identifier: int = 0xA5EC,
    first_piece_at: int | None = None,
) -> bytes:
    """Return a DOC whose text is these pieces. `parts` are the lengths of main text, footnotes, headers and so on."""
    return ole_container(doc_streams(pieces, parts, encrypted, version, identifier, first_piece_at))


def doc_streams(
    pieces: Sequence[Piece],
    parts: Sequence[int] | None = None,
    encrypted: bool = False,
    version: int = 0x00C1,
    identifier: int = 0xA5EC,
    first_piece_at: int | None = None,
) -> dict[str, bytes]:
    """Return the two streams of a DOC."""
    text, positions, places = b"", [0], []
    for piece in pieces:
        place = 0x400 + len(text)
        places.append(place * 2 | 0x40000000 if piece.compressed else place)
        text += piece.text.encode("cp1252" if piece.compressed else "utf-16-le")
        positions.append(positions[-1] + len(piece.text))
    if first_piece_at is not None:
        places[0] = first_piece_at
    table = struct.pack(f"<{len(positions)}I", *positions) + b"".join(struct.pack("<HIH", 0, p, 0) for p in places)
    modifications = b"\x01" + struct.pack("<H", 4) + b"\0\0\0\0"
    clx = modifications + b"\x02" + struct.pack("<I", len(table)) + table
    block = bytearray(0x400)
    struct.pack_into("<HH", block, 0, identifier, version)
    struct.pack_into("<H", block, 0x0A, 0x0200 | (0x0100 if encrypted else 0))
    counts = list(parts or [positions[-1]])
    struct.pack_into("<8I", block, 0x4C, *counts, *[0] * (8 - len(counts)))
    struct.pack_into("<2I", block, 0x01A2, 0, len(clx))
    return {"WordDocument": bytes(block) + text, "1Table": clx}
