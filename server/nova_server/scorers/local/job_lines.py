"""The lines of a job's texts, parted from the title that a description may open with."""

from __future__ import annotations

from dataclasses import dataclass

from nova_server.ports.scorer import CriteriaTexts
from nova_server.scorers.local.lines import Line, split_lines
from nova_server.scorers.local.requirement_lines import find_title
from nova_server.scorers.local.terms import clean

JOB_CHARACTERS = 50_000
ROLE_KNOWLEDGE_CHARACTERS = 15_000
MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class JobLines:
    """What the texts of a job say. `title` is empty when the description opens with none."""

    title: str
    description: tuple[Line, ...]
    role_knowledge: tuple[Line, ...]


def read_job_lines(texts: CriteriaTexts) -> JobLines:
    """Return the lines of both texts, each read up to its limits."""
    description = split_lines(clean(texts.job_description, JOB_CHARACTERS), MOST_LINES)
    knowledge = split_lines(clean(texts.role_knowledge or "", ROLE_KNOWLEDGE_CHARACTERS), MOST_LINES)
    title, first_line = find_title(description) or ("", 0)
    return JobLines(title, tuple(description[first_line:]), tuple(knowledge))
