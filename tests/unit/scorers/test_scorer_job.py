"""What an application is compared with."""

from __future__ import annotations

import pytest
from nova_server.ports.scorer import MAX_CRITERIA, CriteriaTexts, CriterionText, Importance
from nova_server.scorers.local.criteria import derive_criteria
from nova_server.scorers.local.job import Job, analyse_job
from nova_server.scorers.local.terms import words

JOB = """# Senior Backend Engineer

## Requirements
- Python in production
- Initech printers
"""
WELDING = (CriterionText("Weld pipes of copper, zinc and titanium under water", Importance.MUST_HAVE),)


def requirements_of(job: Job) -> list[tuple[str, Importance]]:
    return [(requirement.text, requirement.importance) for requirement in job.requirements]


def test_without_criteria_a_job_asks_for_what_follows_from_its_texts() -> None:
    job = analyse_job(JOB, role_knowledge="Ideally knows Kafka.")

    assert requirements_of(job) == [
        ("Ideally knows Kafka.", Importance.NICE_TO_HAVE),
        ("Python in production", Importance.MUST_HAVE),
        ("Initech printers", Importance.MUST_HAVE),
    ]


def test_derived_criteria_make_the_same_job_as_none() -> None:
    texts = CriteriaTexts(JOB, "Ideally knows Kafka.")

    derived = analyse_job(JOB, "Plumber", "Initech", texts.role_knowledge, derive_criteria(texts))

    assert derived == analyse_job(JOB, "Plumber", "Initech", texts.role_knowledge)


def test_given_criteria_replace_those_of_the_texts() -> None:
    assert requirements_of(analyse_job(JOB, criteria=WELDING)) == [(WELDING[0].text, Importance.MUST_HAVE)]


def test_a_job_whose_criteria_are_empty_asks_for_nothing() -> None:
    assert requirements_of(analyse_job(JOB, criteria=())) == []


@pytest.mark.parametrize("criteria", [None, WELDING, ()], ids=["derived", "given", "empty"])
def test_the_texts_of_a_job_stay_around_its_criteria(criteria: tuple[CriterionText, ...] | None) -> None:
    job = analyse_job(JOB, None, None, "They built their own compilers for the fun of it.", criteria)

    assert "back-end" in job.title
    assert {"python", "compil", "back-end"} <= job.vocabulary
    assert ("python", "in", "production") in job.lines
    assert ("built", "their", "own", "compilers", "for", "the") in job.sequences


def test_words_of_given_criteria_are_words_of_the_job() -> None:
    job = analyse_job(JOB, criteria=WELDING)

    assert {"weld", "titanium"} <= job.vocabulary
    assert tuple(words(WELDING[0].text)) in job.lines
    assert ("weld", "pipes", "of", "copper", "zinc", "and") in job.sequences


def test_two_criteria_that_follow_each_other_make_no_run_of_words() -> None:
    job = analyse_job(
        "A job.", criteria=tuple(CriterionText(f"alpha{n} beta{n}", Importance.PREFERRED) for n in range(9))
    )

    assert not job.sequences


def test_the_name_of_the_company_is_no_term_of_what_is_asked() -> None:
    units = analyse_job(JOB, None, "Initech").requirements[1].units

    assert [unit.terms for unit in units] == [("print",)]


def test_the_title_is_taken_from_the_first_line_and_a_given_one_wins() -> None:
    assert "back-end" in analyse_job(JOB).title
    assert set(analyse_job(JOB, "Plumber").title) == {"plumb"}


@pytest.mark.parametrize("opening", ["Job title\nPlumber\n", "Job title: Plumber\n", "## Job Title\n\nPlumber\n"])
def test_a_labelled_title_is_found(opening: str) -> None:
    assert set(analyse_job(opening + "Requirements\n- copper").title) == {"plumb"}


def test_more_criteria_than_a_caller_may_set_are_not_read() -> None:
    criteria = tuple(CriterionText(f"tool{number}x", Importance.PREFERRED) for number in range(MAX_CRITERIA + 1))

    assert len(analyse_job(JOB, criteria=criteria).requirements) == MAX_CRITERIA


def test_the_analysis_of_a_job_is_kept() -> None:
    again = tuple(CriterionText(criterion.text, criterion.importance) for criterion in WELDING)

    assert analyse_job(JOB, "a title") is analyse_job(JOB, "a title")
    assert analyse_job(JOB, criteria=WELDING) is analyse_job(JOB, criteria=again)


@pytest.mark.parametrize("description", ["", " ", "…", "\n\n", "###", "- -"])
def test_a_job_text_without_words_asks_nothing(description: str) -> None:
    assert analyse_job(description).requirements == ()
