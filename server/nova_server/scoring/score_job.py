"""Scoring one application: the work of a scoring job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Protocol

from nova.errors.v1 import error_reason_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason

from nova_server.errors import CATALOGUE
from nova_server.ports.clock import MICROSECONDS, Clock
from nova_server.ports.criteria import Criterion
from nova_server.ports.queue import Failed, Lease, Outcome, Postpone, Retry, Succeeded
from nova_server.ports.resumes import ResumeFailed, ResumeReader
from nova_server.ports.scorer import (
    CriterionText,
    Scorer,
    ScorerBusy,
    ScorerFailed,
    ScorerTimedOut,
    ScoringInput,
)
from nova_server.ports.scoring import JobTexts, ResumeSource, ScoringStore


class CriteriaOfVersions(Protocol):
    """Derives the criteria of versions that follow from texts."""

    async def derive(self, version_id: str) -> Sequence[Criterion]:
        """Return the criteria of a version. Raises as a scorer does, or StoreUnavailable."""
        ...


# A URL that will not answer is not worth the patience that a fault of our own is: its applicant waits.
MAX_FETCHES = 3


class ScoreJob:
    """Turns a lease on a scoring job into its outcome. Writes nothing but the criteria that it is the first to need."""

    def __init__(
        self, store: ScoringStore, resumes: ResumeReader, scorer: Scorer, derived: CriteriaOfVersions, clock: Clock
    ) -> None:
        self._store = store
        self._resumes = resumes
        self._scorer = scorer
        self._derived = derived
        self._clock = clock

    async def __call__(self, lease: Lease) -> Outcome:
        """Return how the job went. An exception that is not foreseen here counts as a passing fault."""
        texts = (await self._store.read_job_texts([lease.job_id])).get(lease.job_id)
        if texts is None:
            return failed(error_reason_pb2.AI_SCORING_FAILED)  # its texts are gone, and so nothing is left to score
        try:
            resume_text = await self._read(texts.resume)
        except ResumeFailed as error:
            last = not error.passing or lease.starts >= MAX_FETCHES
            return failed(error.reason) if last else Retry(failed(error.reason))
        return await self._score(texts, resume_text)

    async def _read(self, resume: ResumeSource) -> str:
        text = resume.text if resume.url is None else await self._resumes.read(resume.url)
        if text is None or not text.strip():
            raise ResumeFailed(error_reason_pb2.RESUME_EMPTY)
        return text

    async def _score(self, texts: JobTexts, resume_text: str) -> Outcome:
        try:
            criteria = await self._criteria(texts)
            return Succeeded(await self._scorer.score(self._input(texts, resume_text, criteria)))
        except ScorerBusy as busy:
            return Postpone(busy.retry_after_seconds)
        except ScorerTimedOut:
            return failed(error_reason_pb2.TIMEOUT)
        except ScorerFailed:
            return failed(error_reason_pb2.AI_SCORING_FAILED)

    async def _criteria(self, texts: JobTexts) -> tuple[CriterionText, ...] | None:
        if texts.criteria == ():  # cleared: what is asked for follows from the texts again
            return None
        if texts.criteria is not None:
            return texts.criteria
        derived = await self._derived.derive(texts.criteria_version_id)
        return tuple(CriterionText(one.text, one.importance) for one in derived)

    def _input(self, texts: JobTexts, resume_text: str, criteria: tuple[CriterionText, ...] | None) -> ScoringInput:
        return ScoringInput(
            job_description=texts.job_description,
            resume_text=resume_text,
            today=self._today(),
            job_title=texts.job_title,
            company_name=texts.company_name,
            role_knowledge=texts.role_knowledge,
            answers=texts.answers,
            context=texts.context,
            criteria=criteria,
        )

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock.now() / MICROSECONDS, UTC).date()


def failed(reason: ErrorReason.ValueType) -> Failed:
    """Return the failure that the catalogue describes."""
    return Failed(ErrorReason.Name(reason), CATALOGUE[reason].message)
