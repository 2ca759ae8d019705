"""Scoring one application: the work of a scoring job."""

from __future__ import annotations

from datetime import UTC, date, datetime

from nova.errors.v1 import error_reason_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason

from nova_server.errors import CATALOGUE
from nova_server.ports.clock import MICROSECONDS, Clock
from nova_server.ports.queue import Failed, Lease, Outcome, Postpone, Retry, Succeeded
from nova_server.ports.resumes import ResumeFailed, ResumeReader
from nova_server.ports.scorer import Scorer, ScorerBusy, ScorerFailed, ScorerTimedOut, ScoringInput
from nova_server.ports.scoring import JobTexts, ResumeSource, ScoringStore

# A URL that will not answer is not worth the patience that a fault of our own is: its applicant waits.
MAX_FETCHES = 3


class ScoreJob:
    """Turns a lease on a scoring job into its outcome. Writes nothing itself."""

    def __init__(self, store: ScoringStore, resumes: ResumeReader, scorer: Scorer, clock: Clock) -> None:
        self._store = store
        self._resumes = resumes
        self._scorer = scorer
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
        return await self._score(self._input(texts, resume_text))

    async def _read(self, resume: ResumeSource) -> str:
        text = resume.text if resume.url is None else await self._resumes.read(resume.url)
        if text is None or not text.strip():
            raise ResumeFailed(error_reason_pb2.RESUME_EMPTY)
        return text

    async def _score(self, scoring_input: ScoringInput) -> Outcome:
        try:
            return Succeeded(await self._scorer.score(scoring_input))
        except ScorerBusy as busy:
            return Postpone(busy.retry_after_seconds)
        except ScorerTimedOut:
            return failed(error_reason_pb2.TIMEOUT)
        except ScorerFailed:
            return failed(error_reason_pb2.AI_SCORING_FAILED)

    def _input(self, texts: JobTexts, resume_text: str) -> ScoringInput:
        return ScoringInput(
            job_description=texts.job_description,
            resume_text=resume_text,
            today=self._today(),
            job_title=texts.job_title,
            company_name=texts.company_name,
            role_knowledge=texts.role_knowledge,
            answers=texts.answers,
            context=texts.context,
        )

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock.now() / MICROSECONDS, UTC).date()


def failed(reason: ErrorReason.ValueType) -> Failed:
    """Return the failure that the catalogue describes."""
    return Failed(ErrorReason.Name(reason), CATALOGUE[reason].message)
