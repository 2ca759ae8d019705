"""Text and Markdown documents are read as they are, but for what no text needs."""

from __future__ import annotations

import pytest
from nova_server.resumes.documents.failure import MAX_CHARACTERS

from tests.documents.conftest import ExtractText

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(b"Bridge engineer", "Bridge engineer", id="ascii"),
        pytest.param("# Zoë\n\n- инженер\n".encode(), "# Zoë\n\n- инженер", id="markdown"),
        pytest.param("\ufeffZoë".encode(), "Zoë", id="utf_8_with_mark"),
        pytest.param("Zoë – Oslo".encode("utf-16"), "Zoë – Oslo", id="utf_16_little_endian_with_mark"),
        pytest.param(b"\xfe\xff" + "Zoë".encode("utf-16-be"), "Zoë", id="utf_16_big_endian_with_mark"),
        pytest.param("Zoe\u0308".encode(), "Zoë", id="composed"),
        pytest.param(b"one\r\ntwo\rthree", "one\ntwo\nthree", id="line_ends"),
        pytest.param(b"one\x0ctwo", "one\ntwo", id="form_feed"),
        pytest.param(b"x" * 200 + b"\x1bbridge", "x" * 200 + "bridge", id="stray_control_character"),
        pytest.param("שלום \u202eabc\u202c".encode(), "שלום \u202eabc\u202c", id="both_directions"),
        pytest.param("engi\u200bneer".encode(), "engi\u200bneer", id="zero_width_space"),
        pytest.param("👩‍🚀 pilot".encode(), "👩‍🚀 pilot", id="joined_emoji"),
        pytest.param(b"a\n\n\n \n\nb  \nc", "a\n\nb\nc", id="blank_lines"),
        pytest.param(b"I write about %!PS and PK", "I write about %!PS and PK", id="signatures_in_the_text"),
    ],
)
async def test_text_is_read(extract: ExtractText, content: bytes, text: str) -> None:
    assert await extract(content) == text


async def test_what_the_file_is_called_does_not_matter(extract: ExtractText) -> None:
    assert await extract(b"Bridge engineer", name="resume.pdf") == "Bridge engineer"


async def test_text_beyond_the_limit_is_left_out(extract: ExtractText) -> None:
    assert await extract("é".encode() * 3_000_000) == "é" * MAX_CHARACTERS
