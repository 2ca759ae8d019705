"""What is looked for of each criterion."""

from __future__ import annotations

import pytest
from nova_server.ports.scorer import CriterionText, Importance
from nova_server.scorers.local.requirements import MOST_TERMS_OF_REQUIREMENT, Requirement, requirements_of
from nova_server.scorers.local.weights import IMPORTANCE

MUST, PREFERRED, NICE = Importance.MUST_HAVE, Importance.PREFERRED, Importance.NICE_TO_HAVE


def required(text: str, *, importance: Importance = MUST, company: str = "") -> Requirement:
    """Return the requirement that one criterion makes."""
    (requirement,) = requirements_of([CriterionText(text, importance)], frozenset(company.lower().split()))
    return requirement


def terms_of(requirement: Requirement) -> list[str]:
    return [term for unit in requirement.units for term in unit.terms]


def test_any_one_of_several_alternatives_is_enough() -> None:
    units = required("Experience with AWS, GCP or Azure").units

    assert [unit.terms for unit in units] == [("amazon-web-services", "azur", "google-cloud")]


@pytest.mark.parametrize("importance", Importance)
@pytest.mark.parametrize(("text", "years"), [("4 years of Go", 4), ("Go", None), ("Own the five-year plan", None)])
def test_years_are_read_from_a_criterion_of_any_importance(
    text: str, years: float | None, importance: Importance
) -> None:
    assert required(text, importance=importance).years == years


def test_the_firmer_a_criterion_the_more_it_weighs() -> None:
    weights = [required("Kafka on Kubernetes", importance=importance).weight for importance in Importance]

    assert weights == [IMPORTANCE[importance] for importance in (MUST, PREFERRED, NICE)]
    assert weights == sorted(set(weights), reverse=True)


def test_a_criterion_of_fillers_weighs_less_than_one_that_names_tools_and_is_not_shown() -> None:
    fillers, tools = required("Strong communication in teams"), required("Kafka on Kubernetes")

    assert fillers.weight < tools.weight
    assert not fillers.specific
    assert tools.specific


@pytest.mark.parametrize("text", ["", " ", "\n", "🙂🙂", "…", "\x00", "the and of", "12"])
def test_a_criterion_without_a_term_asks_nothing(text: str) -> None:
    assert requirements_of([CriterionText(text, MUST)]) == ()


def test_the_words_of_the_company_are_not_looked_for() -> None:
    assert terms_of(required("Initech printers", company="Initech")) == ["print"]


@pytest.mark.parametrize(("importance", "looked_for"), [(MUST, 1), (PREFERRED, 0), (NICE, 0)])
def test_only_a_must_that_names_nothing_but_the_company_is_about_its_product(
    importance: Importance, looked_for: int
) -> None:
    criteria = [CriterionText("Experience with Initech", importance)]

    assert len(requirements_of(criteria, frozenset({"initech"}))) == looked_for


def test_of_alike_criteria_the_firmest_counts_in_the_place_of_the_first() -> None:
    criteria = [
        CriterionText("Experience in Python.", NICE),
        CriterionText("Kafka", MUST),
        CriterionText("Python", MUST),
        CriterionText("python!", PREFERRED),
    ]

    found = [(requirement.text, requirement.importance) for requirement in requirements_of(criteria)]

    assert found == [("Python", MUST), ("Kafka", MUST)]


def test_criteria_that_differ_in_years_are_not_alike() -> None:
    criteria = [CriterionText("Python", MUST), CriterionText("5 years of Python", MUST)]

    assert [requirement.years for requirement in requirements_of(criteria)] == [None, 5]


def test_criteria_that_are_alike_only_without_the_company_are_alike() -> None:
    criteria = [CriterionText("Initech printers", PREFERRED), CriterionText("Printers", PREFERRED)]

    assert len(requirements_of(criteria)) == 2
    assert len(requirements_of(criteria, frozenset({"initech"}))) == 1


def test_a_criterion_without_end_is_looked_for_by_its_first_terms() -> None:
    requirement = required(" ".join(f"tool{number}x" for number in range(300)))

    assert len(requirement.units) == MOST_TERMS_OF_REQUIREMENT
    assert set(terms_of(requirement)) == {f"tool{number}x" for number in range(MOST_TERMS_OF_REQUIREMENT)}


def test_what_cannot_be_seen_hides_no_word_of_a_criterion() -> None:
    assert terms_of(required("Py\u200bthon\x00")) == terms_of(required("Python"))
