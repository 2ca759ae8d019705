"""The words of a PDF come out, in order, apart from each other."""

from __future__ import annotations

import pytest
from nova.errors.v1 import error_reason_pb2
from nova_server.resumes.documents.failure import MAX_CHARACTERS, MAX_PAGES, DocumentFailed

from tests.documents.conftest import ExtractText
from tests.documents.hostile import SHOW_WORDS
from tests.documents.hostile_pdf import pdf_of_no_pages
from tests.documents.pdf import (
    deflated,
    drawn_pdf,
    encrypted_pdf,
    hand_made_pdf,
    one_page_pdf,
    pdf,
    stream,
    words_with_gaps,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

LINES = ["Ada Example", "Bridge engineer for large forms", "Rivers, far from offices"]
SENTENCE = "Senior engineer for large forms over far Rivers of fur Tools"


async def test_lines_come_out_in_order(extract: ExtractText) -> None:
    assert (await extract(pdf(LINES))).splitlines() == LINES


async def test_pages_come_out_in_order(extract: ExtractText) -> None:
    assert (await extract(pdf(["first"], ["second"], ["third"]))).split() == ["first", "second", "third"]


async def test_what_the_file_is_called_does_not_matter(extract: ExtractText) -> None:
    assert (await extract(pdf(LINES), name="resume.docx")).splitlines() == LINES


@pytest.mark.parametrize("gap", [140, 180, 220, 260, 320])
async def test_a_gap_between_words_is_a_space(extract: ExtractText, gap: int) -> None:
    assert await extract(words_with_gaps(SENTENCE.split(), gap)) == SENTENCE


async def test_a_gap_too_narrow_for_pdfium_is_a_space(extract: ExtractText) -> None:
    words = ["Senior", "engineer", "builds", "bridges", "and", "teaches"]
    assert await extract(words_with_gaps(words, 125)) == " ".join(words)


@pytest.mark.parametrize("gap", [-20, 0, 20, 50])
async def test_kerning_does_not_tear_words(extract: ExtractText, gap: int) -> None:
    assert await extract(words_with_gaps(["eng", "in", "eer"], gap)) == "engineer"


@pytest.mark.parametrize("spacing", [0.5, 1, 2, 4])
async def test_letters_that_are_spaced_out_stay_words(extract: ExtractText, spacing: float) -> None:
    content = drawn_pdf("WORK EXPERIENCE for FERRARI", spacing)
    assert await extract(content) == "WORK EXPERIENCE for FERRARI"


async def test_text_in_two_directions_and_scripts_comes_out(extract: ExtractText) -> None:
    assert await extract(pdf(["Zoë Ångström, São Paulo"])) == "Zoë Ångström, São Paulo"


@pytest.mark.parametrize("algorithm", ["AES-256", "AES-128", "RC4-128", "RC4-40"])
async def test_an_owner_password_alone_does_not_hide_the_text(extract: ExtractText, algorithm: str) -> None:
    assert (await extract(encrypted_pdf(pdf(LINES), user="", algorithm=algorithm))).splitlines() == LINES


async def test_junk_before_the_header_is_skipped(extract: ExtractText) -> None:
    assert (await extract(b"\n".join([b"X-Gateway: passed"] * 30) + b"\n" + pdf(LINES))).splitlines() == LINES


async def test_a_missing_end_is_forgiven_when_the_words_are_there(extract: ExtractText) -> None:
    assert (await extract(pdf(LINES)[:-8])).splitlines() == LINES


async def test_a_broken_page_does_not_spoil_the_others(extract: ExtractText) -> None:
    content = hand_made_pdf(
        {
            1: "<< /Type /Catalog /Pages 2 0 R >>",
            2: "<< /Type /Pages /Kids [9 0 R 3 0 R] /Count 2 >>",
            3: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            "/Resources << /Font << /F1 5 0 R >> >> >>",
            4: stream(SHOW_WORDS),
            5: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        }
    )
    assert await extract(content) == "Bridge engineer"


async def test_pages_beyond_the_limit_are_left_out(extract: ExtractText) -> None:
    words = (await extract(pdf(*([f"page{number}"] for number in range(MAX_PAGES + 5))))).split()
    assert words == [f"page{number}" for number in range(MAX_PAGES)]


async def test_text_beyond_the_limit_is_left_out(extract: ExtractText) -> None:
    lines = [b"BT /F1 1 Tf 10 %d Td (" % (700 - 9 * n) + b"engineer " * 1000 + b") Tj ET\n" for n in range(30)]
    text = await extract(one_page_pdf(deflated(b"".join(lines))))
    assert len(text) <= MAX_CHARACTERS
    assert len(text) > 0.9 * MAX_CHARACTERS


async def test_a_refusal_does_not_take_the_reason_of_the_document_before(extract: ExtractText) -> None:
    with pytest.raises(DocumentFailed, match="RESUME_ENCRYPTED"):
        await extract(encrypted_pdf(pdf(LINES), user="secret", algorithm="AES-256"))
    with pytest.raises(DocumentFailed) as failure:
        await extract(pdf_of_no_pages())
    assert failure.value.reason == error_reason_pb2.RESUME_EMPTY


async def test_a_linearized_file_shorter_than_it_says_is_corrupted(extract: ExtractText) -> None:
    content = hand_made_pdf({1: "<< /Linearized 1 /L 99999 >>", 2: "<< /Type /Catalog /Pages 3 0 R >>"})
    with pytest.raises(DocumentFailed, match="RESUME_CORRUPTED"):
        await extract(content)
