"""Lines of evidence from resumes, answers and context; and what is left out because it is personal."""

from __future__ import annotations

from datetime import date

import pytest
from nova_server.ports.scorer import ApplicationAnswer, ScoringInput
from nova_server.scorers.local.application import Application, Section, Source, read_application
from nova_server.scorers.local.dates import years_in

TODAY = date(2026, 11, 23)


def read(resume: str, *answers: ApplicationAnswer, context: str | None = None) -> Application:
    """Return the application with this resume."""
    return read_application(ScoringInput("any job", resume, TODAY, answers=answers, context=context))


def texts(resume: str) -> list[str]:
    """Return the texts of the lines that are left of a resume."""
    return [line.text for line in read(resume).lines]


RESUME = """Thomas Baker
Senior Welder
thomas.baker@mail.example | +44 7700 900142 | 12 Mill Road, Reading

Experience
Welder, Ironworks Ltd, 2019 - 2023
- Welded pipes.
- Trained two apprentices

Apprentice
Harbour Docks
2016 - 2019
- Swept the yard

Skills
TIG, MIG

Education
Diploma in Welding, 2014 - 2016
"""


def test_a_line_knows_its_section() -> None:
    sections = {line.text: line.section for line in read(RESUME).lines}

    assert sections["Senior Welder"] is Section.HEAD
    assert sections["Welded pipes."] is Section.WORK
    assert sections["TIG, MIG"] is Section.SKILLS
    assert sections["Diploma in Welding, 2014 - 2016"] is Section.EDUCATION


def test_a_line_belongs_to_the_dated_work_above_it() -> None:
    application = read(RESUME)
    work = {line.text: line.work for line in application.lines}

    assert work["Welder, Ironworks Ltd, 2019 - 2023"] == work["Welded pipes."] == 0
    assert work["Swept the yard"] == 1
    assert [years_in([span]) for span in application.works] == [4, 3]


def test_a_title_above_the_dates_belongs_to_their_work_and_a_bullet_point_above_it_does_not() -> None:
    work = {line.text: line.work for line in read(RESUME).lines}

    assert work["Apprentice"] == work["Harbour Docks"] == 1
    assert work["Trained two apprentices"] == 0


def test_years_of_education_are_no_years_of_work() -> None:
    assert years_in(read("Education\nBSc Physics, 2010 - 2014").works) == 0


def test_name_contacts_and_address_at_the_head_are_left_out() -> None:
    assert texts(RESUME)[0] == "Senior Welder"
    assert not any(word in " ".join(texts(RESUME)) for word in ("Thomas", "mail.example", "7700", "Reading", "Mill"))


@pytest.mark.parametrize(
    "line",
    [
        "Name: Judge Carpenter",
        "**Full name:** Mary Cook",
        "Date of birth: 12 May 1980",
        "DOB - 12.05.1980",
        "Born on 12 May 1980",
        "Age: 46",
        "Gender: female",
        "Sex: M",
        "Religion: Quaker",
        "Nationality: Norwegian",
        "Marital status: married",
        "Married, two children",
        "Pronouns: she/her",
        "(they/them)",
        "Address: 5 Python Street, Java",
        "E-mail: docker@kubernetes.example",
        "Phone: +1 (202) 555-0143",
        "https://github.com/kubernetes-python",
        "linkedin.com/in/python-docker",
        "- Telephone: 020 7946 0958",
    ],
)
def test_a_personal_line_is_left_out_wherever_it_stands(line: str) -> None:
    assert texts(f"Summary\nI weld.\n{line}\nSkills\nTIG") == ["I weld.", "TIG"]


def test_a_section_of_personal_details_is_left_out_whole() -> None:
    assert texts("Personal information\nBlood type A\nPython Street\nSkills\nTIG") == ["TIG"]


@pytest.mark.parametrize("dates", ["2014 - 2019", "2014-05 - 2016-03", "03.2018 - 05.2020"])
def test_dates_are_not_taken_for_a_telephone_number(dates: str) -> None:
    assert len(read(f"Experience\nWelder {dates}").works) == 1


def test_an_applicant_called_baker_may_still_have_worked_as_a_baker() -> None:
    assert "Baker at Golden Crust, 2015 - 2020" in texts("Anna Baker\n\nExperience\nBaker at Golden Crust, 2015 - 2020")


def test_a_line_of_the_head_that_names_a_title_is_kept() -> None:
    assert texts("Jane Doe\nHead Nurse | London\n\nSkills\nTIG") == ["Head Nurse", "TIG"]


def test_a_wrapped_line_is_read_as_one() -> None:
    wrapped = "Experience\n• Welded the hulls of eleven coastal vessels and\nrepaired their engines.\n• Swept."

    assert texts(wrapped) == ["Welded the hulls of eleven coastal vessels and repaired their engines.", "Swept."]


def test_a_long_paragraph_is_cut_into_sentences() -> None:
    paragraph = " ".join(f"In year {number} I welded a great many hulls of steel." for number in range(20))

    assert all(len(line) <= 300 for line in texts(f"Summary\n{paragraph}"))
    assert len(texts(f"Summary\n{paragraph}")) == 20


def test_a_repeated_line_counts_once() -> None:
    assert texts("Skills\n" + "TIG welding\n" * 50) == ["TIG welding"]


def test_answers_and_context_are_evidence_with_their_source() -> None:
    application = read("Skills\nTIG", ApplicationAnswer("Which methods?", "MIG since 2015"), context="Knows MAG.")

    assert [(line.text, line.source) for line in application.lines] == [
        ("TIG", Source.RESUME),
        ("MIG since 2015", Source.ANSWER),
        ("Knows MAG.", Source.CONTEXT),
    ]


@pytest.mark.parametrize("answer", ["Yes", "yes, for years", "I do", "Correct."])
def test_a_yes_says_what_its_question_says(answer: str) -> None:
    lines = read("Skills\nTIG", ApplicationAnswer("Can you weld copper?", answer)).lines

    assert [line.text for line in lines if line.asked] == ["Can you weld copper?"]


@pytest.mark.parametrize("answer", ["No", "no.", "None", "Never", "Not yet"])
def test_a_no_is_a_refusal_and_no_evidence(answer: str) -> None:
    application = read("Skills\nTIG", ApplicationAnswer("Can you weld copper?", answer))

    assert application.refusals == (ApplicationAnswer("Can you weld copper?", answer),)
    assert [line.text for line in application.lines] == ["TIG"]


@pytest.mark.parametrize("resume", ["", "   \n\n", "•••", "\u200b"])
def test_a_resume_without_words_has_no_lines(resume: str) -> None:
    assert read(resume).lines == ()


def test_a_resume_longer_than_what_is_read_says_so() -> None:
    assert read("word " * 30_000).truncated
    assert not read("word " * 1000).truncated
