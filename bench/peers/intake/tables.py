"""The tables, as models of SQLAlchemy's ORM."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Table(DeclarativeBase):
    """What all models have in common."""


class ApiKey(Table):
    """A key, of which the store knows only the digest."""

    __tablename__ = "api_keys"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    partner_id: Mapped[str]
    revoked_at: Mapped[datetime | None]


class Batch(Table):
    """A batch. The same tenant, job and set of applications is the same batch."""

    __tablename__ = "batches"
    __table_args__ = (UniqueConstraint("partner_id", "tenant_id", "job_id", "applications_digest"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[str]
    tenant_id: Mapped[str]
    job_id: Mapped[str]
    applications_digest: Mapped[bytes]
    job_description: Mapped[str] = mapped_column(Text)
    job_title: Mapped[str | None]
    company_name: Mapped[str | None]
    role_knowledge: Mapped[str | None] = mapped_column(Text)
    total_jobs: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Job(Table):
    """A scoring job. The same tenant, job and application is the same scoring job."""

    __tablename__ = "jobs"
    __table_args__ = (UniqueConstraint("partner_id", "tenant_id", "job_id", "application_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[str]
    tenant_id: Mapped[str]
    job_id: Mapped[str]
    application_id: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="pending")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BatchJob(Table):
    """A job's place in a batch."""

    __tablename__ = "batch_jobs"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    scoring_job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"), index=True)


class Resume(Table):
    """What a job is to score."""

    __tablename__ = "resumes"

    scoring_job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    url: Mapped[str | None]
    content: Mapped[str | None] = mapped_column(Text)
    application_data: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
