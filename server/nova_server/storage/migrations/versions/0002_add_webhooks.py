"""Add webhooks: endpoints, events, deliveries and attempts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.String(length=25), nullable=False),
        sa.Column("partner_id", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("events", sa.String(), nullable=False, comment="names, separated by spaces"),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False, comment="signs, so that a digest would not do"),
        sa.Column("previous_secret", sa.String(), nullable=True),
        sa.Column("previous_secret_expires_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "failing_since", sa.BigInteger(), nullable=True, comment="the first failure since an attempt succeeded"
        ),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False, comment="attempts since one succeeded"),
        sa.Column(
            "probe_at", sa.BigInteger(), nullable=True, comment="when the next attempt may begin, after many failures"
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoints"),
    )
    op.create_index("ix_webhook_endpoints_partner_id_environment", "webhook_endpoints", ["partner_id", "environment"])
    op.create_table(
        "webhook_events",
        sa.Column("id", sa.String(length=25), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=True, comment="the partner's own id of its customer"),
        sa.Column("body", sa.Text(), nullable=False, comment="JSON, as it is sent"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_events"),
    )
    _create_deliveries()
    op.create_table(
        "webhook_attempts",
        sa.Column("delivery_id", sa.String(length=25), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("http_status", sa.SmallInteger(), nullable=True),
        sa.Column("failure_reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("delivery_id", "number", name="pk_webhook_attempts"),
        sqlite_with_rowid=False,
    )


def _create_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.String(length=25), nullable=False),
        sa.Column("endpoint_id", sa.String(length=25), nullable=False),
        sa.Column("event_id", sa.String(length=25), nullable=False),
        sa.Column("state", sa.String(), nullable=False, comment="pending, running, delivered or failed"),
        sa.Column(
            "attempt", sa.Integer(), server_default="0", nullable=False, comment="fences off one that lost its lease"
        ),
        sa.Column(
            "attempts", sa.Integer(), server_default="0", nullable=False, comment="made since it was last begun anew"
        ),
        sa.Column("available_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sa.UniqueConstraint("event_id", "endpoint_id", name="uq_webhook_deliveries_event_id_endpoint_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_webhook_deliveries_endpoint_id_state_id", "webhook_deliveries", ["endpoint_id", "state", "id"])
    op.create_index("ix_webhook_deliveries_endpoint_id_id", "webhook_deliveries", ["endpoint_id", "id"])
    for state, column in (("pending", "available_at"), ("running", "lease_expires_at")):
        names = ["endpoint_id", column, "id", "state"] if state == "pending" else ["endpoint_id", column, "state"]
        where = sa.text(f"state = '{state}'")
        op.create_index(
            f"ix_webhook_deliveries_{state}",
            "webhook_deliveries",
            names,
            sqlite_where=where,
            postgresql_where=where,
        )
