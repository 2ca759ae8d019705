"""How well the evidence covers what a job asks for."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nova_server.ports.scorer import Importance
from nova_server.scorers.local.application import Application, Section
from nova_server.scorers.local.dates import years_in, years_named
from nova_server.scorers.local.gaming import Reading
from nova_server.scorers.local.job import Job
from nova_server.scorers.local.requirements import Requirement
from nova_server.scorers.local.weights import (
    COVERAGE_SHARE,
    DEPTH_SATURATION,
    DEPTH_SHARE,
    DESCRIBED,
    LISTED,
    RELATED_WORK,
    SAME_LINE_SHARE,
    TITLE_SHARE,
    UNRELATED_YEARS_FACTOR,
    YEARS_SHARE,
)

_DECIMALS = 6
# A title stands in a short line; a sentence that happens to hold its words is none.
_LONGEST_TITLE_LINE = 80


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found for one requirement. `best_line` is the index of the line that proves the `best` part of it."""

    requirement: Requirement
    cover: float
    best: float
    best_line: int | None
    missing: tuple[str, ...]
    only_listed: bool
    years_found: float | None


@dataclass(frozen=True, slots=True)
class Fit:
    """How well an application fits a job, in parts from 0 to 1."""

    value: float
    coverage: float
    depth: float
    title: float
    findings: tuple[Finding, ...]
    total_years: float

    @property
    def has_musts(self) -> bool:
        """Tell whether anything is asked for firmly."""
        return any(_is_must(finding) for finding in self.findings)

    @property
    def key_findings(self) -> tuple[Finding, ...]:
        """Return what was found for the firm requirements, or for all when none is firm."""
        return tuple(filter(_is_must, self.findings)) or self.findings


def _is_must(finding: Finding) -> bool:
    return finding.requirement.importance is Importance.MUST_HAVE


@dataclass(frozen=True, slots=True)
class _Evidence:
    """The application turned around: for each term the lines that hold it."""

    application: Application
    reading: Reading
    lines_of: Mapping[str, Sequence[int]]
    total_years: float

    def strength(self, term: str) -> float:
        """Return how well `term` is shown anywhere, from 0 to 1."""
        return max((self.line_strength(index) for index in self.lines_of.get(term, ())), default=0.0)

    def line_strength(self, index: int) -> float:
        return LISTED if self.application.lines[index].section is Section.SKILLS else DESCRIBED


def match(job: Job, application: Application, reading: Reading) -> Fit:
    """Return the fit. Sums go over sorted or ordered values, so that every process finds the same bits."""
    lines_of: defaultdict[str, list[int]] = defaultdict(list)
    for index, line_terms in enumerate(reading.terms):
        for term in line_terms:
            lines_of[term].append(index)
    total_years = max(years_in(application.works), _years_claimed(application))
    evidence = _Evidence(application, reading, lines_of, total_years)
    findings = tuple(_find(requirement, evidence) for requirement in job.requirements)
    coverage, depth, title = _coverage(findings), _depth(job, evidence), _title(job, evidence)
    value = _weighted((COVERAGE_SHARE, coverage), (DEPTH_SHARE, depth), (TITLE_SHARE if job.title else 0, title))
    return Fit(value, coverage, depth, title, findings, total_years)


def _weighted(*parts: tuple[float, float]) -> float:
    share = math.fsum(share for share, _ in parts)
    return round(math.fsum(share * value for share, value in parts) / share, _DECIMALS) if share else 0.0


def _years_claimed(application: Application) -> float:
    """Return the years that the resume itself speaks of, for those that give no dates."""
    claims = (years_named(line.text) for line in application.lines if "year" in line.text.lower())
    return 0.0 if application.works else max((claim for claim in claims if claim), default=0.0)


def _find(requirement: Requirement, evidence: _Evidence) -> Finding:
    total = math.fsum(unit.weight for unit in requirement.units)
    strengths = [max(evidence.strength(term) for term in unit.terms) for unit in requirement.units]
    anywhere = math.fsum(unit.weight * found for unit, found in zip(requirement.units, strengths, strict=True)) / total
    best_line, best = _best_line(requirement, evidence)
    cover = (1 - SAME_LINE_SHARE) * anywhere + SAME_LINE_SHARE * best / total
    years = _years_for(requirement, evidence) if requirement.years else None
    if requirement.years and years is not None:
        credited = max(years, evidence.total_years * UNRELATED_YEARS_FACTOR)
        cover *= 1 - YEARS_SHARE + YEARS_SHARE * min(1.0, credited / requirement.years)
    return Finding(
        requirement=requirement,
        cover=round(min(1.0, cover), _DECIMALS),
        best=round(best / total, _DECIMALS),
        best_line=best_line,
        missing=tuple(
            " / ".join(unit.terms) for unit, found in zip(requirement.units, strengths, strict=True) if not found
        ),
        only_listed=_only_listed(requirement, strengths),
        years_found=years,
    )


def _only_listed(requirement: Requirement, strengths: Sequence[float]) -> bool:
    """Tell whether what is listed, and described nowhere, holds at least half of what was found."""
    found = [(unit.weight, strength) for unit, strength in zip(requirement.units, strengths, strict=True) if strength]
    listed = math.fsum(weight for weight, strength in found if strength < DESCRIBED)
    return bool(found) and listed >= math.fsum(weight for weight, _ in found) / 2


def _best_line(requirement: Requirement, evidence: _Evidence) -> tuple[int | None, float]:
    """Return the line that holds the most of the requirement; the earliest of equals."""
    held = _held_by_line(requirement, evidence)
    if not held:
        return None, 0.0
    best = max(sorted(held), key=lambda index: held[index])
    return best, held[best]


def _held_by_line(requirement: Requirement, evidence: _Evidence) -> dict[int, float]:
    held: defaultdict[int, float] = defaultdict(float)
    for unit in requirement.units:
        for index in sorted({index for term in unit.terms for index in evidence.lines_of.get(term, ())}):
            held[index] += unit.weight * evidence.line_strength(index)
    return held


def _years_for(requirement: Requirement, evidence: _Evidence) -> float:
    """Return the years of dated work that speak of the requirement; without any dates, the years that are claimed."""
    works = evidence.application.works
    if not works:
        return evidence.total_years
    total = math.fsum(unit.weight for unit in requirement.units)
    return years_in(
        works[work]
        for work, held in sorted(_held_by_work(requirement, evidence).items())
        if math.fsum(requirement.units[number].weight for number in sorted(held)) >= RELATED_WORK * total
    )


def _held_by_work(requirement: Requirement, evidence: _Evidence) -> dict[int, set[int]]:
    """Return, for each dated work that speaks of the requirement, the numbers of the units it holds."""
    held: defaultdict[int, set[int]] = defaultdict(set)
    for number, unit in enumerate(requirement.units):
        for index in (index for term in unit.terms for index in evidence.lines_of.get(term, ())):
            work = evidence.application.lines[index].work
            if work is not None:
                held[work].add(number)
    return held


def _coverage(findings: Sequence[Finding]) -> float:
    return _weighted(*((finding.requirement.weight, finding.cover) for finding in findings))


def _depth(job: Job, evidence: _Evidence) -> float:
    """Return how often the job's terms come back, saturating as in BM25, weighted by what asks for them."""
    weights: defaultdict[str, float] = defaultdict(float)
    for requirement in job.requirements:
        for unit in requirement.units:
            for term in unit.terms:
                weights[term] = max(weights[term], unit.weight * requirement.weight / len(unit.terms))
    return _weighted(
        *((weight, _saturated(len(evidence.lines_of.get(term, ())))) for term, weight in sorted(weights.items()))
    )


def _saturated(lines: int) -> float:
    return lines / (lines + DEPTH_SATURATION)


def _title(job: Job, evidence: _Evidence) -> float:
    """Return how much of the job's title one short line of the resume holds."""
    total = math.fsum(job.title.values())
    if not total:
        return 0.0
    held: defaultdict[int, float] = defaultdict(float)
    for term, weight in job.title.items():
        for index in evidence.lines_of.get(term, ()):
            if len(evidence.application.lines[index].text) <= _LONGEST_TITLE_LINE:
                held[index] += weight
    return round(max(held.values(), default=0.0) / total, _DECIMALS)
