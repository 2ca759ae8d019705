"""What a verdict says agrees with its own counts, and with the score."""

from __future__ import annotations

from datetime import date

import pytest
from nova_server.ports.scorer import ScoreResult, ScoringInput
from nova_server.scorers.local.scorer import examine, score, score_of
from nova_server.scorers.local.weights import UNVERIFIED_SCORE

TODAY = date(2026, 11, 23)
ONE_LINE = "Backend engineer. Must have: five years of Python. Nice to have: PostgreSQL."
RESUME = """Ines Duarte
Backend engineer

Experience
Backend Engineer, Harbour Freight | {span}
- Built the booking service in Python, and kept it running.
- Tuned the PostgreSQL queries behind the timetable.
"""


def given(job: str, resume: str) -> ScoringInput:
    return ScoringInput(job, resume, TODAY)


def result(job: str, span: str = "2018 - 2025") -> ScoreResult:
    return score(given(job, RESUME.format(span=span)))


def test_a_fit_for_a_job_told_in_one_line_is_backed_by_its_counts_and_strengths() -> None:
    found = result(ONE_LINE)

    assert found.score >= 7
    assert "evidence for 1 of 1 key requirements" in found.assessment.verdict
    assert [strength.partition(" — ")[0] for strength in found.assessment.strengths] == [
        "five years of Python",
        "Backend engineer",
        "PostgreSQL",
    ]


def test_no_strong_fit_is_claimed_where_no_key_requirement_is_covered() -> None:
    undated = "\n".join(f"- Wrote the {part} of the payments desk in Python." for part in ("core", "tests", "tools"))
    application = given("Must have: five years of Python.", undated)
    _, _, _, fit = examine(application)
    assert score_of(fit.value) > UNVERIFIED_SCORE

    found = score(application)
    assert found.score == UNVERIFIED_SCORE
    assert found.assessment.verdict.startswith("Mixed or unverified fit: the application shows evidence for 0 of 1")


def test_requirements_that_are_met_in_parts_are_counted_beside_the_covered_ones() -> None:
    found = result("Must have: Python.\nMust have: PostgreSQL and Terraform.")

    assert "evidence for 1 of 2 key requirements and parts of 1 more" in found.assessment.verdict


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ("Harbour Road 5", "no dated related work where 5 years are asked"),
        ("June 2025 - August 2025", "less than a year of related work where 5 years are asked"),
        ("January 2024 - December 2024", "about 1 year of related work where 5 years are asked"),
        ("2018 - 2025", "about 7 years of related work where 5 years are asked"),
    ],
)
def test_the_years_of_a_verdict_are_those_found(span: str, words: str) -> None:
    assert words in result(ONE_LINE, span).assessment.verdict


def test_one_year_that_is_asked_is_named_as_one() -> None:
    assert "where 1 year is asked" in result("Must have: at least 1 year of Python.").assessment.verdict


def test_a_job_that_names_nothing_is_not_counted() -> None:
    assert "the job names nothing that can be looked for" in result("Backend engineer").assessment.verdict


def test_a_job_without_musts_counts_all_that_it_asks_for() -> None:
    assert (
        "evidence for 1 of 2 points asked for"
        in result("Nice to have: Python.\nNice to have: Kafka.").assessment.verdict
    )
