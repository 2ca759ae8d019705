"""How the scoring of one application goes, and what becomes of each thing that can go wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from nova.errors.v1 import error_reason_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova_server.errors import CATALOGUE, StoreUnavailable
from nova_server.ports.criteria import Criterion
from nova_server.ports.queue import Failed, Lease, Outcome, Postpone, Retry, Succeeded
from nova_server.ports.resumes import ResumeFailed
from nova_server.ports.scorer import (
    ApplicationAnswer,
    CriteriaTexts,
    CriterionText,
    Importance,
    ScorerBusy,
    ScoreResult,
    ScorerFailed,
    ScorerTimedOut,
    ScoringInput,
)
from nova_server.ports.scoring import JobTexts, ResumeSource
from nova_server.scoring.score_job import MAX_FETCHES, ScoreJob, failed

from tests.support.clock import START, FakeClock
from tests.support.store import ASSESSMENT

URL = "https://storage.example/1.pdf"
LEASE = Lease("job", 1, 1)
CRITERIA = (CriterionText("Python", Importance.MUST_HAVE),)
RESULT = ScoreResult(8, ASSESSMENT, "local", "1")
TEXTS = JobTexts(
    job_description="A backend engineer.",
    resume=ResumeSource(text="Ten years of Python."),
    job_title="Engineer",
    company_name="Acme",
    role_knowledge="Knows Kafka.",
    answers=(ApplicationAnswer("Visa?", "Not needed"),),
    context="A cover letter.",
    criteria_version_id="version",
    criteria=CRITERIA,
)


class TextsOfOneJob:
    """A store that holds the texts of one job, or does not, or cannot be read. Nothing else is asked of it."""

    def __init__(self, texts: JobTexts | None) -> None:
        self.texts = texts
        self.fault: Exception | None = None

    async def read_job_texts(self, job_ids: Sequence[str]) -> dict[str, JobTexts]:
        if self.fault:
            raise self.fault
        return {job_id: self.texts for job_id in job_ids if self.texts and job_id == LEASE.job_id}

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not asked for")


class Documents:
    """Documents by URL: texts, or what reading them raises."""

    def __init__(self, content: str | Exception) -> None:
        self.content = content
        self.read_urls: list[str] = []

    async def read(self, url: str) -> str:
        self.read_urls.append(url)
        if isinstance(self.content, Exception):
            raise self.content
        return self.content


class Scripted:
    """A scorer that gives one answer, and remembers what it was given. It derives nothing."""

    def __init__(self, answer: ScoreResult | Exception = RESULT) -> None:
        self.answer = answer
        self.given: list[ScoringInput] = []

    async def score(self, scoring_input: ScoringInput) -> ScoreResult:
        self.given.append(scoring_input)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def derive_criteria(self, _texts: CriteriaTexts) -> tuple[CriterionText, ...]:
        raise AssertionError("criteria are derived elsewhere")


class Derived:
    """Derives the same criteria of every version, or cannot."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.asked: list[str] = []

    async def derive(self, version_id: str) -> tuple[Criterion, ...]:
        self.asked.append(version_id)
        if self.fault:
            raise self.fault
        return (Criterion("crit_0123456789ab", "Kafka", Importance.PREFERRED, START),)


async def run(
    *,
    texts: JobTexts | None = TEXTS,
    document: str | Exception = "The text of a document.",
    scorer: Scripted | None = None,
    derived: Derived | None = None,
    lease: Lease = LEASE,
) -> Outcome:
    parts = TextsOfOneJob(texts), Documents(document), scorer or Scripted(), derived or Derived()
    return await ScoreJob(*parts, FakeClock())(lease)


def linked(url: str = URL) -> JobTexts:
    return replace(TEXTS, resume=ResumeSource(url=url))


async def test_a_text_resume_is_scored_with_everything_that_was_submitted() -> None:
    scorer = Scripted()
    assert await run(scorer=scorer) == Succeeded(RESULT)
    assert scorer.given == [
        ScoringInput(
            job_description="A backend engineer.",
            resume_text="Ten years of Python.",
            today=date(2026, 3, 1),
            job_title="Engineer",
            company_name="Acme",
            role_knowledge="Knows Kafka.",
            answers=(ApplicationAnswer("Visa?", "Not needed"),),
            context="A cover letter.",
            criteria=CRITERIA,
        )
    ]


async def test_criteria_that_the_version_has_are_not_derived_again() -> None:
    derived = Derived()
    await run(derived=derived)
    assert derived.asked == []


async def test_criteria_that_the_version_lacks_are_derived_and_scored_against() -> None:
    scorer, derived = Scripted(), Derived()
    await run(texts=replace(TEXTS, criteria=None), scorer=scorer, derived=derived)
    assert derived.asked == ["version"]
    assert scorer.given[0].criteria == (CriterionText("Kafka", Importance.PREFERRED),)


async def test_a_version_that_was_cleared_is_scored_against_what_its_texts_ask_for() -> None:
    scorer, derived = Scripted(), Derived()
    await run(texts=replace(TEXTS, criteria=()), scorer=scorer, derived=derived)
    assert (scorer.given[0].criteria, derived.asked) == (None, [])


async def test_nothing_is_derived_for_a_resume_that_cannot_be_read() -> None:
    derived = Derived()
    fault = ResumeFailed(error_reason_pb2.RESUME_ENCRYPTED)
    await run(texts=replace(linked(), criteria=None), document=fault, derived=derived)
    assert derived.asked == []


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (ScorerBusy(3), Postpone(3)),
        (ScorerTimedOut(), failed(error_reason_pb2.TIMEOUT)),
        (ScorerFailed(), failed(error_reason_pb2.AI_SCORING_FAILED)),
    ],
)
async def test_criteria_that_cannot_be_derived_end_the_job_as_a_score_that_cannot_be_given(
    fault: Exception, outcome: Outcome
) -> None:
    assert await run(texts=replace(TEXTS, criteria=None), derived=Derived(fault)) == outcome


async def test_a_store_that_is_away_while_criteria_are_derived_is_left_to_the_worker() -> None:
    with pytest.raises(StoreUnavailable):
        await run(texts=replace(TEXTS, criteria=None), derived=Derived(StoreUnavailable()))


async def test_a_resume_behind_a_url_is_read_from_there() -> None:
    scorer, documents = Scripted(), Documents("The text of a document.")
    outcome = await ScoreJob(TextsOfOneJob(linked()), documents, scorer, Derived(), FakeClock())(LEASE)
    assert outcome == Succeeded(RESULT)
    assert documents.read_urls == [URL]
    assert scorer.given[0].resume_text == "The text of a document."


async def test_a_text_resume_reads_no_document() -> None:
    documents = Documents("never")
    await ScoreJob(TextsOfOneJob(TEXTS), documents, Scripted(), Derived(), FakeClock())(LEASE)
    assert documents.read_urls == []


@pytest.mark.parametrize(
    "reason",
    [
        error_reason_pb2.RESUME_FETCH_FAILED,
        error_reason_pb2.RESUME_TOO_LARGE,
        error_reason_pb2.RESUME_UNSUPPORTED_TYPE,
        error_reason_pb2.RESUME_ENCRYPTED,
        error_reason_pb2.RESUME_CORRUPTED,
        error_reason_pb2.RESUME_EMPTY,
        error_reason_pb2.RESUME_PARSE_FAILED,
    ],
    ids=ErrorReason.Name,
)
async def test_a_resume_that_yields_no_text_fails_its_job_with_its_code(reason: ErrorReason.ValueType) -> None:
    outcome = await run(texts=linked(), document=ResumeFailed(reason))
    assert outcome == Failed(ErrorReason.Name(reason), CATALOGUE[reason].message)


async def test_a_passing_fault_of_a_fetch_is_tried_again_a_few_times_and_no_more() -> None:
    fault = ResumeFailed(error_reason_pb2.RESUME_FETCH_FAILED, passing=True)
    failure = failed(error_reason_pb2.RESUME_FETCH_FAILED)
    outcomes = [
        await run(texts=linked(), document=fault, lease=replace(LEASE, starts=starts))
        for starts in range(1, MAX_FETCHES + 2)
    ]
    assert outcomes == [Retry(failure)] * (MAX_FETCHES - 1) + [failure] * 2


@pytest.mark.parametrize("blank", ["", " ", "\n\t\u00a0\u2003"])
async def test_a_resume_without_text_is_empty_and_never_a_guess(blank: str) -> None:
    scorer = Scripted()
    empty = failed(error_reason_pb2.RESUME_EMPTY)
    assert await run(texts=linked(), document=blank, scorer=scorer) == empty
    assert await run(texts=replace(TEXTS, resume=ResumeSource(text=blank)), scorer=scorer) == empty
    assert await run(texts=replace(TEXTS, resume=ResumeSource()), scorer=scorer) == empty
    assert scorer.given == []


async def test_a_busy_scorer_postpones_the_job() -> None:
    assert await run(scorer=Scripted(ScorerBusy(12.5))) == Postpone(12.5)


async def test_a_scorer_that_took_too_long_fails_the_job() -> None:
    assert await run(scorer=Scripted(ScorerTimedOut())) == failed(error_reason_pb2.TIMEOUT)


async def test_a_scorer_that_cannot_score_fails_the_job() -> None:
    assert await run(scorer=Scripted(ScorerFailed())) == failed(error_reason_pb2.AI_SCORING_FAILED)


async def test_an_unforeseen_error_is_left_to_the_worker() -> None:
    with pytest.raises(ZeroDivisionError):
        await run(scorer=Scripted(ZeroDivisionError()))
    with pytest.raises(OSError, match="disk"):
        await run(texts=linked(), document=OSError("disk"))


async def test_a_job_of_which_the_texts_are_gone_fails() -> None:
    assert await run(texts=None) == failed(error_reason_pb2.AI_SCORING_FAILED)


async def test_a_store_that_is_away_is_left_to_the_worker() -> None:
    store = TextsOfOneJob(TEXTS)
    store.fault = StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        await ScoreJob(store, Documents(""), Scripted(), Derived(), FakeClock())(LEASE)


def test_a_failure_says_what_the_catalogue_says() -> None:
    assert failed(error_reason_pb2.TIMEOUT) == Failed("TIMEOUT", "Scoring the application took too long.")
