"""From the job's texts to what they ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from nova_server.scorers.local import requirement_lines
from nova_server.scorers.local.dates import years_named
from nova_server.scorers.local.lines import Line, sentences_of, split_lines
from nova_server.scorers.local.requirement_lines import ClassifiedLine
from nova_server.scorers.local.terms import WORD, clean, term_of, terms, weight_of, words
from nova_server.scorers.local.weights import (
    COPIED_SEQUENCE,
    FULL_REQUIREMENT_WEIGHT,
    IMPORTANCE,
    PLAIN_TERM,
    Importance,
)

JOB_CHARACTERS = 50_000
ROLE_KNOWLEDGE_CHARACTERS = 15_000
# Of a title, or of a company's name.
NAME_CHARACTERS = 500
# A job that asks for more than this is not read further; measured on real posts, 32 lines are usual.
MOST_REQUIREMENTS = 80
MOST_LINES = 400
MOST_TERMS_OF_REQUIREMENT = 30
_CACHED_JOBS = 32

_ALTERNATIVES = re.compile(r"(?:[\w+#.-]{1,30}, ){0,5}[\w+#.-]{1,30},? or [\w+#.-]{1,30}")


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of a requirement that any of `terms` satisfies."""

    terms: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing the job asks for."""

    text: str
    importance: Importance
    source: str
    units: tuple[Unit, ...]
    years: float | None

    @property
    def weight(self) -> float:
        """Return how much it counts among the others."""
        told = sum(unit.weight for unit in self.units) + (PLAIN_TERM if self.years else 0)
        return round(IMPORTANCE[self.importance] * min(1.0, told / FULL_REQUIREMENT_WEIGHT), 6)

    @property
    def specific(self) -> bool:
        """Tell whether it names something that can be looked for, and is worth showing to a reader."""
        return bool(self.years) or any(unit.weight >= PLAIN_TERM for unit in self.units)


@dataclass(frozen=True, slots=True)
class Job:
    """What a job's texts ask for. By `lines` and `sequences`, its runs of six words, copied text is known."""

    title: Mapping[str, float]
    requirements: tuple[Requirement, ...]
    vocabulary: frozenset[str]
    lines: frozenset[tuple[str, ...]]
    sequences: frozenset[tuple[str, ...]]


@lru_cache(maxsize=_CACHED_JOBS)
def analyse_job(
    description: str, title: str | None = None, company: str | None = None, role_knowledge: str | None = None
) -> Job:
    """Return what the texts ask for. The last few jobs are kept, because a batch shares one."""
    lines = split_lines(clean(description, JOB_CHARACTERS), MOST_LINES)
    knowledge = split_lines(clean(role_knowledge or "", ROLE_KNOWLEDGE_CHARACTERS), MOST_LINES)
    title_text, lines = _title_and_rest(clean(title or "", NAME_CHARACTERS), lines)
    company_words = frozenset(words(clean(company or "", NAME_CHARACTERS))) | {""}
    classified = [
        *requirement_lines.of_role_knowledge(sentences_of(knowledge)),
        *requirement_lines.of_description(sentences_of(lines), company),
    ]
    all_lines = [words(line.text) for line in (*knowledge, *lines)]
    all_words = [word for line in all_lines for word in line]
    return Job(
        title={term: weight_of(term) for term in sorted(set(terms(words(title_text))))},
        requirements=tuple(_requirements(classified, company_words)),
        vocabulary=frozenset(terms(all_words)) | frozenset(terms(words(title_text))),
        lines=frozenset(tuple(line) for line in all_lines),
        sequences=sequences_of(all_words),
    )


def sequences_of(all_words: list[str]) -> frozenset[tuple[str, ...]]:
    """Return every run of COPIED_SEQUENCE words."""
    last = len(all_words) - COPIED_SEQUENCE + 1
    return frozenset(tuple(all_words[start : start + COPIED_SEQUENCE]) for start in range(max(0, last)))


def _title_and_rest(title: str, lines: list[Line]) -> tuple[str, list[Line]]:
    """Return the title (given, labelled, or else a short first line) and the lines that follow it."""
    found = requirement_lines.find_title(lines)
    if found is None:
        return title, lines
    text, next_line = found
    return title or text, lines[next_line:]


def _requirements(classified: list[ClassifiedLine], company_words: frozenset[str]) -> Iterator[Requirement]:
    seen: set[tuple[Unit, ...]] = set()
    for line in classified:
        units = _units(line.text, company_words)
        years = None if line.importance is Importance.RESPONSIBILITY else years_named(line.text)
        if units and units not in seen and len(seen) < MOST_REQUIREMENTS:
            seen.add(units)
            yield Requirement(line.text, line.importance, line.source, units, years)


def _units(text: str, company_words: frozenset[str]) -> tuple[Unit, ...]:
    names = _names(text)
    line_terms = [term for term in terms(words(text)) if term not in company_words]
    weights = {
        term: weight_of(term, looks_like_a_name=term in names) for term in line_terms[:MOST_TERMS_OF_REQUIREMENT]
    }
    units = []
    for group in _alternatives(text, weights):
        units.append(Unit(group, max(weights[term] for term in group)))
        for term in group:
            weights.pop(term)
    return tuple(units + [Unit((term,), weight) for term, weight in sorted(weights.items())])


def _names(text: str) -> frozenset[str]:
    """Return the terms of `text` that are written with a capital although they do not begin the sentence."""
    found = list(WORD.finditer(text))[1:]
    return frozenset(term_of(match.group().lower()) for match in found if match.group()[0].isupper())


def _alternatives(text: str, weights: Mapping[str, float]) -> list[tuple[str, ...]]:
    """Return the groups of terms of which one is enough: "AWS, GCP or Azure"."""
    groups: list[tuple[str, ...]] = []
    taken: set[str] = set()
    for match in _ALTERNATIVES.finditer(text):
        group = {term for term in terms(words(match.group())) if term in weights} - taken
        if len(group) > 1:
            taken |= group
            groups.append(tuple(sorted(group)))
    return groups
