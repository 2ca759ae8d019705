"""Create the tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=25), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False, comment="SHA-256 of the whole secret"),
        sa.Column("partner_id", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("masked", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
    )
    op.create_table(
        "criteria_versions",
        sa.Column("id", sa.String(length=25), nullable=False),
        sa.Column("tenant_id", sa.String(length=25), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(length=40), nullable=False, comment="of job description and role knowledge"),
        sa.Column("job_description_digest", sa.String(length=40), nullable=False),
        sa.Column("role_knowledge_digest", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_criteria_versions"),
        sa.UniqueConstraint("tenant_id", "job_id", "digest", name="uq_criteria_versions_tenant_id_job_id_digest"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "queue_clock",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("virtual_time", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_queue_clock"),
    )
    op.create_table(
        "scoring_batch_jobs",
        sa.Column("batch_id", sa.String(length=25), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("scoring_job_id", sa.String(length=25), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "position", name="pk_scoring_batch_jobs"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_scoring_batch_jobs_scoring_job_id", "scoring_batch_jobs", ["scoring_job_id"], unique=False)
    op.create_table(
        "scoring_batches",
        sa.Column("id", sa.String(length=25), nullable=False),
        sa.Column("tenant_id", sa.String(length=25), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("applications_digest", sa.String(length=40), nullable=False, comment="of the sorted application ids"),
        sa.Column("total_jobs", sa.Integer(), nullable=False),
        sa.Column("completed_jobs", sa.Integer(), nullable=False),
        sa.Column("failed_jobs", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_scoring_batches"),
        sa.UniqueConstraint(
            "tenant_id", "job_id", "applications_digest", name="uq_scoring_batches_tenant_id_job_id_applications_digest"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "scoring_inputs",
        sa.Column("scoring_job_id", sa.String(length=25), nullable=False),
        sa.Column("resume_url", sa.String(), nullable=True),
        sa.Column("resume_digest", sa.String(length=40), nullable=True),
        sa.Column("application_data_digest", sa.String(length=40), nullable=True),
        sa.Column("job_title", sa.String(), nullable=True),
        sa.Column("company_name", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("scoring_job_id", name="pk_scoring_inputs"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "scoring_jobs",
        sa.Column("id", sa.String(length=25), nullable=False),
        sa.Column("tenant_id", sa.String(length=25), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column(
            "rescore_key", sa.String(length=25), server_default="", nullable=False, comment="empty for the first job"
        ),
        sa.Column("criteria_version_id", sa.String(length=25), nullable=False),
        sa.Column("state", sa.String(), nullable=False, comment="pending, running, completed or failed"),
        sa.Column(
            "attempt",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="fences off a worker that lost its lease",
        ),
        sa.Column(
            "starts",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="how often it was begun and not given back",
        ),
        sa.Column("virtual_time", sa.Float(), nullable=False, comment="its place in the queue"),
        sa.Column("available_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_scoring_jobs"),
        sa.UniqueConstraint(
            "tenant_id",
            "job_id",
            "application_id",
            "rescore_key",
            name="uq_scoring_jobs_tenant_id_job_id_application_id_rescore_key",
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_scoring_jobs_pending",
        "scoring_jobs",
        ["virtual_time", "id", "available_at", "tenant_id", "state"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_scoring_jobs_pending_by_tenant",
        "scoring_jobs",
        ["tenant_id", "virtual_time", "id", "available_at", "state"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_scoring_jobs_running",
        "scoring_jobs",
        ["tenant_id", "lease_expires_at", "state"],
        unique=False,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "scoring_results",
        sa.Column("scoring_job_id", sa.String(length=25), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=True),
        sa.Column("assessment", sa.Text(), nullable=True, comment="JSON"),
        sa.Column("scorer_id", sa.String(), nullable=True),
        sa.Column("scorer_version", sa.String(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("scoring_job_id", name="pk_scoring_results"),
    )
    op.create_table(
        "tenants",
        sa.Column("id", sa.String(length=25), nullable=False, comment="digest of the three columns below"),
        sa.Column("partner_id", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("weight", sa.Float(), server_default="1", nullable=False),
        sa.Column("virtual_time", sa.Float(), nullable=False, comment="virtual time of its latest job"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tenants"),
    )
    op.create_table(
        "texts",
        sa.Column("tenant_id", sa.String(length=25), nullable=False),
        sa.Column("digest", sa.String(length=40), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.UniqueConstraint("tenant_id", "digest", name="uq_texts_tenant_id_digest"),
    )
    op.execute("INSERT INTO queue_clock (id, virtual_time) VALUES (1, 0)")
