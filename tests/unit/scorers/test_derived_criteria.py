"""What the texts of a job ask for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from nova_server.ports.scorer import (
    MAX_CRITERIA,
    MAX_CRITERION_CHARACTERS,
    CriteriaTexts,
    CriterionText,
    Importance,
)
from nova_server.scorers.local.criteria import MOST_CRITERIA, derive_criteria
from nova_server.scorers.local.job_lines import JOB_CHARACTERS, ROLE_KNOWLEDGE_CHARACTERS

MUST, PREFERRED, NICE = Importance.MUST_HAVE, Importance.PREFERRED, Importance.NICE_TO_HAVE
SAMPLES = Path(__file__).parents[3] / "samples"
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


def derived(description: str, role_knowledge: str | None = None) -> list[tuple[str, Importance]]:
    """Return the derived criteria as pairs of text and importance."""
    return [
        (criterion.text, criterion.importance)
        for criterion in derive_criteria(CriteriaTexts(description, role_knowledge))
    ]


def texts_of(description: str, role_knowledge: str | None = None) -> list[str]:
    return [text for text, _ in derived(description, role_knowledge)]


def test_headings_say_how_firmly_a_line_asks() -> None:
    assert derived(JOB) == [
        ("Design services for invoicing.", PREFERRED),
        ("Python in production", MUST),
        ("5+ years of backend experience", MUST),
        ("Experience with AWS, GCP or Azure", MUST),
        ("Terraform", NICE),
    ]


@pytest.mark.parametrize(
    ("line", "importance"),
    [
        ("Knowledge of Rust is a plus.", NICE),
        ("Ideally you know Rust.", NICE),
        ("You must hold a forklift licence.", MUST),
        ("At least 3 years of welding.", MUST),
        ("Prepare quarterly tax filings.", PREFERRED),
    ],
)
def test_without_headings_a_line_says_it_by_its_own_words(line: str, importance: Importance) -> None:
    assert derived(line) == [(line, importance)]


@pytest.mark.parametrize(
    ("description", "criteria"),
    [
        (
            "Required skills\nPython, SQL, Docker and Kafka",
            [("Python", MUST), ("SQL", MUST), ("Docker and Kafka", MUST)],
        ),
        ("Nice to have\nGo, Rust and Erlang", [("Go, Rust and Erlang", NICE)]),
        ("Must have: five years of Python. Nice to have: SQL.", [("five years of Python.", MUST), ("SQL.", NICE)]),
        (
            "You will weld pipes. You must know TIG.",
            [("You will weld pipes.", PREFERRED), ("You must know TIG.", MUST)],
        ),
        ("Requirements\n1. Weld   copper\n2. **Weld** zinc", [("Weld copper", MUST), ("Weld zinc", MUST)]),
        ("Requirements\n- SQL\n- AWS\n- Git", [("SQL", MUST), ("AWS", MUST), ("Git", MUST)]),
        ("Requirements\n- SQL\n1. NICE TO HAVE\n- Git", [("SQL", MUST), ("Git", NICE)]),
        ("Requirements\n- Python\n- Python.\n- PYTHON", [("Python", MUST)]),
        ("Skilled in Kafka.\nYou weld.\nRequirements\n- Kafka", [("Kafka", MUST), ("You weld.", PREFERRED)]),
        ("Job title: Plumber\nRequirements\n- copper", [("copper", MUST)]),
    ],
    ids=[
        "a plain list is taken apart",
        "but not one with an end of two words",
        "labels stand for headings",
        "prose is cut into sentences",
        "markup and bullets are no text",
        "a tool in capitals is no heading",
        "a heading in capitals is one",
        "alike are one",
        "and the firmest of them stands, in the place of the first",
        "the title is no criterion",
    ],
)
def test_the_lines_of_a_description_become_criteria(description: str, criteria: list[tuple[str, Importance]]) -> None:
    assert derived(description) == criteria


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
    assert texts_of(f"Requirements:\n- {line}\n- Python") == ["Python"]


@pytest.mark.parametrize("naming", ["At Initech, we like paper.", "At Initech, you love paper.", "## About Initech"])
def test_a_line_with_the_name_that_a_description_gives_its_company_asks_only_what_is_a_must(naming: str) -> None:
    description = f"{{}}\n## The role\nInitech makes printers.\nYou must know Initech printers.\nMend toner.\n{naming}"

    assert texts_of(description) == ["You must know Initech printers.", "Mend toner."]
    assert "Initech makes printers." in texts_of(description.replace(naming, ""))


def test_what_stands_under_the_name_of_the_company_asks_nothing() -> None:
    assert texts_of("# Welder\n## About Globex\nHaskell lovers\n## About you\n- You weld") == ["You weld"]


def test_role_knowledge_comes_first_and_is_preferred_unless_it_says_more() -> None:
    knowledge = "Team values people who built systems from scratch.\nMust know Erlang.\nKafka is a plus."

    assert derived("Requirements\n- Python", knowledge) == [
        ("Team values people who built systems from scratch.", PREFERRED),
        ("Must know Erlang.", MUST),
        ("Kafka is a plus.", NICE),
        ("Python", MUST),
    ]


@pytest.mark.parametrize(
    "knowledge", ["Strong preference for databases over frontend backgrounds.", "Databases rather than frontend."]
)
def test_what_is_wanted_less_is_not_asked_for(knowledge: str) -> None:
    (criterion,) = texts_of("…", knowledge)

    assert "atabases" in criterion
    assert "frontend" not in criterion


@pytest.mark.parametrize("knowledge", ["Avoid job hoppers from Oracle.", "We do not want Oracle people.", "", "…"])
def test_what_is_to_be_avoided_and_what_says_nothing_is_not_asked_for(knowledge: str) -> None:
    assert texts_of("Requirements\n- Python", knowledge) == ["Python"]


@pytest.mark.parametrize("description", ["", " ", "…", "\n\n", "###", "- -", "🙂", "\x00", "the and of"])
def test_texts_without_words_ask_nothing(description: str) -> None:
    assert derived(description, description) == []


def test_texts_without_end_yield_a_bounded_number_the_first_ones() -> None:
    lines = "\n".join(f"- tool{number}x" for number in range(5000))

    found = texts_of("Requirements\n" + lines)

    assert MOST_CRITERIA <= MAX_CRITERIA
    assert found == [f"tool{number}x" for number in range(MOST_CRITERIA)]


@pytest.mark.parametrize(
    "text", ["Weld pipes " * 4_500, "w" * 50_000, "(Kafka) or " * 4_500], ids=["words", "one", "or"]
)
def test_a_line_without_end_yields_criteria_that_a_caller_may_set(text: str) -> None:
    found = texts_of(text, text[:15_000])

    assert found
    assert all(0 < len(each) <= MAX_CRITERION_CHARACTERS for each in found)


def test_what_cannot_be_seen_is_no_part_of_a_criterion() -> None:
    noisy = "Requirements\n- Py\u200bthon\x00on\x1b[31m\u00a0 Linux\x9b servers\u2029- Git\x07"

    assert texts_of(noisy) == ["Python on [31m Linux servers", "Git"]


def test_what_lies_beyond_the_limits_of_the_contract_is_not_read() -> None:
    description = "Weld pipes.\n" + " " * JOB_CHARACTERS + "\nRead drawings."
    knowledge = "Must lift.\n" + " " * ROLE_KNOWLEDGE_CHARACTERS + "\nMust swim."

    assert texts_of(description, knowledge) == ["Must lift.", "Weld pipes."]


def test_no_role_knowledge_and_an_empty_one_are_the_same() -> None:
    assert derived(JOB) == derived(JOB, "")


def test_derived_criteria_of_the_samples_are_the_lines_of_the_job() -> None:
    found = derived((SAMPLES / "job.md").read_text(), (SAMPLES / "role_knowledge.md").read_text())

    assert ("5+ years of backend development experience, most of it in Python.", MUST) in found
    assert [importance for _, importance in found].count(MUST) == 7
    assert not any("Fernway" in text or "£" in text for text, _ in found)


def test_the_same_texts_give_the_same_criteria_in_every_process() -> None:
    program = (
        "import sys, json\n"
        "from nova_server.ports.scorer import CriteriaTexts\n"
        "from nova_server.scorers.local.criteria import derive_criteria\n"
        "print(repr(derive_criteria(CriteriaTexts(*json.load(sys.stdin)))))\n"
    )
    texts = (SAMPLES / "job.md").read_text(), (SAMPLES / "role_knowledge.md").read_text()

    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps(texts),
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("0", "1", "42")
    }

    assert outputs == {repr(derive_criteria(CriteriaTexts(*texts)))}
    assert repr(CriterionText("Terraform.", NICE)) in outputs.pop()
