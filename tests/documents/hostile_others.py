"""DOC documents made to hurt, and what is no document at all."""

from __future__ import annotations

import gzip
from collections.abc import Callable

from tests.documents import ole
from tests.documents.hostile import (
    CORRUPTED,
    EMPTY,
    ENCRYPTED,
    UNSUPPORTED,
    Hostile,
    cut,
    noise,
)


def sound_doc() -> bytes:
    return ole.doc([ole.Piece("Ada Example\rBridge engineer\r" * 300)])


def doc_whose_pieces_all_say_the_same() -> bytes:
    """Point a thousand pieces at the same blanks."""
    return ole.doc([ole.Piece(" " * 10)] * 1_000)


def doc_without_table() -> bytes:
    return ole.ole_container({"WordDocument": ole.doc_streams([ole.Piece("words")])["WordDocument"]})


def doc_with_endless_modifications() -> bytes:
    streams = ole.doc_streams([ole.Piece("words")])
    return ole.ole_container(streams | {"1Table": b"\x01\xff\xff" * 10})


def ole_with(stream_name: str) -> Callable[[], bytes]:
    return lambda: ole.ole_container({stream_name: b"content"})


OTHERS = [
    Hostile("doc_cut_in_half", CORRUPTED, lambda: cut(sound_doc(), 0.5)),
    Hostile("doc_cut_after_the_signature", CORRUPTED, lambda: sound_doc()[:20]),
    Hostile("doc_fat_loop", CORRUPTED, lambda: ole.ole_container(ole.doc_streams([ole.Piece("x")]), fat_loop=True)),
    Hostile("doc_encrypted", ENCRYPTED, lambda: ole.doc([ole.Piece("words")], encrypted=True)),
    Hostile("doc_piece_out_of_range", CORRUPTED, lambda: ole.doc([ole.Piece("words")], first_piece_at=0x0FFFFFFF)),
    Hostile("doc_pieces_that_repeat_a_blank", EMPTY, doc_whose_pieces_all_say_the_same),
    Hostile("doc_without_table_stream", CORRUPTED, doc_without_table),
    Hostile("doc_piece_table_out_of_range", CORRUPTED, doc_with_endless_modifications),
    Hostile("doc_of_word_95", UNSUPPORTED, lambda: ole.doc([ole.Piece("words")], identifier=0xA5DC, version=104)),
    Hostile("ole_encrypted_docx", ENCRYPTED, ole_with("EncryptedPackage")),
    Hostile("ole_xls", UNSUPPORTED, ole_with("Workbook")),
    Hostile("ole_ppt", UNSUPPORTED, ole_with("PowerPoint Document")),
    Hostile("ole_signature_and_noise", CORRUPTED, lambda: ole.ole_container({"x": b""})[:8] + noise()),
    Hostile("png", UNSUPPORTED, lambda: b"\x89PNG\r\n\x1a\n" + noise()),
    Hostile("elf", UNSUPPORTED, lambda: b"\x7fELF\x02\x01\x01" + bytes(9) + noise()),
    Hostile("html", UNSUPPORTED, lambda: b"\n <!DOCTYPE html><html><body>Engineer</body></html>"),
    Hostile("xml", UNSUPPORTED, lambda: b'\xef\xbb\xbf<?xml version="1.0"?><resume>Engineer</resume>'),
    Hostile("rtf", UNSUPPORTED, lambda: rb"{\rtf1\ansi Engineer}"),
    Hostile("gzip", UNSUPPORTED, lambda: gzip.compress(b"Engineer" * 1000)),
    Hostile("mp3", UNSUPPORTED, lambda: b"ID3\x03\x00\x00\x00\x00\x00\x00" + noise()),
    Hostile("empty_file", EMPTY, lambda: b""),
    Hostile("only_blanks", EMPTY, lambda: b" \r\n\t\f" * 500),
    Hostile("only_punctuation", EMPTY, lambda: "— … · ".encode() * 100),
    Hostile("binary_noise", UNSUPPORTED, noise),
    Hostile("only_nul", UNSUPPORTED, lambda: bytes(5000)),
    Hostile("text_with_nul", UNSUPPORTED, lambda: b"Bridge engineer\0" * 50),
    Hostile("text_of_control_characters", UNSUPPORTED, lambda: b"Bridge\x01\x02\x03" * 50),
    Hostile("text_cut_inside_a_character", UNSUPPORTED, lambda: "Engineer é".encode()[:-1]),
    Hostile("utf_16_without_mark", UNSUPPORTED, lambda: "Bridge engineer".encode("utf-16-le")),
    Hostile("utf_16_cut_inside_a_character", UNSUPPORTED, lambda: "Bridge engineer".encode("utf-16")[:-1]),
]
