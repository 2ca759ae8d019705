"""From an application's texts to lines of evidence: what was said, where, and in which dated work."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from nova_server.ports.scorer import ApplicationAnswer, ScoringInput
from nova_server.scorers.local.dates import Interval, intervals
from nova_server.scorers.local.lines import Line, could_be_heading, split_lines
from nova_server.scorers.local.redaction import redact
from nova_server.scorers.local.terms import clean, words
from nova_server.scorers.local.vocabulary import word_set

RESUME_CHARACTERS = 120_000
ANSWER_CHARACTERS = 2_000
CONTEXT_CHARACTERS = 15_000
MOST_LINES = 1_500
MOST_ANSWERS = 50
_LINES_BEFORE_DATES = 2


class Source(StrEnum):
    """Where a line of evidence stands, as an assessment names it."""

    RESUME = "resume"
    ANSWER = "screening answer"
    CONTEXT = "context"


class Section(StrEnum):
    """Which part of a resume a line belongs to."""

    HEAD = "head"
    WORK = "work"
    SKILLS = "skills"
    EDUCATION = "education"


_SECTIONS = (
    (
        Section.EDUCATION,
        word_set(
            "education academic qualification qualifications degree degrees certificates certification certifications "
            "licences licenses registration training courses languages"
        ),
    ),
    (
        Section.WORK,
        word_set(
            "experience experiences employment work career history project projects volunteer volunteering position "
            "positions internships"
        ),
    ),
    (Section.SKILLS, word_set("skill skills technologies tools competencies competences expertise stack strengths")),
    (
        Section.HEAD,
        word_set(
            "summary profile about objective statement personal contact details info interests hobbies references "
            "publications awards activities memberships highlights background achievements"
        ),
    ),
)
_SECTION_WORDS = word_set(
    "additional and areas clinical core data development full information it key me of other professional relevant "
    "selected soft summary technical main"
).union(*(names for _, names in _SECTIONS))


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One line that may show something. `work` is the index of the dated work that it belongs to.

    `asked` marks a question that was answered with yes: the employer's words, which nobody copied.
    """

    text: str
    words: tuple[str, ...]
    source: Source
    section: Section
    work: int | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Application:
    """What an application says. `works` are its dated employments; `refusals` the questions answered with no."""

    lines: tuple[EvidenceLine, ...]
    works: tuple[Interval, ...]
    refusals: tuple[ApplicationAnswer, ...]
    truncated: bool


def read_application(scoring_input: ScoringInput) -> Application:
    """Return what the application says, without what is personal. Repeated lines are kept once."""
    lines, works = _resume_lines(scoring_input.resume_text, scoring_input.today)
    answers = scoring_input.answers[:MOST_ANSWERS]
    refusals = tuple(answer for answer in answers if _refuses(answer.answer))
    lines += [line for answer in answers if not _refuses(answer.answer) for line in _answer_lines(answer)]
    lines += _context_lines(scoring_input.context or "")
    distinct = {(line.words, line.source): line for line in reversed(lines)}
    kept = tuple(line for line in lines if distinct[line.words, line.source] is line)
    return Application(kept, tuple(works), refusals, len(scoring_input.resume_text) > RESUME_CHARACTERS)


def _resume_lines(text: str, today: date) -> tuple[list[EvidenceLine], list[Interval]]:
    lines = split_lines(clean(text, RESUME_CHARACTERS), MOST_LINES)
    sections = {index: section for index, line in enumerate(lines) if (section := _section_of(line))}
    reader = _ResumeReader(today)
    for index, line in enumerate(redact(lines, set(sections))):
        if index in sections:
            reader.enter(sections[index])
        elif line is not None:
            reader.read(line)
    return reader.lines, reader.works


def _section_of(line: Line) -> Section | None:
    """Return the section that a line opens, or None when it is no heading of a resume."""
    if line.bullet or not could_be_heading(line):
        return None
    heading = {word.lower() for word in re.findall(r"[^\W\d_]+", line.text)}
    if not heading <= _SECTION_WORDS:
        return None
    return next((section for section, names in _SECTIONS if names & heading), None)


class _ResumeReader:
    """Walks down a resume and remembers the section and the dated work it is in."""

    def __init__(self, today: date) -> None:
        self.lines: list[EvidenceLine] = []
        self.works: list[Interval] = []
        self._today = today
        self._section = Section.HEAD
        self._work: int | None = None
        self._titles: set[int] = set()

    def enter(self, section: Section) -> None:
        """Begin a section."""
        self._section = section
        self._work = None

    def read(self, line: Line) -> None:
        """Take in one line. A date range outside education opens a work, which begins with the title above it."""
        # In a bullet point, "certified since 2017" is a detail of a work and not another one.
        spans = [] if self._section is Section.EDUCATION else intervals(line.text, self._today, since=not line.bullet)
        if spans:
            self._work = len(self.works)
            self.works.append(spans[0])
            self._claim_title_above()
            self._section = Section.WORK if self._section is Section.HEAD else self._section
        elif not line.bullet and _could_be_title(line.text):
            self._titles.add(len(self.lines))
        self.lines.append(EvidenceLine(line.text, tuple(words(line.text)), Source.RESUME, self._section, self._work))

    def _claim_title_above(self) -> None:
        """Give the short lines right above a date range to the work that the range opens."""
        position = len(self.lines) - 1
        while position in self._titles and position >= len(self.lines) - _LINES_BEFORE_DATES:
            above = self.lines[position]
            self.lines[position] = EvidenceLine(above.text, above.words, above.source, above.section, self._work)
            position -= 1


def _could_be_title(text: str) -> bool:
    return len(text) <= 80 and not text.endswith((".", ";", ","))


def _refuses(answer: str) -> bool:
    return bool(re.match(r"\W{0,4}(?:no|none|never|not)\b", answer[:ANSWER_CHARACTERS], re.IGNORECASE))


def _agrees(answer: str) -> bool:
    return bool(re.match(r"\W{0,4}(?:yes|yeah|correct|true|i (?:do|am|have))\b", answer, re.IGNORECASE))


def _answer_lines(answer: ApplicationAnswer) -> list[EvidenceLine]:
    """Return the lines of an answer. A bare yes says what its question says."""
    said = clean(answer.answer, ANSWER_CHARACTERS)
    asked = clean(answer.question, ANSWER_CHARACTERS) if _agrees(said) else ""
    questions = [_claim(line.text, Source.ANSWER, asked=True) for line in split_lines(asked, MOST_LINES)]
    return questions + [_claim(line.text, Source.ANSWER) for line in split_lines(said, MOST_LINES)]


def _context_lines(context: str) -> list[EvidenceLine]:
    return [_claim(line.text, Source.CONTEXT) for line in split_lines(clean(context, CONTEXT_CHARACTERS), MOST_LINES)]


def _claim(text: str, source: Source, *, asked: bool = False) -> EvidenceLine:
    return EvidenceLine(text, tuple(words(text)), source, Section.SKILLS, asked=asked)


def evidence_words(lines: Sequence[EvidenceLine]) -> int:
    """Return how many words `lines` hold."""
    return sum(len(line.words) for line in lines)
