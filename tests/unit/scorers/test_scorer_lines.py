"""Lines, bullets, headings and sentences."""

from __future__ import annotations

import pytest
from nova_server.scorers.local.lines import LONGEST_PIECE, Line, could_be_heading, sentences_of, split_lines


def texts(text: str) -> list[str]:
    """Return the texts of the lines of `text`."""
    return [line.text for line in split_lines(text, 100)]


@pytest.mark.parametrize("bullet", ["- ", "* ", "• ", "· ", "▪ ", "– ", "1. ", "2) ", "(3) ", "  - ", "+ ", "> ", "o "])
def test_a_bullet_is_taken_off_its_line(bullet: str) -> None:
    assert split_lines(f"{bullet}Welded pipes.", 10) == [Line("Welded pipes.", bullet=True)]


@pytest.mark.parametrize("line", ["2019 - 2023", "3D printing", "C++ and more", "office work"])
def test_what_only_begins_like_a_bullet_is_kept(line: str) -> None:
    assert split_lines(line, 10) == [Line(line)]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("# Skills", "Skills"),
        ("### Skills and tools ", "Skills and tools"),
        ("**Skills**", "Skills"),
        ("**Skills:**", "Skills:"),
        ("Skills:", "Skills:"),
        ("WORK HISTORY", "WORK HISTORY"),
    ],
)
def test_a_heading_is_known_by_its_mark(line: str, text: str) -> None:
    (found,) = split_lines(line, 10)

    assert (found.text, found.marked) == (text, True)
    assert could_be_heading(found)


@pytest.mark.parametrize("line", ["Welded pipes", "I weld. I also cut and grind: all day long, every day of the week:"])
def test_an_ordinary_line_is_no_heading(line: str) -> None:
    assert not split_lines(line, 10)[0].marked


def test_lines_without_a_word_are_dropped() -> None:
    assert texts("one\n\n---\n•\n***\n   \ntwo") == ["one", "two"]


def test_a_sentence_that_was_wrapped_is_one_line_again() -> None:
    assert texts("Repaired the engines of eleven coastal\nvessels and their pumps\nin dry dock.\nNext") == [
        "Repaired the engines of eleven coastal vessels and their pumps in dry dock.",
        "Next",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "redis\nkafka\nrabbitmq",
        "This sentence is long enough and it ends here.\nlower case begins another",
        "This line is long enough but a heading follows\n# skills",
    ],
)
def test_what_was_not_wrapped_stays_apart(text: str) -> None:
    assert len(texts(text)) == len(text.split("\n"))


def test_a_long_line_is_cut_at_sentences_and_else_at_spaces() -> None:
    sentences = "The first sentence is here. " * 20
    words = "word " * 200

    assert set(texts(sentences)) == {"The first sentence is here."}
    assert all(len(piece) <= LONGEST_PIECE and not piece.startswith("ord") for piece in texts(words))


def test_a_line_without_spaces_is_cut_all_the_same() -> None:
    assert [len(piece) for piece in texts("a" * 700)] == [300, 300, 100]


def test_no_more_lines_are_read_than_asked_for() -> None:
    assert len(split_lines("a line\n" * 1000, 7)) == 7


def test_each_sentence_of_prose_stands_alone() -> None:
    lines = split_lines("Backend engineer. Must have: Go 1.22 (or newer). Nice to have: Rust.", 10)
    assert [line.text for line in sentences_of(lines)] == [
        "Backend engineer.",
        "Must have: Go 1.22 (or newer).",
        "Nice to have: Rust.",
    ]


@pytest.mark.parametrize("line", ["- Weld pipes. Inspect seams.", "# Weld pipes. Inspect seams."])
def test_a_bullet_point_and_a_heading_stay_whole(line: str) -> None:
    lines = split_lines(line, 10)
    assert list(sentences_of(lines)) == lines
