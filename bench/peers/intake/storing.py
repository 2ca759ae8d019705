"""Stores a submission in one transaction. Identity is decided by unique constraints."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from bench.peers.intake.bodies import Application, Submission
from bench.peers.intake.tables import ApiKey, Batch, BatchJob, Job, Resume


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes jobs and batches the same."""

    partner_id: str
    tenant_id: str
    job_id: str

    def columns(self) -> dict[str, str]:
        return {"partner_id": self.partner_id, "tenant_id": self.tenant_id, "job_id": self.job_id}


@dataclass(frozen=True, slots=True)
class Stored:
    """A batch with its jobs in the order of the submission, and those of them that are new."""

    batch_id: UUID
    job_ids: list[UUID]
    new_job_ids: list[UUID]


async def find_partner(session: AsyncSession, secret: str) -> str | None:
    """Return whose key it is, if it is one in force."""
    digest = hashlib.sha256(secret.encode()).digest()
    statement = select(ApiKey.partner_id).where(ApiKey.digest == digest, ApiKey.revoked_at.is_(None))
    return await session.scalar(statement)


async def store(session: AsyncSession, identity: Identity, submission: Submission) -> Stored:
    """Store the submission, or find the batch that it already is. The caller commits."""
    digest = _digest(submission)
    batch_id = await _insert_batch(session, identity, submission, digest)
    if batch_id is None:
        return await _find_batch(session, identity, submission, digest)
    made = await _insert_jobs(session, identity, submission.applications)
    job_ids = made | await _find_jobs(session, identity, submission.applications, made)
    new = [application for application in submission.applications if application.application_id in made]
    if new:
        await session.execute(insert(Resume), [_resume(made, application) for application in new])
    ordered = [job_ids[application.application_id] for application in submission.applications]
    members = [
        {"batch_id": batch_id, "position": position, "scoring_job_id": job_id}
        for position, job_id in enumerate(ordered)
    ]
    await session.execute(insert(BatchJob), members)
    return Stored(batch_id, ordered, list(made.values()))


def _digest(submission: Submission) -> bytes:
    names = sorted(application.application_id for application in submission.applications)
    return hashlib.sha256("\0".join(names).encode()).digest()


async def _insert_batch(
    session: AsyncSession, identity: Identity, submission: Submission, digest: bytes
) -> UUID | None:
    """Return the id of the new batch, or nothing when it is there already."""
    texts = submission.model_dump(include={"job_description", "job_title", "company_name", "role_knowledge"})
    row = {
        "id": uuid4(),
        "applications_digest": digest,
        "total_jobs": len(submission.applications),
        **identity.columns(),
        **texts,
    }
    return await session.scalar(upsert(Batch).values(row).on_conflict_do_nothing().returning(Batch.id))


async def _find_batch(session: AsyncSession, identity: Identity, submission: Submission, digest: bytes) -> Stored:
    found = await session.execute(select(Batch.id).filter_by(applications_digest=digest, **identity.columns()))
    job_ids = await _find_jobs(session, identity, submission.applications, {})
    ordered = [job_ids[application.application_id] for application in submission.applications]
    return Stored(found.scalar_one(), ordered, [])


async def _insert_jobs(
    session: AsyncSession, identity: Identity, applications: Sequence[Application]
) -> dict[str, UUID]:
    """Return the ids of the new jobs by application id."""
    rows = [
        {"id": uuid4(), "application_id": application.application_id, **identity.columns()}
        for application in sorted(applications, key=lambda one: one.application_id)  # so that none waits for another
    ]
    statement = upsert(Job).on_conflict_do_nothing().returning(Job.application_id, Job.id)
    return dict((await session.execute(statement, rows)).tuples().all())


async def _find_jobs(
    session: AsyncSession, identity: Identity, applications: Sequence[Application], made: dict[str, UUID]
) -> dict[str, UUID]:
    """Return the ids of the jobs that were there already."""
    known = [one.application_id for one in applications if one.application_id not in made]
    if not known:
        return {}
    statement = select(Job.application_id, Job.id).filter_by(**identity.columns()).where(Job.application_id.in_(known))
    return dict((await session.execute(statement)).tuples().all())


def _resume(job_ids: dict[str, UUID], application: Application) -> dict[str, object]:
    resume, data = application.resume, application.application_data
    return {
        "scoring_job_id": job_ids[application.application_id],
        "url": resume.url if resume.type == "url" else None,
        "content": resume.content if resume.type == "text" else None,
        "application_data": data and data.model_dump(),
    }
