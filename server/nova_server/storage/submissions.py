"""The submission of batches: a whole group of them with a fixed number of statements.

Identity is decided by unique constraints alone. Rows are inserted where nothing stands in their way; what was in the
way is then read. So it makes no difference whether the same submission came a year ago, in the same group, or is being
written by another process.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from nova_server.ports.clock import Clock, Instant
from nova_server.ports.identifiers import Identifiers
from nova_server.ports.scoring import AcceptedBatch, BatchSubmission, JobState, ScoringBatch, SubmittedApplication
from nova_server.storage.criteria_versions import CriteriaText, CriteriaVersions
from nova_server.storage.digests import digest_of_all, tenant_key
from nova_server.storage.scoring_batches import (
    BatchIdentity,
    Counts,
    add_counts,
    find_batches,
    insert_batches,
    insert_members,
    read_members,
)
from nova_server.storage.scoring_jobs import (
    FoundJob,
    InputRow,
    JobIdentity,
    NewJobRow,
    find_latest_jobs,
    insert_inputs,
    insert_jobs,
    move_jobs,
)
from nova_server.storage.tenants import VirtualTime, lock_virtual_times, save_virtual_times
from nova_server.storage.texts import StoredText, insert_texts, to_text
from nova_server.storage.webhook_outbox import Outbox


@dataclass(slots=True)
class NewJob:
    """A job that may turn out to exist already."""

    identity: JobIdentity
    id: str
    input_row: InputRow
    texts: list[StoredText]


@dataclass(slots=True)
class NewBatch:
    """A batch that may turn out to exist already."""

    identity: BatchIdentity
    batch: ScoringBatch
    criteria: CriteriaText
    texts: list[StoredText]
    jobs: list[NewJob] = field(default_factory=list)


@dataclass(slots=True)
class StoredBatch:
    """A batch with the id of the scoring job of each application id."""

    batch: ScoringBatch
    job_ids: dict[str, str]

    def accept(self, submission: BatchSubmission) -> AcceptedBatch:
        """Return the answer to a submission, in the order of its own applications."""
        return AcceptedBatch(self.batch, tuple(self.job_ids[one.application_id] for one in submission.applications))


class SubmitBatches:
    """The operation that stores submissions."""

    def __init__(
        self, clock: Clock, identifiers: Identifiers, criteria_versions: CriteriaVersions, outbox: Outbox
    ) -> None:
        self._clock = clock
        self._identifiers = identifiers
        self._criteria_versions = criteria_versions
        self._outbox = outbox

    def apply(self, connection: Connection, intents: Sequence[BatchSubmission]) -> Sequence[tuple[AcceptedBatch, bool]]:
        """Store each submission, or find the batch it already is. Says too whether there are webhooks to deliver."""
        now = self._clock.now()
        identities = [identity_of(submission) for submission in intents]
        submissions: dict[BatchIdentity, BatchSubmission] = {}
        for identity, submission in zip(identities, intents, strict=True):
            submissions.setdefault(identity, submission)
        times = lock_virtual_times(
            connection, {identity.tenant_id: one.tenant for identity, one in submissions.items()}, now
        )
        batches = {identity: self._prepare(identity, one, now) for identity, one in submissions.items()}
        made = insert_batches(connection, [(new.identity, new.batch) for new in batches.values()])
        new = [batch for batch in batches.values() if batch.batch.id in made]
        stored = self._store_new(connection, new, times, now)
        born_ended = [one.batch.id for one in stored.values() if one.batch.completed_at is not None]
        deliveries = self._outbox.batches_ended(connection, born_ended, now)
        stored |= _find_stored(connection, [known for known in batches if known not in stored])
        return [(stored[identity].accept(one), deliveries) for identity, one in zip(identities, intents, strict=True)]

    def _prepare(self, identity: BatchIdentity, submission: BatchSubmission, now: Instant) -> NewBatch:
        description = to_text(identity.tenant_id, submission.job_description)
        knowledge = to_text(identity.tenant_id, submission.role_knowledge) if submission.role_knowledge else None
        criteria = CriteriaText(
            tenant_id=identity.tenant_id,
            job_id=submission.job_id,
            digest=digest_of_all((description.digest, knowledge and knowledge.digest)),
            job_description_digest=description.digest,
            role_knowledge_digest=knowledge and knowledge.digest,
        )
        total = len(submission.applications)
        return NewBatch(
            identity=identity,
            batch=ScoringBatch(self._identifiers.new(now), submission.job_id, total, 0, 0, now, None),
            criteria=criteria,
            texts=[description, knowledge] if knowledge else [description],
            jobs=[self._prepare_job(identity, submission, one, now) for one in submission.applications],
        )

    def _prepare_job(
        self, batch: BatchIdentity, submission: BatchSubmission, application: SubmittedApplication, now: Instant
    ) -> NewJob:
        new_id = self._identifiers.new(now)
        resume = to_text(batch.tenant_id, application.resume.text) if application.resume.text is not None else None
        data = _application_data(batch.tenant_id, application)
        return NewJob(
            identity=JobIdentity(batch.tenant_id, batch.job_id, application.application_id),
            id=new_id,
            input_row=InputRow(
                scoring_job_id=new_id,
                resume_url=application.resume.url,
                resume_digest=resume and resume.digest,
                application_data_digest=data and data.digest,
                job_title=submission.job_title,
                company_name=submission.company_name,
            ),
            texts=[text for text in (resume, data) if text],
        )

    def _store_new(
        self, connection: Connection, batches: Sequence[NewBatch], times: dict[str, VirtualTime], now: Instant
    ) -> dict[BatchIdentity, StoredBatch]:
        """Store the jobs of new batches, except those that other batches brought."""
        if not batches:
            return {}
        versions = self._criteria_versions.resolve(connection, [new.criteria for new in batches], now)
        wanted: dict[JobIdentity, tuple[NewJob, str]] = {}
        for batch in batches:
            for job in batch.jobs:
                wanted.setdefault(job.identity, (job, versions[batch.criteria.identity]))
        foreseen = {tenant: replace(time) for tenant, time in times.items()}
        rows = [_job_row(job, version, foreseen[job.identity.tenant_id], now) for job, version in wanted.values()]
        made = insert_jobs(connection, rows)
        move_jobs(connection, _take_turns(rows, made, times))
        jobs = [job for job, _ in wanted.values() if job.id in made]
        insert_inputs(connection, [job.input_row for job in jobs])
        insert_texts(
            connection,
            [text for batch in batches for text in batch.texts] + [text for job in jobs for text in job.texts],
        )
        tenants = {batch.identity.tenant_id for batch in batches}
        save_virtual_times(connection, {tenant: times[tenant] for tenant in tenants})
        ids = {job.identity: job.id for job in jobs}
        return _join(connection, batches, ids, now)


def _take_turns(rows: Sequence[NewJobRow], made: set[str], times: dict[str, VirtualTime]) -> list[tuple[str, float]]:
    """Let each job that was made take the next turn of its tenant. Returns the places of those that stand elsewhere.

    Applications that had a job already take no turn. A tenant whose list grows by one each time would otherwise pay
    for the whole list again and again.
    """
    turns = [(row, times[row.tenant_id].next()) for row in rows if row.id in made]
    return [(row.id, place) for row, place in turns if place != row.virtual_time]


def _join(
    connection: Connection, batches: Sequence[NewBatch], ids: dict[JobIdentity, str], now: Instant
) -> dict[BatchIdentity, StoredBatch]:
    """Tie new batches to their jobs, new and old, and count the old ones that ended before."""
    missing = {job.identity for new in batches for job in new.jobs if job.identity not in ids}
    found = find_latest_jobs(connection, sorted(missing))
    ids = ids | {identity: job.id for identity, job in found.items()}
    stored = {
        new.identity: StoredBatch(new.batch, {job.identity.application_id: ids[job.identity] for job in new.jobs})
        for new in batches
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


def identity_of(submission: BatchSubmission) -> BatchIdentity:
    """Return what makes this submission the same batch as another: tenant, job and the set of applications."""
    digest = digest_of_all(sorted(application.application_id for application in submission.applications))
    return BatchIdentity(tenant_key(submission.tenant), submission.job_id, digest)


def _application_data(tenant_id: str, application: SubmittedApplication) -> StoredText | None:
    if not application.answers and application.context is None:
        return None
    answers = [[answer.question, answer.answer] for answer in application.answers]
    return to_text(tenant_id, json.dumps([answers, application.context], ensure_ascii=False))


def _job_row(job: NewJob, criteria_version_id: str, time: VirtualTime, now: Instant) -> NewJobRow:
    return NewJobRow(
        job.id, *job.identity, criteria_version_id, JobState.PENDING.value, time.next(), available_at=now, queued_at=now
    )
