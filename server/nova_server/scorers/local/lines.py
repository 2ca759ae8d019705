"""From text to lines: bullets, headings and sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nova_server.scorers.local.terms import WORD

# A line is cut into sentences, and a sentence without an end into pieces, of at most this many characters.
LONGEST_PIECE = 300

_BULLET = re.compile(r"^[\s>*+•·▪◦●○■□–—‣∙-]{0,12}(?:o\s)?(?:\(?\d{1,2}[.)]\s)?\s{0,4}")
_MARKUP = re.compile(r"\*\*|__|`")
_SENTENCE_END = re.compile(r"(?<=[a-z0-9)][.!?;])\s+(?=[A-Z\"“(])")
_HEADING_ENDS = (":", "—", "-")
# Shorter lines are items of a list, and not wrapped.
_SHORTEST_WRAPPED = 35
_LONGEST_HEADING = 60
_MOST_WORDS_IN_HEADING = 7


@dataclass(frozen=True, slots=True)
class Line:
    """One line or sentence, without bullet and markup. `marked` tells that it is written as a heading."""

    text: str
    marked: bool = False
    bullet: bool = False


def split_lines(text: str, most: int) -> list[Line]:
    """Return the first `most` lines of `text` that hold a word, long ones cut into sentences."""
    found: list[Line] = []
    for raw in _unwrapped(text):
        found.extend(_pieces(raw))
        if len(found) >= most:
            break
    return found[:most]


def sentences_of(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield the sentences of prose each on its own. A bullet point and a heading stay whole: they are one point."""
    for line in lines:
        if line.bullet or line.marked:
            yield line
        else:
            yield from (Line(sentence) for sentence in _SENTENCE_END.split(line.text) if WORD.search(sentence))


def _unwrapped(text: str) -> Iterator[str]:
    """Yield the lines of `text`, those that were wrapped in the middle of a sentence joined again."""
    current = ""
    for raw in text.split("\n"):
        stripped = raw.strip()
        if _goes_on(current, stripped):
            current = f"{current} {stripped}"
        else:
            yield current
            current = stripped
    yield current


def _goes_on(line: str, following: str) -> bool:
    if len(line) < _SHORTEST_WRAPPED or len(line) + len(following) >= LONGEST_PIECE:
        return False
    return following[:1].islower() and following[1:2] != " " and not line.endswith((".", "!", "?", ":", ";", "|", "#"))


def _pieces(raw: str) -> Iterator[Line]:
    stripped = raw.strip()
    marked = stripped.startswith("#") or (stripped.startswith("**") and stripped.rstrip(":").endswith("**"))
    plain = _MARKUP.sub("", stripped.lstrip("# ").strip()) if len(stripped) <= LONGEST_PIECE else stripped
    body = _BULLET.sub("", plain, count=1).strip()
    if len(body) <= LONGEST_PIECE:
        if WORD.search(body):
            yield Line(body, marked or _ends_as_heading(body), bullet=body != plain)
        return
    for sentence in _SENTENCE_END.split(body):
        yield from (Line(piece) for piece in _chunks(sentence) if WORD.search(piece))


def _ends_as_heading(text: str) -> bool:
    short = len(text) <= _LONGEST_HEADING and len(text.split()) <= _MOST_WORDS_IN_HEADING
    return short and (text.endswith(_HEADING_ENDS) or text.isupper())


def _chunks(sentence: str) -> Iterator[str]:
    start = 0
    while len(sentence) - start > LONGEST_PIECE:
        space = sentence.rfind(" ", start + 1, start + LONGEST_PIECE)
        end = space if space > start else start + LONGEST_PIECE
        yield sentence[start:end].strip()
        start = end
    yield sentence[start:].strip()


def could_be_heading(line: Line) -> bool:
    """Tell whether a line is short enough, and unlike a sentence enough, to be a heading."""
    return len(line.text) <= _LONGEST_HEADING and len(line.text.split()) <= _MOST_WORDS_IN_HEADING
