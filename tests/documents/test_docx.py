"""The words of a DOCX come out once each, in reading order, without what its author hid or deleted."""

from __future__ import annotations

import io

import pytest
from docx import Document
from nova_server.resumes.documents.failure import MAX_CHARACTERS

from tests.documents import docx
from tests.documents.conftest import ExtractText

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_paragraphs_come_out_in_order(extract: ExtractText) -> None:
    assert await extract(docx.docx(docx.paragraph("first") + docx.paragraph("second"))) == "first\nsecond"


async def test_a_word_in_several_runs_stays_whole(extract: ExtractText) -> None:
    assert await extract(docx.docx(docx.paragraph("engi", "neer"))) == "engineer"


async def test_what_python_docx_writes_is_read(extract: ExtractText) -> None:
    document = Document()
    document.add_heading("Ada Example")
    document.add_paragraph("Bridge engineer", style="List Bullet")
    document.add_table(1, 2).rows[0].cells[1].text = "in a cell"
    document.sections[0].header.paragraphs[0].text = "ada@example.com"
    file = io.BytesIO()
    document.save(file)
    assert (await extract(file.getvalue())).split("\n") == [
        "ada@example.com",
        "",
        "Ada Example",
        "Bridge engineer",
        "\tin a cell",
    ]


async def test_the_cells_of_a_row_are_one_line(extract: ExtractText) -> None:
    content = docx.table(("Python", "5 years"), ("Steel", "11 years")) + docx.paragraph("after")
    assert await extract(docx.docx(content)) == "Python\t5 years\nSteel\t11 years\nafter"


async def test_a_table_in_a_table_is_read(extract: ExtractText) -> None:
    inner = docx.table(("inner", "cell"))
    content = f"<w:tbl><w:tr><w:tc>{inner}{docx.paragraph('outer')}</w:tc></w:tr></w:tbl>"
    assert await extract(docx.docx(content)) == "inner\tcell\nouter"


async def test_header_body_notes_and_footer_come_in_this_order(extract: ExtractText) -> None:
    content = docx.docx(
        docx.paragraph("body"),
        footer=docx.paragraph("footer"),
        footnotes=docx.paragraph("footnote"),
        endnotes=docx.paragraph("endnote"),
        header=docx.paragraph("header"),
    )
    assert (await extract(content)).split() == ["header", "body", "footnote", "endnote", "footer"]


async def test_equal_headers_are_read_once(extract: ExtractText) -> None:
    header = docx.part("header", docx.paragraph("Ada Example"))
    names = {"word/document.xml": "document", "word/header1.xml": "header", "word/header2.xml": "header"}
    body = docx.part("document", docx.paragraph("body"))
    members = {"[Content_Types].xml": docx.content_types(names), "word/document.xml": body}
    content = docx.package(members | {"word/header1.xml": header, "word/header2.xml": header})
    assert (await extract(content)).split() == ["Ada", "Example", "body"]


async def test_a_text_box_is_read_once_and_after_its_paragraph(extract: ExtractText) -> None:
    content = docx.paragraph("before ", docx.text_box("in the box"), "after") + docx.paragraph("next")
    assert await extract(docx.docx(content)) == "before after\nin the box\nnext"


async def test_a_text_box_in_a_text_box_is_read_once(extract: ExtractText) -> None:
    inner = docx.text_box("inner")
    outer = docx.text_box("outer").replace("</w:p>", inner + "</w:p>")
    assert await extract(docx.docx(docx.paragraph(outer))) == "outer\ninner"


async def test_old_markup_alone_is_read(extract: ExtractText) -> None:
    only_old = (
        f"<w:r><mc:AlternateContent><mc:Fallback>{docx.text_box('old')}</mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert await extract(docx.docx(docx.paragraph(only_old))) == "old"


@pytest.mark.parametrize("toggle", ["<w:vanish/>", '<w:vanish w:val="1"/>', '<w:vanish w:val="true"/>'])
async def test_a_hidden_run_is_dropped(extract: ExtractText, toggle: str) -> None:
    assert await extract(docx.docx(docx.paragraph("seen", docx.run(" hidden", toggle), " too"))) == "seen too"


@pytest.mark.parametrize("value", ["0", "false", "off"])
async def test_a_run_that_says_it_is_not_hidden_is_read(extract: ExtractText, value: str) -> None:
    assert await extract(docx.docx(docx.paragraph(docx.run("seen", f'<w:vanish w:val="{value}"/>')))) == "seen"


async def test_a_hidden_paragraph_mark_hides_no_words(extract: ExtractText) -> None:
    mark = "<w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr>"
    assert await extract(docx.docx(docx.paragraph(mark, "seen"))) == "seen"


async def test_what_was_deleted_or_moved_away_is_dropped(extract: ExtractText) -> None:
    deleted = "<w:del><w:r><w:delText>deleted</w:delText></w:r><w:r><w:t>too</w:t></w:r></w:del>"
    moved = f"<w:moveFrom>{docx.run('from here')}</w:moveFrom>"
    arrived = f"<w:ins>{docx.run('added ')}</w:ins><w:moveTo>{docx.run('moved')}</w:moveTo>"
    assert await extract(docx.docx(docx.paragraph(deleted, moved, arrived))) == "added moved"


async def test_field_codes_are_dropped_and_their_results_read(extract: ExtractText) -> None:
    code = '<w:r><w:instrText>HYPERLINK "https://example.com"</w:instrText></w:r>'
    assert await extract(docx.docx(docx.paragraph(code, "portfolio"))) == "portfolio"


async def test_tabs_breaks_and_hyphens_are_kept(extract: ExtractText) -> None:
    content = "<w:r><w:t>2019</w:t><w:tab/><w:t>full</w:t><w:noBreakHyphen/><w:t>time</w:t><w:br/><w:t>Oslo</w:t></w:r>"
    assert await extract(docx.docx(docx.paragraph(content))) == "2019\tfull-time\nOslo"


async def test_the_strict_variant_is_read(extract: ExtractText) -> None:
    strict = docx.part("document", docx.paragraph("strict"), namespace=docx.STRICT_WORD)
    assert await extract(docx.docx_with_main_part(strict)) == "strict"


async def test_a_main_part_under_another_name_is_read(extract: ExtractText) -> None:
    members = {
        "[Content_Types].xml": docx.content_types({"word/document2.xml": "document"}),
        "word/document2.xml": docx.part("document", docx.paragraph("elsewhere")),
    }
    assert await extract(docx.package(members)) == "elsewhere"


async def test_pictures_however_large_are_not_inflated(extract: ExtractText) -> None:
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": docx.content_types({"word/document.xml": "document"}),
        "word/document.xml": docx.part("document", docx.paragraph("words")),
        "word/media/picture.bmp": bytes(50 * 1024 * 1024),
    }
    assert await extract(docx.package(members)) == "words"


async def test_text_beyond_the_limit_is_left_out(extract: ExtractText) -> None:
    text = await extract(docx.docx("".join(docx.paragraph(f"line {number}") for number in range(40_000))))
    assert len(text) <= MAX_CHARACTERS
    assert text.startswith("line 0\nline 1\n")
