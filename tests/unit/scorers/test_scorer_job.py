"""What a job's texts ask for."""

from __future__ import annotations

import pytest
from nova_server.scorers.local.job import MOST_REQUIREMENTS, Requirement, analyse_job
from nova_server.scorers.local.weights import Importance

JOB = """
# Senior Backend Engineer

## About us
Globex is a family business, founded in 1956, that loves Haskell.

## Responsibilities
- Design services for invoicing.

## Requirements
- Python in production
- 5+ years of backend experience
- Experience with AWS, GCP or Azure

## Nice to have
- Terraform

## Benefits
- Dental insurance, a gym, and free lunch
- Globex is an equal opportunity employer.
"""


def found(description: str = JOB, **texts: str) -> dict[str, Requirement]:
    """Return the requirements by their text."""
    return {requirement.text: requirement for requirement in analyse_job(description, **texts).requirements}


def test_headings_say_how_firmly_a_line_asks() -> None:
    importance = {text: requirement.importance for text, requirement in found().items()}

    assert importance == {
        "Design services for invoicing.": Importance.RESPONSIBILITY,
        "Python in production": Importance.MUST,
        "5+ years of backend experience": Importance.MUST,
        "Experience with AWS, GCP or Azure": Importance.MUST,
        "Terraform": Importance.NICE,
    }


@pytest.mark.parametrize(
    ("line", "importance"),
    [
        ("Knowledge of Rust is a plus.", Importance.NICE),
        ("Ideally you know Rust.", Importance.NICE),
        ("You must hold a forklift licence.", Importance.MUST),
        ("At least 3 years of welding.", Importance.MUST),
        ("Prepare quarterly tax filings.", Importance.UNMARKED),
    ],
)
def test_without_headings_a_line_says_it_by_its_own_words(line: str, importance: Importance) -> None:
    assert found(line)[line].importance is importance


@pytest.mark.parametrize(
    "line",
    [
        "We are an equal opportunity employer.",
        "All qualified applicants are considered regardless of religion.",
        "Salary $90,000 to $120,000",
        "£30,000 depending on skill",
        "401(k) with matching",
        "28 days of annual leave and a pension",
        "We offer Python courses.",
        "Founded in 2010, we serve 200 hospitals with Python.",
        "Apply now with your portfolio.",
        "Front-end work is not required.",
        "Leeds, UK · full-time",
    ],
)
def test_blurb_benefits_and_notices_ask_nothing(line: str) -> None:
    assert found(f"Requirements:\n- {line}\n- Python").keys() == {"Python"}


def test_a_line_about_the_company_asks_nothing_and_its_name_is_no_term() -> None:
    requirements = found("Initech makes printers.\nYou must know Initech printers.", company="Initech")

    assert list(requirements) == ["You must know Initech printers."]
    assert "initech" not in {term for unit in next(iter(requirements.values())).units for term in unit.terms}


def test_the_title_is_taken_from_the_first_line_and_a_given_one_wins() -> None:
    assert "back-end" in analyse_job(JOB).title
    assert set(analyse_job(JOB, "Plumber").title) == {"plumb"}


@pytest.mark.parametrize("opening", ["Job title\nPlumber\n", "Job title: Plumber\n", "## Job Title\n\nPlumber\n"])
def test_a_labelled_title_is_found(opening: str) -> None:
    assert set(analyse_job(opening + "Requirements\n- copper").title) == {"plumb"}


def test_any_one_of_several_alternatives_is_enough() -> None:
    units = found()["Experience with AWS, GCP or Azure"].units

    assert [unit.terms for unit in units] == [("amazon-web-services", "azur", "google-cloud")]


def test_a_plain_list_is_taken_apart() -> None:
    assert list(found("Required skills\nPython, SQL, Docker and Kafka")) == ["Python", "SQL", "Docker and Kafka"]


def test_years_are_read_from_a_requirement_and_not_from_a_duty() -> None:
    description = "Responsibilities\n- Plan the next 2 years\nRequirements\n- 4 years of Go"

    asked = {text: requirement.years for text, requirement in found(description).items()}

    assert asked["4 years of Go"] == 4
    assert "Plan the next 2 years" not in asked or asked["Plan the next 2 years"] is None


def test_role_knowledge_adds_requirements_with_their_source() -> None:
    requirements = found(role_knowledge="Team values people who built systems from scratch.\nMust know Erlang.")

    assert requirements["Must know Erlang."].importance is Importance.MUST
    assert requirements["Must know Erlang."].source == "role knowledge"
    assert requirements["Python in production"].source == "job description"


@pytest.mark.parametrize(
    "knowledge", ["Strong preference for databases over frontend backgrounds.", "Databases rather than frontend."]
)
def test_what_is_wanted_less_is_not_asked_for(knowledge: str) -> None:
    terms = {
        term
        for requirement in analyse_job("Requirements\n- x", None, None, knowledge).requirements
        for unit in requirement.units
        for term in unit.terms
    }

    assert "databas" in terms
    assert "front-end" not in terms


@pytest.mark.parametrize("knowledge", ["Avoid job hoppers from Oracle.", "We do not want Oracle people."])
def test_what_is_to_be_avoided_is_not_asked_for(knowledge: str) -> None:
    assert (
        analyse_job("Requirements\n- Python", None, None, knowledge).requirements
        == analyse_job("Requirements\n- Python").requirements
    )


def test_a_repeated_requirement_counts_once() -> None:
    assert len(found("Requirements\n- Python\n- Python.\n- PYTHON")) == 1


def test_a_requirement_of_fillers_weighs_less_than_one_that_names_tools_and_is_not_shown() -> None:
    requirements = found("Requirements\n- Strong communication in teams\n- Kafka on Kubernetes")

    assert requirements["Strong communication in teams"].weight < requirements["Kafka on Kubernetes"].weight
    assert not requirements["Strong communication in teams"].specific
    assert requirements["Kafka on Kubernetes"].specific


def test_a_job_text_without_end_yields_a_bounded_number_of_requirements() -> None:
    lines = "\n".join(f"- tool{number}x" for number in range(5000))

    assert len(analyse_job("Requirements\n" + lines).requirements) == MOST_REQUIREMENTS


def test_the_analysis_of_a_job_is_kept() -> None:
    assert analyse_job(JOB, "a title") is analyse_job(JOB, "a title")


@pytest.mark.parametrize("description", ["", " ", "…", "\n\n", "###", "- -"])
def test_a_job_text_without_words_asks_nothing(description: str) -> None:
    assert analyse_job(description).requirements == ()
