"""The submission of batches: a whole group of them with a fixed number of statements.

Identity is decided by unique constraints alone. Rows are inserted where nothing stands in their way; what was in the
way is then read. So it makes no difference whether the same submission came a year ago, in the same group, or is being
written by another process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection

from nova_server.errors import CriteriaNotFound
from nova_server.ports.clock import Clock, Instant
from nova_server.ports.identifiers import Identifiers
from nova_server.ports.scoring import AcceptedBatch, BatchSubmission, JobState, ScoringBatch
from nova_server.storage.announcements import announce
from nova_server.storage.criteria_versions import CriteriaVersions
from nova_server.storage.current_criteria import CurrentCriteria
from nova_server.storage.digests import digest_of_all, tenant_key
from nova_server.storage.new_jobs import NewJob, prepare_job, store_jobs, terms_of
from nova_server.storage.scoring_batches import (
    BatchIdentity,
    Counts,
    add_counts,
    find_batches,
    insert_batches,
    insert_members,
    read_members,
)
from nova_server.storage.scoring_jobs import FIRST, ApplicationKey, FoundJob, JobIdentity, find_latest_jobs
from nova_server.storage.tenants import lock_virtual_times
from nova_server.storage.webhook_outbox import Outbox


@dataclass(slots=True)
class StoredBatch:
    """A batch with the id of the scoring job of each application id."""

    batch: ScoringBatch
    job_ids: dict[str, str]

    def accept(self, submission: BatchSubmission) -> AcceptedBatch:
        """Return the answer to a submission, in the order of its own applications."""
        return AcceptedBatch(self.batch, tuple(self.job_ids[one.application_id] for one in submission.applications))


class StoredSubmission(NamedTuple):
    """What became of a submission, and of what to tell: that there are new jobs, or webhooks to deliver."""

    accepted: AcceptedBatch
    jobs_made: bool
    deliveries: bool


class SubmitBatches:
    """The operation that stores submissions."""

    def __init__(self, clock: Clock, identifiers: Identifiers, versions: CriteriaVersions, outbox: Outbox) -> None:
        self._clock = clock
        self._identifiers = identifiers
        self._versions = versions
        self._outbox = outbox

    def apply(
        self, connection: Connection, intents: Sequence[BatchSubmission]
    ) -> Sequence[StoredSubmission | CriteriaNotFound]:
        """Store each submission, or find the batch it already is. Returns CriteriaNotFound where it is refused."""
        now = self._clock.now()
        identities = [identity_of(submission) for submission in intents]
        submissions: dict[BatchIdentity, BatchSubmission] = {}
        for identity, submission in zip(identities, intents, strict=True):
            submissions.setdefault(identity, submission)
        times = lock_virtual_times(
            connection, {identity.tenant_id: one.tenant for identity, one in submissions.items()}, now
        )
        wanted = {identity.job for identity in submissions}
        criteria = CurrentCriteria(connection, self._versions, self._identifiers, wanted)
        refused = _refused(connection, submissions, criteria)
        accepted = {identity: one for identity, one in submissions.items() if identity not in refused}
        batches = self._insert(connection, accepted, now)
        jobs = self._prepare({identity: submissions[identity] for identity in batches}, criteria, now)
        made = store_jobs(connection, _distinct(jobs), criteria, times, now)
        stored = _join(connection, batches, jobs, made, now)
        born_ended = [one.batch.id for one in stored.values() if one.batch.completed_at is not None]
        deliveries = self._outbox.batches_ended(connection, born_ended, now)
        announce(connection, queue=bool(made), deliveries=deliveries)
        stored |= _find_stored(connection, [known for known in submissions if known not in stored])
        return [
            _outcome(stored.get(identity), one, made, deliveries=deliveries)
            for identity, one in zip(identities, intents, strict=True)
        ]

    def _insert(
        self, connection: Connection, submissions: Mapping[BatchIdentity, BatchSubmission], now: Instant
    ) -> dict[BatchIdentity, ScoringBatch]:
        """Store the batches that are not there yet, and return them."""
        batches = {
            identity: ScoringBatch(self._identifiers.new(now), one.job_id, len(one.applications), 0, 0, now, None)
            for identity, one in submissions.items()
        }
        made = insert_batches(connection, list(batches.items()))
        return {identity: batch for identity, batch in batches.items() if batch.id in made}

    def _prepare(
        self, submissions: Mapping[BatchIdentity, BatchSubmission], criteria: CurrentCriteria, now: Instant
    ) -> dict[BatchIdentity, list[NewJob]]:
        """Return the jobs of new batches, which may be there already."""
        terms = {identity: terms_of(identity.tenant_id, one) for identity, one in submissions.items()}
        versions = criteria.choose((one.digests for one in terms.values()), now)
        return {
            identity: [
                prepare_job(
                    self._identifiers.new(now),
                    JobIdentity(*identity.job, application.application_id, FIRST),
                    versions[terms[identity].digests.identity],
                    terms[identity],
                    application,
                    now,
                )
                for application in submission.applications
            ]
            for identity, submission in submissions.items()
        }


def _refused(
    connection: Connection, submissions: Mapping[BatchIdentity, BatchSubmission], criteria: CurrentCriteria
) -> set[BatchIdentity]:
    """Return the submissions to jobs with archived criteria for which a job would have to be made."""
    applications = {
        identity: [ApplicationKey(*identity.job, application.application_id) for application in one.applications]
        for identity, one in submissions.items()
        if criteria.are_archived(identity.job)
    }
    known = find_latest_jobs(connection, sorted({one for some in applications.values() for one in some}))
    return {identity for identity, wanted in applications.items() if not known.keys() >= set(wanted)}


def _distinct(jobs: Mapping[BatchIdentity, Sequence[NewJob]]) -> list[NewJob]:
    """Return each job once: the first of those with its identity."""
    distinct: dict[JobIdentity, NewJob] = {}
    for job in chain.from_iterable(jobs.values()):
        distinct.setdefault(job.identity, job)
    return list(distinct.values())


def _join(
    connection: Connection,
    batches: Mapping[BatchIdentity, ScoringBatch],
    jobs: Mapping[BatchIdentity, Sequence[NewJob]],
    made: set[str],
    now: Instant,
) -> dict[BatchIdentity, StoredBatch]:
    """Tie new batches to their jobs, new and old, and count the old ones that ended before."""
    wanted = {identity: [job.identity.application for job in jobs[identity]] for identity in batches}
    ids = {job.identity.application: job.id for job in chain.from_iterable(jobs.values()) if job.id in made}
    missing = {application for applications in wanted.values() for application in applications} - ids.keys()
    found = find_latest_jobs(connection, sorted(missing))
    ids |= {application: job.id for application, job in found.items()}
    stored = {
        identity: StoredBatch(batch, {application.application_id: ids[application] for application in wanted[identity]})
        for identity, batch in batches.items()
    }
    insert_members(connection, {one.batch.id: list(one.job_ids.values()) for one in stored.values()})
    return stored | _count_ended(connection, stored, list(found.values()), now)


def _count_ended(
    connection: Connection, stored: dict[BatchIdentity, StoredBatch], found: Sequence[FoundJob], now: Instant
) -> dict[BatchIdentity, StoredBatch]:
    """Count jobs that ended before their batch was submitted. Returns the batches in which there are such jobs."""
    completed = {job.id for job in found if job.state is JobState.COMPLETED}
    failed = {job.id for job in found if job.state is JobState.FAILED}
    affected = {
        identity: one for identity, one in stored.items() if not (completed | failed).isdisjoint(one.job_ids.values())
    }
    counts = {
        one.batch.id: Counts(
            sum(job in completed for job in one.job_ids.values()), sum(job in failed for job in one.job_ids.values())
        )
        for one in affected.values()
    }
    add_counts(connection, counts, now)
    return _find_stored(connection, list(affected))


def _find_stored(connection: Connection, identities: Sequence[BatchIdentity]) -> dict[BatchIdentity, StoredBatch]:
    """Return batches that are stored, with their jobs."""
    batches = find_batches(connection, identities)
    members = read_members(connection, [batch.id for batch in batches.values()])
    return {identity: StoredBatch(batch, members[batch.id]) for identity, batch in batches.items()}


def _outcome(
    stored: StoredBatch | None, submission: BatchSubmission, made: set[str], *, deliveries: bool
) -> StoredSubmission | CriteriaNotFound:
    if stored is None:  # neither made, because that takes a job and the criteria are archived, nor there before
        return CriteriaNotFound()
    accepted = stored.accept(submission)
    return StoredSubmission(accepted, not made.isdisjoint(accepted.scoring_job_ids), deliveries)


def identity_of(submission: BatchSubmission) -> BatchIdentity:
    """Return what makes this submission the same batch as another: tenant, job and the set of applications."""
    digest = digest_of_all(sorted(application.application_id for application in submission.applications))
    return BatchIdentity(tenant_key(submission.tenant), submission.job_id, digest)
