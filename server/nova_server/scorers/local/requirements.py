"""From criteria to what is looked for in an application."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nova_server.ports.scorer import MAX_CRITERION_CHARACTERS, CriterionText, Importance
from nova_server.scorers.local.dates import years_named
from nova_server.scorers.local.terms import WORD, clean, term_of, terms, weight_of, words
from nova_server.scorers.local.weights import FULL_REQUIREMENT_WEIGHT, IMPORTANCE, PLAIN_TERM

MOST_TERMS_OF_REQUIREMENT = 30

_ALTERNATIVES = re.compile(r"(?:[\w+#.-]{1,30}, ){0,5}[\w+#.-]{1,30},? or [\w+#.-]{1,30}")


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of a requirement that any of `terms` satisfies."""

    terms: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Requirement:
    """A criterion, taken apart into what can be looked for."""

    text: str
    importance: Importance
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


def requirements_of(
    criteria: Iterable[CriterionText], company_words: frozenset[str] = frozenset()
) -> tuple[Requirement, ...]:
    """Return what `criteria` ask for, in their order. One without a term asks nothing.

    Of those that ask for the same, the firmest counts, in the place of the first.
    """
    firmest: dict[tuple[frozenset[tuple[str, ...]], float | None], Requirement] = {}
    for criterion in criteria:
        requirement = _requirement(criterion, company_words)
        asked = (frozenset(unit.terms for unit in requirement.units), requirement.years)
        known = firmest.setdefault(asked, requirement)
        if IMPORTANCE[requirement.importance] > IMPORTANCE[known.importance]:
            firmest[asked] = requirement
    return tuple(requirement for requirement in firmest.values() if requirement.units)


def _requirement(criterion: CriterionText, company_words: frozenset[str]) -> Requirement:
    text = clean(criterion.text, MAX_CRITERION_CHARACTERS)
    line_terms = terms(words(text))
    asked = [term for term in line_terms if term not in company_words]
    # A must that names nothing but the company is about what the company makes.
    if not asked and criterion.importance is Importance.MUST_HAVE:
        asked = line_terms
    return Requirement(text, criterion.importance, _units(text, asked), years_named(text))


def _units(text: str, line_terms: list[str]) -> tuple[Unit, ...]:
    names = _names(text)
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
