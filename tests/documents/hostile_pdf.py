"""PDF documents made to hurt."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from tests.documents.hostile import (
    CORRUPTED,
    EMPTY,
    ENCRYPTED,
    LITTLE_TIME,
    MEGABYTE,
    PARSE_FAILED,
    RESUME,
    SHOW_WORDS,
    TOO_LARGE,
    Hostile,
    cut,
    noise,
)
from tests.documents.pdf import (
    deflated,
    encrypted_pdf,
    hand_made_pdf,
    one_page_pdf,
    pdf,
    scanned_pdf,
    stream,
)


def sound_pdf() -> bytes:
    return pdf(RESUME, RESUME, RESUME)


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


PDF = [
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
]
