"""DOCX documents, and other zip archives, made to hurt."""

from __future__ import annotations

import random
import struct

from tests.documents import docx
from tests.documents.hostile import (
    CORRUPTED,
    EMPTY,
    ENCRYPTED,
    MEGABYTE,
    TOO_LARGE,
    UNSUPPORTED,
    Hostile,
    cut,
)


def docx_bomb() -> bytes:
    words = docx.paragraph("engineer " * 50) * 2
    return docx.docx(words * (100 * MEGABYTE // len(words)))


def docx_bomb_of_many_parts() -> bytes:
    rare = random.Random(1)
    paragraphs = docx.paragraph(" ".join(str(rare.random()) for _ in range(500)))
    half = paragraphs * (20 * MEGABYTE // len(paragraphs))
    return docx.docx(half, header=half, footer=half)


def zip_of_many_entries() -> bytes:
    return docx.package({f"word/{number}": "" for number in range(30_000)})


def zip_with_lying_size() -> bytes:
    """State 10 bytes for a part that inflates to 100 megabytes."""
    content = bytearray(docx.docx_with_main_part(b"<" + b" " * (100 * MEGABYTE)))
    directory = content.rindex(b"PK\x01\x02")
    struct.pack_into("<I", content, directory + 24, 10)
    return bytes(content)


def zip_in_zip() -> bytes:
    return docx.package({"inner.zip": docx.package({"innermost.zip": docx.package({"zeros": bytes(10 * MEGABYTE)})})})


def zip64_directory_of_four_gigabytes() -> bytes:
    return (
        b"PK\x03\x04" + bytes(100) + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
    )


def password_protected_zip_member() -> bytes:
    content = bytearray(docx.docx(docx.paragraph("secret")))
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 8] |= 1
    return bytes(content)


def entity_bomb() -> bytes:
    entities = '<!ENTITY a0 "engineer">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    document = docx.part("document", docx.paragraph("<w:r><w:t>&a9;</w:t></w:r>"))
    return docx.docx_with_main_part(f"<!DOCTYPE w [{entities}]>{document}")


def external_entity() -> bytes:
    document = docx.part("document", docx.paragraph("<w:r><w:t>&secret;</w:t></w:r>"))
    return docx.docx_with_main_part(f'<!DOCTYPE w [<!ENTITY secret SYSTEM "file:///etc/passwd">]>{document}')


def deeply_nested_xml() -> bytes:
    depth = 50_000
    return docx.docx_with_main_part(docx.part("document", "<w:p>" * depth + "</w:p>" * depth))


def docx_without_main_part() -> bytes:
    types = docx.content_types({"word/document.xml": "document"})
    return docx.package({"[Content_Types].xml": types, "word/styles.xml": "<styles/>"})


def docx_without_listed_main_part() -> bytes:
    return docx.package({"[Content_Types].xml": docx.content_types({}), "word/document.xml": "<w/>"})


def spreadsheet_package() -> bytes:
    return docx.package({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"})


def docx_with_flipped_bytes() -> bytes:
    content = bytearray(docx.docx(docx.paragraph("engineer " * 5000)))
    member = content.index(b"word/document.xml")
    for position in range(member + 20, member + 40):
        content[position] ^= 0xFF
    return bytes(content)


DOCX = [
    Hostile("docx_inflates_to_100_megabytes", TOO_LARGE, docx_bomb),
    Hostile("docx_inflates_to_60_megabytes_in_many_parts", TOO_LARGE, docx_bomb_of_many_parts),
    Hostile("docx_of_30000_entries", TOO_LARGE, zip_of_many_entries),
    Hostile("docx_that_lies_about_a_size", CORRUPTED, zip_with_lying_size),
    Hostile("docx_directory_of_four_gigabytes", TOO_LARGE, zip64_directory_of_four_gigabytes),
    Hostile("docx_with_password_on_a_member", ENCRYPTED, password_protected_zip_member),
    Hostile("docx_entity_bomb", CORRUPTED, entity_bomb),
    Hostile("docx_external_entity", CORRUPTED, external_entity),
    Hostile("docx_xml_nested_50000_deep", EMPTY, deeply_nested_xml),
    Hostile("docx_broken_xml", CORRUPTED, lambda: docx.docx_with_main_part("<w:document><w:body>")),
    Hostile("docx_without_main_part", CORRUPTED, docx_without_main_part),
    Hostile("docx_without_listed_main_part", CORRUPTED, docx_without_listed_main_part),
    Hostile("docx_cut_in_half", CORRUPTED, lambda: cut(docx.docx(docx.paragraph("words")), 0.5)),
    Hostile("docx_with_flipped_bytes", CORRUPTED, docx_with_flipped_bytes),
    Hostile("docx_without_words", EMPTY, lambda: docx.docx(docx.paragraph(" ") * 3)),
    Hostile("zip_in_zip", UNSUPPORTED, zip_in_zip),
    Hostile("zip_of_nothing", UNSUPPORTED, lambda: docx.package({})),
    Hostile("xlsx", UNSUPPORTED, spreadsheet_package),
]
