"""What an application is compared with: the criteria of a job, and its texts around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from nova_server.ports.scorer import MAX_CRITERIA, CriteriaTexts, CriterionText
from nova_server.scorers.local.criteria import derive_criteria
from nova_server.scorers.local.job_lines import read_job_lines
from nova_server.scorers.local.requirements import Requirement, requirements_of
from nova_server.scorers.local.terms import clean, terms, weight_of, words
from nova_server.scorers.local.weights import COPIED_SEQUENCE

# Of a title, or of a company's name.
NAME_CHARACTERS = 500
# The largest job takes 20 MB, and a child process may take 1 GB.
_CACHED_JOBS = 16


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for. By `lines` and `sequences`, its runs of six words, copied text is known."""

    title: Mapping[str, float]
    requirements: tuple[Requirement, ...]
    vocabulary: frozenset[str]
    lines: frozenset[tuple[str, ...]]
    sequences: frozenset[tuple[str, ...]]


@lru_cache(maxsize=_CACHED_JOBS)
def analyse_job(
    description: str,
    title: str | None = None,
    company: str | None = None,
    role_knowledge: str | None = None,
    criteria: tuple[CriterionText, ...] | None = None,
) -> Job:
    """Return what is asked for: the criteria, or else those that follow from the texts.

    The last few jobs are kept, because a batch shares one.
    """
    texts = CriteriaTexts(description, role_knowledge)
    criteria = derive_criteria(texts) if criteria is None else criteria[:MAX_CRITERIA]
    requirements = requirements_of(criteria, frozenset(words(clean(company or "", NAME_CHARACTERS))))
    lines = read_job_lines(texts)
    title_terms = terms(words(clean(title or "", NAME_CHARACTERS) or lines.title))
    text_lines = [words(line.text) for line in (*lines.role_knowledge, *lines.description)]
    text_words = [word for line in text_lines for word in line]
    criteria_lines = [words(requirement.text) for requirement in requirements]
    return Job(
        title={term: weight_of(term) for term in sorted(set(title_terms))},
        requirements=requirements,
        vocabulary=frozenset(terms(text_words)).union(title_terms, *(_terms_of(each) for each in requirements)),
        lines=frozenset(tuple(line) for line in (*text_lines, *criteria_lines)),
        sequences=sequences_of(text_words).union(*(sequences_of(line) for line in criteria_lines)),
    )


def _terms_of(requirement: Requirement) -> list[str]:
    return [term for unit in requirement.units for term in unit.terms]


def sequences_of(all_words: list[str]) -> frozenset[tuple[str, ...]]:
    """Return every run of COPIED_SEQUENCE words."""
    last = len(all_words) - COPIED_SEQUENCE + 1
    return frozenset(tuple(all_words[start : start + COPIED_SEQUENCE]) for start in range(max(0, last)))
