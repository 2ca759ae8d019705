"""The submission of single applications: a whole group of them with a fixed number of statements.

What is there already is read first, because a rescore depends on it, and each submission is answered as if those before
it in the group were stored already. Identity is decided by the unique constraint all the same: every answer is the job
that has the identity in the end, whoever made it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from nova_server.errors import CriteriaNotFound, CriteriaVersionNotFound, NovaError
from nova_server.ports.clock import Clock, Instant
from nova_server.ports.identifiers import Identifiers
from nova_server.ports.scoring import JobSubmission, ScoringJob
from nova_server.storage.announcements import announce
from nova_server.storage.criteria_versions import CriteriaVersions, Pin, find_pinned
from nova_server.storage.current_criteria import CurrentCriteria, Version
from nova_server.storage.digests import tenant_key
from nova_server.storage.histories import History, PastJob, histories
from nova_server.storage.new_jobs import JobTerms, NewJob, prepare_job, store_jobs, terms_of
from nova_server.storage.scoring_jobs import ApplicationKey, JobIdentity, find_ends, find_jobs, note_latest, read_jobs
from nova_server.storage.tenants import lock_virtual_times


class StoredJob(NamedTuple):
    """The job that answers a submission, and whether it is new."""

    job: ScoringJob
    made: bool


class Request(NamedTuple):
    """A submission with what it is about."""

    application: ApplicationKey
    terms: JobTerms
    submission: JobSubmission

    @property
    def pin(self) -> Pin | None:
        rescore = self.submission.rescore
        if rescore is None or rescore.criteria_version_id is None:
            return None
        return Pin(*self.application.job, rescore.criteria_version_id)


class SubmitJobs:
    """The operation that stores submissions of single applications."""

    def __init__(self, clock: Clock, identifiers: Identifiers, versions: CriteriaVersions) -> None:
        self._clock = clock
        self._identifiers = identifiers
        self._versions = versions

    def apply(self, connection: Connection, intents: Sequence[JobSubmission]) -> Sequence[StoredJob | NovaError]:
        """Store each submission, or find the job it already is. Returns an error where it is refused."""
        now = self._clock.now()
        requests = [_request(submission) for submission in intents]
        times = lock_virtual_times(
            connection, {one.application.tenant_id: one.submission.tenant for one in requests}, now
        )
        wanted = {one.application.job for one in requests}
        criteria = CurrentCriteria(connection, self._versions, self._identifiers, wanted)
        plan = Plan(connection, criteria, requests, self._identifiers, now)
        answers = [plan.answer(request) for request in requests]
        made = store_jobs(connection, plan.new_jobs, criteria, times, now)
        note_latest(connection, (job.identity for job in plan.new_jobs if job.id in made))
        announce(connection, queue=bool(made))
        jobs = read_jobs(connection, {answer for answer in answers if isinstance(answer, JobIdentity)})
        return [_outcome(answer, jobs, made) for answer in answers]


class Plan:
    """Which job answers each submission of a group, and which jobs have to be made for that."""

    def __init__(
        self,
        connection: Connection,
        criteria: CurrentCriteria,
        requests: Sequence[Request],
        identifiers: Identifiers,
        now: Instant,
    ) -> None:
        self.new_jobs: list[NewJob] = []
        self._criteria = criteria
        self._identifiers = identifiers
        self._now = now
        self._histories = histories(find_ends(connection, sorted({request.application for request in requests})))
        self._pinned = find_pinned(connection, {request.pin for request in requests if request.pin is not None})
        self._versions = criteria.choose((request.terms.digests for request in requests), now)
        for job in find_jobs(connection, set(self._rescores(requests))):
            self._histories[job.identity.application].know(job.identity.rescore_key)

    def answer(self, request: Request) -> JobIdentity | NovaError:
        """Return the job that answers a submission, those before it being answered, or why it is refused."""
        history = self._histories[request.application]
        latest = history.latest()
        if request.submission.rescore is None and latest is not None:
            return JobIdentity(*request.application, latest)
        if self._criteria.are_archived(request.application.job):
            return CriteriaNotFound()
        version = self._version_for(request)
        if version is None:
            return CriteriaVersionNotFound()
        known = history.rescored(version.id)
        return self._make(request, history, version) if known is None else JobIdentity(*request.application, known)

    def _rescores(self, requests: Sequence[Request]) -> Iterator[JobIdentity]:
        """Yield the identities of the jobs that would answer rescores, if they were made before."""
        for request in requests:
            version = self._version_for(request)
            if request.submission.rescore is not None and version is not None:
                yield JobIdentity(*request.application, version.id)

    def _version_for(self, request: Request) -> Version | None:
        if request.pin is None:
            return self._versions[request.terms.digests.identity]
        return Version(request.pin.version_id) if request.pin in self._pinned else None

    def _make(self, request: Request, history: History, version: Version) -> JobIdentity:
        identity = JobIdentity(*request.application, history.next_key(version.id))
        queued_at = history.next_time(self._now)
        made_by_rescore = request.submission.rescore is not None
        job = prepare_job(
            self._identifiers.new(queued_at),
            identity,
            version,
            request.terms,
            request.submission.application,
            queued_at,
            made_by_rescore=made_by_rescore,
        )
        self.new_jobs.append(job)
        history.add(PastJob(identity.rescore_key, version.id, made_by_rescore, queued_at))
        return identity


def _request(submission: JobSubmission) -> Request:
    tenant_id = tenant_key(submission.tenant)
    application = ApplicationKey(tenant_id, submission.job_id, submission.application.application_id)
    return Request(application, terms_of(tenant_id, submission), submission)


def _outcome(
    answer: JobIdentity | NovaError, jobs: Mapping[JobIdentity, ScoringJob], made: set[str]
) -> StoredJob | NovaError:
    if isinstance(answer, NovaError):
        return answer
    job = jobs[answer]
    return StoredJob(job, job.id in made)
