"""What a scorer is given, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

# Of one job at once, and of one criterion, as the rules of SetCriteriaRequest say: what is derived can be set as it is.
MAX_CRITERIA = 100
MAX_CRITERION_CHARACTERS = 2_000


class Importance(StrEnum):
    """How much a criterion counts, as the contract words it."""

    MUST_HAVE = "MUST_HAVE"
    PREFERRED = "PREFERRED"
    NICE_TO_HAVE = "NICE_TO_HAVE"


@dataclass(frozen=True, slots=True)
class CriterionText:
    """A criterion to score against."""

    text: str
    importance: Importance


@dataclass(frozen=True, slots=True)
class CriteriaTexts:
    """The texts of a job that criteria are derived from."""

    job_description: str
    role_knowledge: str | None = None


@dataclass(frozen=True, slots=True)
class ApplicationAnswer:
    """A screening question with the applicant's answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class ScoringInput:
    """Everything a score may depend on. `today` is part of it because an open-ended employment lasts until today.

    What is asked for are the `criteria`; without them, those that follow from the texts of the job.
    """

    job_description: str
    resume_text: str
    today: date
    job_title: str | None = None
    company_name: str | None = None
    role_knowledge: str | None = None
    answers: tuple[ApplicationAnswer, ...] = ()
    context: str | None = None
    criteria: tuple[CriterionText, ...] | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """A score in words."""

    verdict: str
    strengths: tuple[str, ...]
    concerns: tuple[str, ...]
    interview_focus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """A score from 1 to 10 with its words, and which scorer gave it."""

    score: int
    assessment: Assessment
    scorer_id: str
    scorer_version: str


class ScorerFailed(Exception):
    """The scorer cannot score this application, and would not on another try."""


class ScorerTimedOut(Exception):
    """The scorer took longer than one application is given."""


class ScorerBusy(Exception):
    """The scorer asks to be left alone for a while. Waiting costs the application none of its tries."""

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__(f"busy for {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


class Scorer(Protocol):
    """Derives criteria, and scores applications against them. Knows no store: texts in, a number and words out.

    A local scorer runs in a child process; a model behind HTTP runs on the event loop.
    """

    async def score(self, scoring_input: ScoringInput) -> ScoreResult:
        """Return the score.

        Raises ScorerFailed, ScorerTimedOut or ScorerBusy; any other exception counts as a passing fault.
        """
        ...

    async def derive_criteria(self, texts: CriteriaTexts) -> tuple[CriterionText, ...]:
        """Return what the texts of a job ask for, role knowledge first. The same texts give the same criteria.

        At most MAX_CRITERIA, each of at most MAX_CRITERION_CHARACTERS. Raises as `score` does.
        """
        ...
