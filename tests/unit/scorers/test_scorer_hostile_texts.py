"""Texts that were made to hang or to break the scorer take a bounded time, wherever they stand."""

from __future__ import annotations

import time
from datetime import date

import pytest
from nova_server.ports.scorer import (
    MAX_CRITERIA,
    MAX_CRITERION_CHARACTERS,
    ApplicationAnswer,
    CriteriaTexts,
    CriterionText,
    Importance,
    ScoringInput,
)
from nova_server.scorers.local.criteria import derive_criteria
from nova_server.scorers.local.scorer import score

TODAY = date(2026, 11, 23)
JOB = """# Pipe Welder

Requirements
- 5 years of pipe welding
- TIG and MIG methods

Nice to have
- Underwater welding
"""
WELDER = """Jan Kowalski

Experience
Pipe Welder, Northyard, Gdansk | 2016 - 2024
- Welded pipes for 30 ships with TIG and MIG methods.

Skills
TIG, MIG, underwater welding
"""
# The slowest case takes 3 s here; catastrophic backtracking would take minutes.
MOST_SECONDS = 10

HOSTILE = {
    "one word": "a" * 102_400,
    "letters": "a " * 51_200,
    "half a date range": "2019 - " * 14_000,
    "months": "Jan 2019 - " * 9_000,
    "at signs": "a@" * 51_200,
    "commas": "a, " * 34_000,
    "alternatives": "a or " * 20_000,
    "a list of alternatives": "a, b or " * 12_000,
    "brackets": "(" * 102_400,
    "bullets": "- " * 51_200,
    "empty lines": "\n" * 102_400,
    "headings": "#\n" * 51_200,
    "short lines": "x\n" * 51_200,
    "distinct words": " ".join(f"w{number}" for number in range(15_000)),
    "distinct lines": "\n".join(f"TIG w{number} MIG welding" for number in range(4_000)),
    "unfolding characters": "\ufdfa" * 33_000,
    "spaces": " " * 102_400,
    "half an instruction": "ignore " * 15_000,
    "telephones": "+1 (23) " * 12_000,
    "addresses": "http://" * 14_000,
    "streets": "1 a " * 25_000,
    "colons": "a:" * 51_200,
    "years": "10 years " * 11_000,
    "half years": "1 " * 51_200,
    "pronouns": "she/" * 25_000,
    "markup": "**" * 51_200,
    "wrapped lines": ("abcdef " * 6 + "\n") * 2_400,
}


def seconds_since(began: float) -> float:
    return time.process_time() - began


def as_criteria(text: str) -> tuple[CriterionText, ...]:
    """Return as many criteria, each as long, as a caller may set, cut from `text`, which is repeated as needed."""
    length = MAX_CRITERION_CHARACTERS
    endless = (text * (1 + MAX_CRITERIA * length // len(text)))[: MAX_CRITERIA * length]
    return tuple(
        CriterionText(endless[start : start + length], tuple(Importance)[start // length % 3])
        for start in range(0, len(endless), length)
    )


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_takes_a_bounded_time(text: str) -> None:
    began = time.process_time()
    score(ScoringInput(JOB, text, TODAY))
    score(ScoringInput(text[:50_000], WELDER, TODAY, role_knowledge=text[:15_000]))
    score(ScoringInput(text[:50_000], text, TODAY, answers=(ApplicationAnswer(text, text),) * 500, context=text))

    assert seconds_since(began) < MOST_SECONDS


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_criteria_are_derived_from_a_hostile_text_in_a_bounded_time(text: str) -> None:
    began = time.process_time()
    found = derive_criteria(CriteriaTexts(text[:50_000], text[:15_000]))

    assert seconds_since(began) < MOST_SECONDS
    assert all(0 < len(criterion.text) <= MAX_CRITERION_CHARACTERS for criterion in found)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_criteria_take_a_bounded_time(text: str) -> None:
    criteria = as_criteria(text)
    assert len(criteria) == MAX_CRITERIA

    began = time.process_time()
    results = [score(ScoringInput(JOB, resume, TODAY, criteria=criteria)) for resume in (WELDER, text)]

    assert seconds_since(began) < MOST_SECONDS
    assert all(1 <= result.score <= 10 for result in results)
