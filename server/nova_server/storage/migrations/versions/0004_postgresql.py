"""Settle on PostgreSQL how texts are compared, and how the tables that are written most are kept tidy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# The numbers were measured, see "PostgreSQL: autovacuum and fill factor" in docs/operations.md.
# Rows that are updated without a change of an index leave room on their page, so that a new version needs no new entry.
_FILL = {"queue_clock": 50, "tenants": 50, "webhook_endpoints": 50, "scoring_batches": 70, "scoring_jobs": 90}
# No statistics of a table are taken while it is tiny: as long as there are none, it is planned for as if it were not.
_FIRST_LOOK = {"autovacuum_vacuum_threshold": 2_000, "autovacuum_analyze_threshold": 2_000}
# By default a table is tidied up when a fifth of it is dead. Of a million finished jobs that is more than ever wait.
_TIDY = {"autovacuum_vacuum_scale_factor": 0.005}
_QUEUES = ("scoring_jobs", "webhook_deliveries")

# Indexes that differ from SQLite's: in what they must not be used for, see `schema.py`, and in that heartbeats change
# none of them, so that they may be written without a new entry.
_INDEXES = {
    "ix_scoring_jobs_pending": "scoring_jobs (virtual_time, id, available_at, tenant_id, state)"
    " WHERE state = 'pending' AND virtual_time IS NOT NULL",
    "ix_scoring_jobs_pending_by_tenant": "scoring_jobs (tenant_id, virtual_time, id, available_at, state)"
    " WHERE state = 'pending' AND tenant_id IS NOT NULL",
    "ix_scoring_jobs_running": "scoring_jobs (tenant_id) WHERE state = 'running' AND tenant_id IS NOT NULL",
    "ix_webhook_deliveries_pending": "webhook_deliveries (endpoint_id, available_at, id, state)"
    " WHERE state = 'pending' AND endpoint_id IS NOT NULL",
    "ix_webhook_deliveries_running": "webhook_deliveries (endpoint_id)"
    " WHERE state = 'running' AND endpoint_id IS NOT NULL",
    "ix_webhook_deliveries_endpoint_id_id": "webhook_deliveries (endpoint_id, id DESC NULLS LAST)",
    "ix_webhook_deliveries_endpoint_id_state_id": "webhook_deliveries (endpoint_id, state, id DESC NULLS LAST)",
}


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        _compare_by_bytes()
        for index, of_what in _INDEXES.items():
            op.execute(f"DROP INDEX {index}")
            op.execute(f"CREATE INDEX {index} ON {of_what}")
        for table in _tables():
            options = _FIRST_LOOK | (_TIDY if table in _QUEUES else {})
            if table in _FILL:
                options["fillfactor"] = _FILL[table]
            op.execute(f"ALTER TABLE {table} SET ({', '.join(f'{name} = {value}' for name, value in options.items())})")


def _compare_by_bytes() -> None:
    """Give every short text the order of its bytes: that of our ids, the same in every database, and the fastest.

    No release before this one ran on PostgreSQL, so that the tables are empty when this happens.
    """
    inspector = sa.inspect(op.get_bind())
    for table in _tables():
        for column in inspector.get_columns(table):
            if isinstance(column["type"], sa.VARCHAR):
                length = f"({column['type'].length})" if column["type"].length else ""
                op.execute(f'ALTER TABLE {table} ALTER COLUMN "{column["name"]}" TYPE varchar{length} COLLATE "C"')


def _tables() -> list[str]:
    """Return our tables."""
    return [table for table in sa.inspect(op.get_bind()).get_table_names() if table != "alembic_version"]
