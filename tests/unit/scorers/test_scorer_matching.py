"""How well evidence covers requirements."""

from __future__ import annotations

from datetime import date

import pytest
from nova_server.ports.scorer import ApplicationAnswer, ScoringInput
from nova_server.scorers.local.matching import Finding, Fit
from nova_server.scorers.local.scorer import examine
from nova_server.scorers.local.weights import LISTED

TODAY = date(2026, 11, 23)


def fit_of(job: str, resume: str, job_title: str | None = None) -> Fit:
    """Return the fit of a resume for a job."""
    return examine(ScoringInput(job, resume, TODAY, job_title))[3]


def finding_for(requirement: str, resume: str) -> Finding:
    """Return what is found in a resume for the only requirement of a job."""
    (finding,) = fit_of(f"Requirements\n- {requirement}", resume).findings
    return finding


def test_a_requirement_in_one_line_of_work_is_wholly_covered() -> None:
    finding = finding_for("Kafka and Terraform", "Experience\nRan Kafka clusters with Terraform.")

    assert finding.cover == 1
    assert finding.best_line == 0
    assert finding.missing == ()


def test_a_requirement_scattered_over_lines_is_covered_less() -> None:
    together = finding_for("Kafka and Terraform", "Experience\nRan Kafka clusters with Terraform.")
    scattered = finding_for("Kafka and Terraform", "Experience\nRan Kafka clusters.\nUsed Terraform.")

    assert 0.5 < scattered.cover < together.cover


def test_half_a_requirement_is_half_covered_and_the_rest_named() -> None:
    finding = finding_for("Kafka and Terraform", "Experience\nRan Kafka clusters.")

    assert finding.cover == pytest.approx(0.5, abs=0.1)
    assert finding.missing == ("terraform",)


def test_a_requirement_that_is_nowhere_is_not_covered() -> None:
    finding = finding_for("Kafka and Terraform", "Experience\nServed coffee.")

    assert (finding.cover, finding.best, finding.best_line) == (0, 0, None)


def test_a_skill_that_is_only_listed_counts_a_little_less() -> None:
    finding = finding_for("Terraform", "Skills\nTerraform")

    assert finding.only_listed
    assert finding.cover == pytest.approx(LISTED)
    assert not finding_for("Terraform", "Experience\nUsed Terraform daily.").only_listed


@pytest.mark.parametrize("cloud", ["AWS", "Amazon Web Services", "GCP", "Azure"])
def test_one_of_several_alternatives_covers_the_requirement(cloud: str) -> None:
    assert finding_for("AWS, GCP or Azure", f"Experience\nRan servers on {cloud}.").cover == 1


def test_a_word_inside_another_is_no_evidence() -> None:
    assert finding_for("Go", "Experience\nGoogle and Django and cargo.").cover == 0
    assert finding_for("Java", "Experience\nJavaScript").cover == 0


@pytest.mark.parametrize(("years", "cover"), [("2021 - 2026", 1.0), ("2023 - 2025", 0.7), ("2016 - 2026", 1.0)])
def test_years_count_up_to_those_asked_and_no_further(years: str, cover: float) -> None:
    finding = finding_for("5 years of welding", f"Experience\nWelding at Northyard {years}")

    assert finding.cover == pytest.approx(cover)


def test_years_of_other_work_are_no_years_of_this() -> None:
    resume = (
        "Experience\nBarista at Bean There 2010 - 2025\n- Served coffee.\nWelder at Northyard 2025 - 2026\n- Welding."
    )

    assert finding_for("5 years of welding", resume).years_found == 1


def test_years_without_dates_are_taken_at_their_word() -> None:
    assert finding_for("5 years of welding", "Summary\nWelder with seven years of welding.").years_found == 7


def test_years_that_dates_contradict_are_not_taken_at_their_word() -> None:
    resume = (
        "Summary\nWelder with twenty years of welding, that is 20 years.\nExperience\nWelding, Northyard 2024 - 2026"
    )

    assert finding_for("5 years of welding", resume).years_found == 2


def test_a_term_in_more_lines_of_work_goes_deeper() -> None:
    once = fit_of("Requirements\n- Kafka", "Experience\nRan Kafka.")
    often = fit_of("Requirements\n- Kafka", "Experience\nRan Kafka.\nTuned Kafka brokers.\nMoved Kafka to a new site.")

    assert once.coverage == often.coverage
    assert once.depth < often.depth < 1


def test_a_must_counts_for_more_than_what_is_nice_to_have() -> None:
    job = "Requirements\n- Kafka\nNice to have\n- Terraform"

    assert fit_of(job, "Experience\nRan Kafka.").value > fit_of(job, "Experience\nRan Terraform.").value


def test_the_title_is_looked_for_in_short_lines_only() -> None:
    job = "Requirements\n- Kafka"
    sentence = "I was a plumber for many years before I learned that pipes and drains are not all there is in life."

    assert fit_of(job, "Experience\nPlumber, Leeds", job_title="Plumber").title == 1
    assert fit_of(job, f"Experience\n{sentence}", job_title="Plumber").title == 0


def test_a_job_without_requirements_fits_nobody() -> None:
    assert fit_of("…", "Experience\nRan Kafka.").value == 0


def test_an_answer_can_cover_a_requirement() -> None:
    answers = (ApplicationAnswer("Do you know Terraform?", "Yes"),)
    (finding,) = examine(ScoringInput("Requirements\n- Terraform", "Experience\nWelded.", TODAY, answers=answers))[
        3
    ].findings

    assert finding.cover == pytest.approx(LISTED)
