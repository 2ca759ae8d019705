"""Make criteria versions hold criteria, and jobs know theirs. Add rescores and idempotency keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Versions are numbered in the order in which they were made, which is that of their ids.
_NUMBER_VERSIONS = """
UPDATE criteria_versions SET version = (
    SELECT count(*) FROM criteria_versions AS earlier
    WHERE earlier.tenant_id = criteria_versions.tenant_id AND earlier.job_id = criteria_versions.job_id
      AND earlier.id <= criteria_versions.id
)
"""
# Until now each version ended when the next was made.
_ARCHIVE_ALL_BUT_THE_LATEST = """
UPDATE criteria_versions SET archived_at = (
    SELECT min(later.created_at) FROM criteria_versions AS later
    WHERE later.tenant_id = criteria_versions.tenant_id AND later.job_id = criteria_versions.job_id
      AND later.id > criteria_versions.id
)
"""
_ACTIVATE_THE_LATEST = """
INSERT INTO job_criteria (tenant_id, job_id, source, active_version_id, revision, partner_changes, updated_at)
SELECT tenant_id, job_id, 'texts', id, version, 0, created_at FROM criteria_versions WHERE archived_at IS NULL
"""


def upgrade() -> None:
    with op.batch_alter_table("criteria_versions", table_kwargs={"sqlite_with_rowid": False}) as table:
        table.alter_column("job_description_digest", existing_type=sa.String(length=40), nullable=True)
        table.add_column(sa.Column("version", sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("criteria", sa.Text(), nullable=True))
        table.add_column(sa.Column("archived_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_criteria_versions_tenant_id_job_id_version", "criteria_versions", ["tenant_id", "job_id", "version"]
    )
    op.create_table(
        "job_criteria",
        sa.Column("tenant_id", sa.String(length=25), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("active_version_id", sa.String(length=25), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("partner_changes", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "job_id", name="pk_job_criteria"),
        sqlite_with_rowid=False,
    )
    for statement in (_NUMBER_VERSIONS, _ARCHIVE_ALL_BUT_THE_LATEST, _ACTIVATE_THE_LATEST):
        op.execute(statement)
    op.add_column("scoring_jobs", sa.Column("made_by_rescore", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column(
        "scoring_jobs", sa.Column("latest_rescore_key", sa.String(length=25), server_default="", nullable=False)
    )
    op.add_column("scoring_inputs", sa.Column("job_description_digest", sa.String(length=40), nullable=True))
    op.add_column("scoring_inputs", sa.Column("role_knowledge_digest", sa.String(length=40), nullable=True))
    op.create_table(
        "idempotency_keys",
        sa.Column("partner_id", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_digest", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=25), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("partner_id", "environment", "key", name="pk_idempotency_keys"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_idempotency_keys_expires_at", "idempotency_keys", ["expires_at"])
