"""The score, its words, and the local scorer as a port."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date

import pytest
from nova_server.ports.scorer import (
    ApplicationAnswer,
    ScoreResult,
    ScoringInput,
)
from nova_server.scorers.local.scorer import examine, score, score_of
from nova_server.scorers.local.weights import ANCHORS, KNOCK_OUT_SCORE

TODAY = date(2026, 11, 23)
JOB = """# Pipe Welder

About us
We are a family business that loves Haskell and free coffee.

Requirements
- 5 years of pipe welding
- TIG and MIG methods
- Certified to ISO 9606
- Reading isometric drawings

Nice to have
- Underwater welding

Benefits
- Pension and dental insurance
"""
WELDER = """Jan Kowalski

Experience
Pipe Welder, Northyard, Gdansk | 2016 - 2024
- Welded pipes for 30 ships with TIG and MIG methods.
- Read isometric drawings and planned the sequence of welds.
- Certified to ISO 9606 since 2017, renewed twice.
- Trained four apprentices in pipe welding, and inspected their work each week before it was released.
- Kept the log of repairs, and agreed with the class surveyor which seams were to be tested by X-ray.

Helper, Southyard | 2014 - 2016
- Ground and cleaned seams, kept the store of rods and gases, and learned to read drawings.

Skills
TIG, MIG, underwater welding, ISO 9606
"""
BARISTA = """Kim Park

Experience
Barista, Bean There | 2019 - 2024
- Served coffee to 300 guests a day and trained new colleagues.

Skills
Espresso, latte art
"""


def result_of(resume: str, *answers: ApplicationAnswer, job: str = JOB, context: str | None = None) -> ScoreResult:
    """Return the result of a resume for the welder's job."""
    return score(ScoringInput(job, resume, TODAY, answers=answers, context=context))


def test_an_excellent_fit_is_in_the_upper_bands_and_another_trade_in_the_lowest() -> None:
    assert result_of(WELDER).score >= 8
    assert result_of(BARISTA).score <= 2


def test_removing_facts_lowers_the_fit_each_time() -> None:
    cuts = [
        "2016 - 2024",
        "with TIG and MIG methods",
        "- Certified to ISO 9606 since 2017, renewed twice.\n",
        "TIG, MIG, ",
    ]
    resumes = [WELDER]
    for cut in cuts:
        resumes.append(resumes[-1].replace(cut, "2023 - 2024" if cut[0] == "2" else ""))
    assert len(set(resumes)) == 5
    fits = [examine(ScoringInput(JOB, resume, TODAY))[3].value for resume in resumes]

    assert fits == sorted(set(fits), reverse=True)


def test_every_strength_names_a_requirement_and_quotes_the_resume() -> None:
    strengths = result_of(WELDER).assessment.strengths

    assert len(strengths) >= 3
    for strength in strengths:
        requirement, quote = strength.split(" — “")
        assert requirement in JOB
        assert quote.split("”")[0] in WELDER


def test_a_concern_says_that_nothing_was_found_and_never_that_the_person_has_not() -> None:
    concerns = result_of(BARISTA).assessment.concerns

    assert "TIG and MIG methods — not found in the resume" in concerns
    assert not any("lack" in concern.lower() for concern in concerns)


def test_years_that_fall_short_are_a_concern_with_the_years_found() -> None:
    short = WELDER.replace("2016 - 2024", "2022 - 2024").replace("2014 - 2016", "2021 - 2022")

    assert any(
        concern == "5 years of pipe welding — about 2.0 years found in the dated work of the resume"
        for concern in result_of(short).assessment.concerns
    )


def test_years_beyond_those_asked_earn_nothing() -> None:
    assert result_of(WELDER.replace("2016 - 2024", "1990 - 2024")).score == result_of(WELDER).score


def test_a_skill_that_is_only_listed_is_for_the_interview() -> None:
    focus = result_of(WELDER).assessment.interview_focus

    assert "Underwater welding — only listed: “TIG, MIG, underwater welding, ISO 9606”" in focus


@pytest.mark.parametrize("resume", [WELDER, BARISTA])
def test_blurb_and_benefits_are_never_shown(resume: str) -> None:
    assessment = result_of(resume).assessment
    said = " ".join([*assessment.strengths, *assessment.concerns, *assessment.interview_focus])

    assert not any(word in said for word in ("family", "Haskell", "Pension", "dental"))


def test_what_is_partly_covered_is_for_the_interview_the_firmest_first() -> None:
    job = (
        "Nice to have\n- Weld pipes on the moon beside craters\nResponsibilities\n- Weld pipes on ice in Greenland\n"
        "Requirements\n- Weld pipes of copper or zinc, and titanium"
    )
    partly = [item.partition(" — ") for item in result_of(WELDER, job=job).assessment.interview_focus]

    assert [name for name, _, _ in partly] == [
        "Weld pipes of copper or zinc, and titanium",
        "Weld pipes on ice in Greenland",
        "Weld pipes on the moon beside craters",
    ]
    assert all(found.startswith("partly covered: “") for _, _, found in partly)


def test_what_is_missing_is_a_concern_the_firmest_first() -> None:
    job = "Nice to have\n- Accordion\nResponsibilities\n- Teach Yodelling\nRequirements\n- Falconry"

    assert result_of(WELDER, job=job).assessment.concerns == (
        "Falconry — not found in the resume",
        "Teach Yodelling (preferred) — not found in the resume",
        "Accordion (nice to have) — not found in the resume",
    )


def test_little_evidence_is_a_concern_about_a_must_and_not_about_a_duty() -> None:
    asked = "Weld accordions, bagpipes, clarinets and drums of amber"

    def concerns(heading: str) -> tuple[str, ...]:
        return result_of(WELDER, job=f"Requirements\n- TIG and MIG\n{heading}\n- {asked}").assessment.concerns

    assert concerns("Requirements") == (f"{asked} — little found in the resume",)
    assert concerns("Responsibilities") == ()


def test_the_verdict_sums_up_recommends_and_ends() -> None:
    verdict = result_of(WELDER).assessment.verdict

    assert verdict.count(". ") <= 2
    assert "evidence for 4 of 4 key requirements" in verdict
    assert "8 years of related work where 5 years are asked" in verdict
    assert "Recommended for an interview" in verdict


def test_little_text_makes_the_confidence_low() -> None:
    assert (
        "Confidence is low: the resume holds little text"
        in result_of("Pipe welder, TIG and MIG. " * 2).assessment.verdict
    )
    assert "Confidence is low" not in result_of(WELDER).assessment.verdict


def test_a_resume_in_another_language_makes_the_confidence_low() -> None:
    german = (
        "Ich habe acht Jahre lang Rohre geschweisst und dabei Zeichnungen gelesen sowie Lehrlinge ausgebildet. " * 8
    )

    assert "does not read as English prose" in result_of(f"{german}\n{german.upper()}").assessment.verdict


def test_a_job_text_with_nothing_in_it_makes_the_confidence_low() -> None:
    assert "the job names few requirements" in result_of(WELDER, job="A job.").assessment.verdict


def test_an_answer_is_evidence_and_says_where_it_comes_from() -> None:
    resume = WELDER.replace("isometric drawings", "plans").replace("read drawings", "read plans")
    answer = ApplicationAnswer("What drawings can you read?", "I was reading isometric drawings daily in Gdansk.")

    strengths = result_of(resume, answer).assessment.strengths

    assert "Reading isometric drawings" not in " ".join(result_of(resume).assessment.strengths)
    assert any("isometric drawings daily in Gdansk.” (screening answer)" in strength for strength in strengths)


def test_context_is_evidence_and_says_where_it_comes_from() -> None:
    strengths = result_of(BARISTA, context="Former TIG and MIG methods welder, says the foreman.").assessment.strengths

    assert any(strength.endswith("(context)") for strength in strengths)


def test_a_no_to_the_right_to_work_caps_the_score_and_is_named() -> None:
    result = result_of(WELDER, ApplicationAnswer("Are you eligible to work in the UK?", "No"))

    assert result.score == KNOCK_OUT_SCORE
    assert result.assessment.concerns[0] == "Are you eligible to work in the UK? — answered “No”"


def test_a_no_about_something_else_caps_nothing() -> None:
    answer = ApplicationAnswer("Have you worked for us before?", "No")

    assert result_of(WELDER, answer) == result_of(WELDER)


def test_role_knowledge_moves_the_score() -> None:
    asked = ScoringInput(JOB, WELDER, TODAY, role_knowledge="Must have experience with robotic orbital welding heads.")

    assert examine(asked)[3].value < examine(ScoringInput(JOB, WELDER, TODAY))[3].value


def test_an_open_end_depends_on_the_day_that_is_given() -> None:
    resume = WELDER.replace("2016 - 2024", "2024 - present").replace("2014 - 2016", "2023 - 2024")

    early, late = (examine(ScoringInput(JOB, resume, date(year, 6, 1)))[3].value for year in (2025, 2030))
    assert early < late


def test_the_lists_and_quotes_are_bounded() -> None:
    tools = [f"Toolname{number}" for number in range(40)]
    job = "Requirements\n" + "\n".join(f"- {tool} {'with very long words ' * 12}" for tool in tools)
    resume = "Experience\n" + "\n".join(f"Used {tool} {'for something else altogether ' * 9}." for tool in tools[::2])
    assessment = result_of(resume, job=job).assessment

    for items in (assessment.strengths, assessment.concerns, assessment.interview_focus):
        assert len(items) <= 5
        assert all(len(item) <= 330 for item in items)


def test_the_anchors_rise_and_reach_both_ends() -> None:
    assert list(ANCHORS) == sorted(ANCHORS)
    assert [score_of(fit) for fit, _ in (ANCHORS[0], ANCHORS[-1])] == [1, 10]
    assert sorted({score_of(fit / 1000) for fit in range(1001)}) == list(range(1, 11))


def test_the_same_input_gives_the_same_bytes_in_every_process() -> None:
    program = (
        "import sys, json, dataclasses, datetime\n"
        "from nova_server.ports.scorer import ScoringInput\n"
        "from nova_server.scorers.local.scorer import examine, score\n"
        "job, resume = json.load(sys.stdin)\n"
        "given = ScoringInput(job, resume, datetime.date(2026, 11, 23), role_knowledge='Must read drawings.')\n"
        "print(json.dumps(dataclasses.asdict(score(given))), repr(examine(given)[3]))\n"
    )

    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps([JOB, WELDER]),
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "42")
    }

    assert len(outputs) == 1
