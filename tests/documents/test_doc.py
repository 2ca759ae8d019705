"""The words of a legacy DOC come out as its piece table orders them."""

from __future__ import annotations

import pytest
from nova_server.resumes.documents.failure import MAX_CHARACTERS

from tests.documents.conftest import ExtractText
from tests.documents.ole import Piece, doc

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_pieces_of_one_and_two_bytes_a_character_are_joined(extract: ExtractText) -> None:
    content = doc([Piece("Zoë Example\r"), Piece("инженер\r", compressed=False), Piece("Oslo – Bergen\r")])
    assert await extract(content) == "Zoë Example\nинженер\nOslo – Bergen"


async def test_the_cells_of_a_row_are_one_line(extract: ExtractText) -> None:
    assert await extract(doc([Piece("Python\x075 years\x07\x07Steel\x0711 years\x07\x07")])) == (
        "Python\t5 years\nSteel\t11 years"
    )


async def test_field_codes_are_dropped_and_their_results_read(extract: ExtractText) -> None:
    inner = "\x13 REF x \x14 inner \x15"
    content = doc([Piece(f"see \x13 HYPERLINK {inner} address \x14portfolio\x15 and \x13 PAGE \x15more")])
    assert await extract(content) == "see portfolio and more"


async def test_headers_and_notes_are_read_and_comments_are_not(extract: ExtractText) -> None:
    parts = ["body\r", "footnote\r", "header\r", "comment\r", "endnote\r", "box\r"]
    lengths = [len(part) for part in parts]
    content = doc([Piece("".join(parts))], parts=[*lengths[:3], 0, *lengths[3:]])
    assert (await extract(content)).split() == ["body", "footnote", "header", "endnote", "box"]


async def test_special_characters_become_plain_ones(extract: ExtractText) -> None:
    assert await extract(doc([Piece("full\x1etime\x0bco\x1foperate\x01\x08\x0cnext")])) == "full-time\ncooperate\nnext"


async def test_text_beyond_the_limit_is_left_out(extract: ExtractText) -> None:
    first = Piece("engineer " * 2_000)
    content = doc([first] + [Piece("", compressed=True)] * 3)
    text = await extract(content)
    assert len(text) == len("engineer " * 2_000) - 1
    assert len(text) < MAX_CHARACTERS
