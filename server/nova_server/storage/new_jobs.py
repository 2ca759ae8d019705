"""Scoring jobs on their way into the store: prepared from submissions, and stored where their identity is free."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from nova_server.ports.clock import Instant
from nova_server.ports.scoring import BatchSubmission, JobState, JobSubmission, SubmittedApplication
from nova_server.storage.criteria_versions import TextDigests
from nova_server.storage.current_criteria import CurrentCriteria, Version
from nova_server.storage.digests import digest_of_all
from nova_server.storage.scoring_jobs import InputRow, JobIdentity, NewJobRow, insert_inputs, insert_jobs, move_jobs
from nova_server.storage.tenants import VirtualTime, save_virtual_times
from nova_server.storage.texts import StoredText, insert_texts, to_text


@dataclass(frozen=True, slots=True)
class JobTerms:
    """What the jobs of one submission have in common."""

    digests: TextDigests
    texts: tuple[StoredText, ...]
    job_title: str | None
    company_name: str | None


@dataclass(slots=True)
class NewJob:
    """A job that may turn out to exist already."""

    id: str
    identity: JobIdentity
    version: Version
    made_by_rescore: bool
    queued_at: Instant
    input_row: InputRow
    texts: tuple[StoredText, ...]


def terms_of(tenant_id: str, submission: BatchSubmission | JobSubmission) -> JobTerms:
    """Return what the jobs of a submission have in common."""
    description = to_text(tenant_id, submission.job_description)
    knowledge = to_text(tenant_id, submission.role_knowledge) if submission.role_knowledge else None
    digests = TextDigests(
        tenant_id=tenant_id,
        job_id=submission.job_id,
        digest=digest_of_all((description.digest, knowledge and knowledge.digest)),
        job_description_digest=description.digest,
        role_knowledge_digest=knowledge and knowledge.digest,
    )
    texts = (description, knowledge) if knowledge else (description,)
    return JobTerms(digests, texts, submission.job_title, submission.company_name)


def prepare_job(
    new_id: str,
    identity: JobIdentity,
    version: Version,
    terms: JobTerms,
    application: SubmittedApplication,
    queued_at: Instant,
    *,
    made_by_rescore: bool = False,
) -> NewJob:
    """Return the job of a submitted application."""
    resume = to_text(identity.tenant_id, application.resume.text) if application.resume.text is not None else None
    data = _application_data(identity.tenant_id, application)
    input_row = _input_row(new_id, terms, application.resume.url, resume, data)
    texts = (*terms.texts, *filter(None, (resume, data)))
    return NewJob(new_id, identity, version, made_by_rescore, queued_at, input_row, texts)


def store_jobs(
    connection: Connection,
    jobs: Sequence[NewJob],
    criteria: CurrentCriteria,
    times: dict[str, VirtualTime],
    now: Instant,
) -> set[str]:
    """Store those jobs whose identity is free, with all that they need. Returns their ids.

    They are given in the order of their submissions, and no two of them have the same identity.
    """
    foreseen = {tenant: replace(time) for tenant, time in times.items()}
    rows = [_row(job, foreseen[job.identity.tenant_id], now) for job in jobs]
    made = insert_jobs(connection, rows)
    move_jobs(connection, _take_turns(rows, made, times))
    stored = [job for job in jobs if job.id in made]
    insert_inputs(connection, [job.input_row for job in stored])
    insert_texts(connection, (text for job in stored for text in job.texts))
    criteria.save((job.version for job in stored), now)
    save_virtual_times(connection, {job.identity.tenant_id: times[job.identity.tenant_id] for job in stored})
    return made


def _input_row(
    scoring_job_id: str, terms: JobTerms, resume_url: str | None, resume: StoredText | None, data: StoredText | None
) -> InputRow:
    return InputRow(
        scoring_job_id=scoring_job_id,
        resume_url=resume_url,
        resume_digest=resume and resume.digest,
        application_data_digest=data and data.digest,
        job_title=terms.job_title,
        company_name=terms.company_name,
        job_description_digest=terms.digests.job_description_digest,
        role_knowledge_digest=terms.digests.role_knowledge_digest,
    )


def _row(job: NewJob, time: VirtualTime, now: Instant) -> NewJobRow:
    return NewJobRow(
        job.id,
        *job.identity,
        criteria_version_id=job.version.id,
        made_by_rescore=job.made_by_rescore,
        state=JobState.PENDING.value,
        virtual_time=time.next(),
        available_at=now,
        queued_at=job.queued_at,
    )


def _take_turns(rows: Sequence[NewJobRow], made: set[str], times: dict[str, VirtualTime]) -> list[tuple[str, float]]:
    """Let each job that was made take the next turn of its tenant. Returns the places of those that stand elsewhere.

    Applications that had a job already take no turn. A tenant whose list grows by one each time would otherwise pay
    for the whole list again and again.
    """
    turns = [(row, times[row.tenant_id].next()) for row in rows if row.id in made]
    return [(row.id, place) for row, place in turns if place != row.virtual_time]


def _application_data(tenant_id: str, application: SubmittedApplication) -> StoredText | None:
    if not application.answers and application.context is None:
        return None
    answers = [[answer.question, answer.answer] for answer in application.answers]
    return to_text(tenant_id, json.dumps([answers, application.context], ensure_ascii=False))
