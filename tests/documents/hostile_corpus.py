"""Documents made to hurt: each with a name, what it must end with, and the bytes, made when they are needed."""

from __future__ import annotations

import gzip
import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from nova.errors.v1 import error_reason_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova_server.resumes.reader import WALL_SECONDS

from tests.documents import docx, ole
from tests.documents.pdf import (
    deflated,
    encrypted_pdf,
    hand_made_pdf,
    one_page_pdf,
    pdf,
    scanned_pdf,
    stream,
)

UNSUPPORTED = error_reason_pb2.RESUME_UNSUPPORTED_TYPE
ENCRYPTED = error_reason_pb2.RESUME_ENCRYPTED
CORRUPTED = error_reason_pb2.RESUME_CORRUPTED
EMPTY = error_reason_pb2.RESUME_EMPTY
TOO_LARGE = error_reason_pb2.RESUME_TOO_LARGE
PARSE_FAILED = error_reason_pb2.RESUME_PARSE_FAILED

MEGABYTE = 1024 * 1024
LITTLE_TIME = 1.0
RESUME = ["Ada Example", "Bridge engineer, eleven years", "Steel, concrete, load models"]
SHOW_WORDS = b"BT /F1 12 Tf 72 700 Td (Bridge engineer) Tj ET"


@dataclass(frozen=True)
class Hostile:
    """A document and the reason it must fail with. Those that only a clock stops are given little time."""

    name: str
    reason: ErrorReason.ValueType
    make: Callable[[], bytes]
    wall_seconds: float = WALL_SECONDS


def sound_pdf() -> bytes:
    return pdf(RESUME, RESUME, RESUME)


def cut(content: bytes, share: float) -> bytes:
    return content[: int(len(content) * share)]


def cut_inside_the_only_page() -> bytes:
    content = one_page_pdf(deflated(SHOW_WORDS * 200))
    return content[: content.index(b"endstream") - 40]


def encrypted(algorithm: str) -> Callable[[], bytes]:
    return lambda: encrypted_pdf(sound_pdf(), user="secret", algorithm=algorithm)


def pdf_of_no_pages() -> bytes:
    return hand_made_pdf({1: "<< /Type /Catalog /Pages 2 0 R >>", 2: "<< /Type /Pages /Kids [] /Count 0 >>"})


def page_tree_loop() -> bytes:
    return hand_made_pdf({1: "<< /Type /Catalog /Pages 2 0 R >>", 2: "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"})


def deep_page_tree() -> bytes:
    objects: dict[int, str | bytes] = {1: "<< /Type /Catalog /Pages 2 0 R >>"}
    for number in range(2, 20_000):
        objects[number] = f"<< /Type /Pages /Kids [{number + 1} 0 R] /Count 1 >>"
    objects[20_000] = "<< /Type /Page /MediaBox [0 0 9 9] >>"
    return hand_made_pdf(objects)


def deeply_nested_object() -> bytes:
    nested = b"[" * 500_000 + b"]" * 500_000
    return hand_made_pdf({1: b"<< /Type /Catalog /Pages 2 0 R /Deep " + nested + b" >>", 2: "<< /Type /Pages >>"})


def deeply_nested_root() -> bytes:
    return hand_made_pdf({1: b"<< /Type " * 200_000})


def contents_that_are_their_own_array() -> bytes:
    return hand_made_pdf(
        {
            1: "<< /Type /Catalog /Pages 2 0 R >>",
            2: "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
            4: "[4 0 R 4 0 R]",
        }
    )


def form_that_draws_itself(times: int) -> bytes:
    form = "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 4 0 R >> >>"
    return hand_made_pdf(
        {
            1: "<< /Type /Catalog /Pages 2 0 R >>",
            2: "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 5 0 R "
            "/Resources << /XObject << /X 4 0 R >> >> >>",
            4: stream(b"/X Do " * times, form),
            5: stream(b"/X Do"),
        }
    )


def length_that_refers_to_itself() -> bytes:
    return one_page_pdf(b"<< /Length 4 0 R >>\nstream\n\nendstream")


def huge_page_count() -> bytes:
    return one_page_pdf(stream(b""), pages="<< /Type /Pages /Kids [3 0 R] /Count 2147483647 >>")


def pdf_bomb() -> bytes:
    return one_page_pdf(deflated(b"0 0 m 9 9 l S\n" * (300 * MEGABYTE // 14)))


def bomb_of_many_streams() -> bytes:
    bomb = deflated(b"0 0 m 9 9 l S\n" * MEGABYTE)
    return hand_made_pdf({1: "<< /Type /Catalog /Pages 2 0 R >>", 2: "<< >>"} | dict.fromkeys(range(3, 12), bomb))


def bomb_deflated_twice() -> bytes:
    inner = zlib.compress(b"0 0 m 9 9 l S\n" * (200 * MEGABYTE // 14), 9)
    return one_page_pdf(stream(zlib.compress(inner, 9), "/Filter [/FlateDecode /FlateDecode]"))


def endless_previous_tables() -> bytes:
    content = pdf_of_no_pages()
    position = content.rindex(b"xref\n0 1")
    return content.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % position)


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


def noise() -> bytes:
    return random.Random(2).randbytes(50_000)


CORPUS = [
    Hostile("pdf_cut_after_the_header", CORRUPTED, lambda: sound_pdf()[:9]),
    Hostile("pdf_cut_at_30_percent", CORRUPTED, lambda: cut(sound_pdf(), 0.3)),
    Hostile("pdf_cut_inside_its_only_page", CORRUPTED, cut_inside_the_only_page),
    Hostile("pdf_header_and_noise", CORRUPTED, lambda: b"%PDF-1.7\n" + noise()),
    Hostile("pdf_aes_256_with_user_password", ENCRYPTED, encrypted("AES-256")),
    Hostile("pdf_aes_128_with_user_password", ENCRYPTED, encrypted("AES-128")),
    Hostile("pdf_rc4_128_with_user_password", ENCRYPTED, encrypted("RC4-128")),
    Hostile("pdf_rc4_40_with_user_password", ENCRYPTED, encrypted("RC4-40")),
    Hostile("pdf_of_no_pages", EMPTY, pdf_of_no_pages),
    Hostile("pdf_scan_without_text", EMPTY, scanned_pdf),
    Hostile("pdf_blank_page", EMPTY, lambda: pdf([])),
    Hostile("pdf_page_tree_loop", CORRUPTED, page_tree_loop),
    Hostile("pdf_page_tree_20000_deep", CORRUPTED, deep_page_tree),
    Hostile("pdf_object_nested_500000_deep", CORRUPTED, deeply_nested_object),
    Hostile("pdf_root_nested_200000_deep", CORRUPTED, deeply_nested_root),
    Hostile("pdf_contents_that_are_their_own_array", EMPTY, contents_that_are_their_own_array),
    Hostile("pdf_form_that_draws_itself", EMPTY, lambda: form_that_draws_itself(1)),
    Hostile("pdf_form_that_draws_itself_thrice", PARSE_FAILED, lambda: form_that_draws_itself(3), LITTLE_TIME),
    Hostile("pdf_length_that_refers_to_itself", EMPTY, length_that_refers_to_itself),
    Hostile("pdf_claims_two_billion_pages", EMPTY, huge_page_count),
    Hostile("pdf_previous_tables_in_a_circle", EMPTY, endless_previous_tables),
    Hostile("pdf_inflates_to_300_megabytes", TOO_LARGE, pdf_bomb),
    Hostile("pdf_inflates_to_100_megabytes_in_many_streams", TOO_LARGE, bomb_of_many_streams),
    Hostile("pdf_deflated_twice_inflates_to_200_megabytes", PARSE_FAILED, bomb_deflated_twice, LITTLE_TIME),
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
