"""What the texts of a job ask for, as criteria."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nova_server.ports.scorer import CriteriaTexts, CriterionText, Importance
from nova_server.scorers.local import requirement_lines
from nova_server.scorers.local.job_lines import read_job_lines
from nova_server.scorers.local.lines import sentences_of
from nova_server.scorers.local.requirement_lines import Asking, ClassifiedLine
from nova_server.scorers.local.requirements import requirements_of

# A job that asks for more than this is not read further; measured on real posts, 32 lines are usual.
MOST_CRITERIA: Final = 80

# A duty and a line under no heading say what the work is, which nobody called a condition.
_IMPORTANCE: Final = {
    Asking.MUST: Importance.MUST_HAVE,
    Asking.RESPONSIBILITY: Importance.PREFERRED,
    Asking.UNMARKED: Importance.PREFERRED,
    Asking.NICE: Importance.NICE_TO_HAVE,
}


def derive_criteria(texts: CriteriaTexts) -> tuple[CriterionText, ...]:
    """Return what the texts ask for: first the role knowledge, written for scoring, then the description.

    No two ask for the same. The same texts give the same criteria in every process.
    """
    asked = requirements_of(_criterion(line) for line in _classified(texts))
    return tuple(CriterionText(requirement.text, requirement.importance) for requirement in asked[:MOST_CRITERIA])


def _classified(texts: CriteriaTexts) -> Iterator[ClassifiedLine]:
    lines = read_job_lines(texts)
    yield from requirement_lines.of_role_knowledge(sentences_of(lines.role_knowledge))
    yield from requirement_lines.of_description(list(sentences_of(lines.description)))


def _criterion(line: ClassifiedLine) -> CriterionText:
    return CriterionText(" ".join(line.text.split()), _IMPORTANCE[line.asking])
