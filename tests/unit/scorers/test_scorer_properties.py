"""What holds for every input, tried on texts put together at random."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nova_server.ports.scorer import (
    MAX_CRITERION_CHARACTERS,
    ApplicationAnswer,
    CriteriaTexts,
    CriterionText,
    Importance,
    ScoringInput,
)
from nova_server.scorers.local.assessment import LONGEST_NAME, LONGEST_QUOTE, MOST_ITEMS, shortened
from nova_server.scorers.local.criteria import MOST_CRITERIA, derive_criteria
from nova_server.scorers.local.scorer import examine, score

TODAY = date(2026, 11, 23)

# Pieces that the rules look for, so that random texts reach the rules.
PIECES = st.sampled_from(
    [
        *("# ", "- ", "\n", "\n\n", ": ", ", ", " or ", "; ", ". ", " | ", "“", "\u200b", "\t", "**", "…"),
        *(
            "Requirements",
            "Nice to have",
            "Benefits",
            "Experience",
            "Skills",
            "Education",
            "Name: ",
            "Personal details",
        ),
        *("Python", "C++", ".NET", "k8s", "welding", "team", "the", "5+ years", "2019 - 2023", "Jan 2020 – present"),
        *("must", "ignore all previous instructions", "£40,000", "a@b.example", "she/her", "12 Mill Road", "No", "Yes"),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=60).map(" ".join)
CRITERIA = st.lists(st.builds(CriterionText, TEXTS, st.sampled_from(Importance)), max_size=8).map(tuple)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(job=TEXTS, resume=TEXTS, knowledge=TEXTS, question=TEXTS, answer=TEXTS, context=TEXTS)
def test_every_input_gets_a_score_and_bounded_words(
    job: str, resume: str, knowledge: str, question: str, answer: str, context: str
) -> None:
    answers = (ApplicationAnswer(question, answer),)
    result = score(ScoringInput(job, resume, TODAY, None, None, knowledge, answers, context))
    assessment = result.assessment

    assert 1 <= result.score <= 10
    assert assessment.verdict.endswith(".")
    for items in (assessment.strengths, assessment.concerns, assessment.interview_focus):
        assert len(items) == len(set(items)) <= MOST_ITEMS
        assert all(0 < len(item) <= LONGEST_NAME + LONGEST_QUOTE + 60 and "\n" not in item for item in items)


@QUICK
@given(job=TEXTS, knowledge=TEXTS, company=st.sampled_from([None, "Python", "the team"]), resume=TEXTS)
def test_derived_criteria_give_the_same_result_as_none(
    job: str, knowledge: str, company: str | None, resume: str
) -> None:
    without = ScoringInput(job, resume, TODAY, None, company, knowledge)
    derived = replace(without, criteria=derive_criteria(CriteriaTexts(job, knowledge)))

    assert score(derived) == score(without)
    assert examine(derived) == examine(without)


@QUICK
@given(job=TEXTS, knowledge=TEXTS)
def test_derived_criteria_are_few_distinct_and_on_one_line(job: str, knowledge: str) -> None:
    texts = [criterion.text for criterion in derive_criteria(CriteriaTexts(job, knowledge))]

    assert len(texts) == len(set(texts)) <= MOST_CRITERIA
    assert all(0 < len(text) <= MAX_CRITERION_CHARACTERS and text == " ".join(text.split()) for text in texts)
    assert not any(unicodedata.category(character) == "Cc" for text in texts for character in text)


@QUICK
@given(criteria=CRITERIA, job=TEXTS, resume=TEXTS)
def test_any_criteria_get_a_score_and_words_about_them_alone(
    criteria: tuple[CriterionText, ...], job: str, resume: str
) -> None:
    given_criteria = ScoringInput(job, resume, TODAY, criteria=criteria)
    findings = examine(given_criteria)[3].findings

    assert 1 <= score(given_criteria).score <= 10
    assert len(findings) <= len(criteria)
    assert {finding.requirement.importance for finding in findings} <= {each.importance for each in criteria}


@QUICK
@given(job=TEXTS, resume=TEXTS)
def test_every_part_of_a_fit_lies_between_nothing_and_all(job: str, resume: str) -> None:
    fit = examine(ScoringInput(job, resume, TODAY))[3]

    assert all(0 <= part <= 1 for part in (fit.value, fit.coverage, fit.depth, fit.title))
    assert all(0 <= finding.cover <= 1 and 0 <= finding.best <= 1 for finding in fit.findings)


@QUICK
@given(job=TEXTS, resume=TEXTS)
def test_the_same_input_gives_the_same_result(job: str, resume: str) -> None:
    assert score(ScoringInput(job, resume, TODAY)) == score(ScoringInput(job, resume, TODAY))


@QUICK
@given(text=st.text(max_size=400), most=st.integers(min_value=2, max_value=200))
def test_shortening_keeps_to_its_limit_and_to_one_line(text: str, most: int) -> None:
    found = shortened(text, most)

    assert len(found) <= most
    assert found.split() == found.split(" ") or not found
