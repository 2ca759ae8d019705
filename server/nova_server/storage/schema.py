"""The tables. What they must look like is here; how they came to look so is in `migrations/`.

Times are microseconds since the Unix epoch. Ids of ours are 25 characters that sort by time, so that rows are appended
to their tables. `tenant_id` is the key of `tenants`: partner, environment and the partner's own tenant id in one.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    literal_column,
)

from nova_server.storage.criteria_schema import criteria_versions as criteria_versions
from nova_server.storage.criteria_schema import idempotency_keys as idempotency_keys
from nova_server.storage.criteria_schema import job_criteria as job_criteria
from nova_server.storage.metadata import metadata as metadata

# States are compared as literals: a partial index serves only a condition in the statement, not one in a parameter.
PENDING = literal_column("'pending'", String)
RUNNING = literal_column("'running'", String)
# Bounds that hold for every row, for statements that are to be answered by an index of unfinished ones.
BEFORE_ALL = literal_column("''", String)
BEGINNING = literal_column("0", Float)
ONE = literal_column("1", Integer)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(25), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True, comment="SHA-256 of the whole secret"),
    Column("partner_id", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("masked", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

tenants = Table(
    "tenants",
    metadata,
    Column("id", String(25), primary_key=True, comment="digest of the three columns below"),
    Column("partner_id", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("external_id", String, nullable=False),
    Column("weight", Float, nullable=False, server_default="1"),
    Column("virtual_time", Float, nullable=False, comment="virtual time of its latest job"),
    Column("created_at", BigInteger, nullable=False),
)

texts = Table(
    "texts",
    metadata,
    Column("tenant_id", String(25), nullable=False),
    Column("digest", String(40), nullable=False),
    Column("content", Text, nullable=False),
    UniqueConstraint("tenant_id", "digest"),
)

scoring_batches = Table(
    "scoring_batches",
    metadata,
    Column("id", String(25), primary_key=True),
    Column("tenant_id", String(25), nullable=False),
    Column("job_id", String, nullable=False),
    Column("applications_digest", String(40), nullable=False, comment="of the sorted application ids"),
    Column("total_jobs", Integer, nullable=False),
    Column("completed_jobs", Integer, nullable=False),
    Column("failed_jobs", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("completed_at", BigInteger),
    UniqueConstraint("tenant_id", "job_id", "applications_digest"),
    sqlite_with_rowid=False,
)

scoring_jobs = Table(
    "scoring_jobs",
    metadata,
    Column("id", String(25), primary_key=True),
    Column("tenant_id", String(25), nullable=False),
    Column("job_id", String, nullable=False),
    Column("application_id", String, nullable=False),
    Column("rescore_key", String(25), nullable=False, server_default="", comment="its version; empty for a first job"),
    Column("criteria_version_id", String(25), nullable=False),
    Column("state", String, nullable=False, comment="pending, running, completed or failed"),
    Column("attempt", Integer, nullable=False, server_default="0", comment="fences off a worker that lost its lease"),
    Column("starts", Integer, nullable=False, server_default="0", comment="how often it was begun and not given back"),
    Column("virtual_time", Float, nullable=False, comment="its place in the queue"),
    Column("available_at", BigInteger, nullable=False),
    Column("lease_owner", String),
    Column("lease_expires_at", BigInteger),
    Column("queued_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column(
        "made_by_rescore",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="whether it answers a rescore against its version, as a first job may",
    ),
    Column(
        "latest_rescore_key",
        String(25),
        nullable=False,
        server_default="",
        comment="of a first job: that of the application's latest job",
    ),
    UniqueConstraint("tenant_id", "job_id", "application_id", "rescore_key"),
    sqlite_with_rowid=False,
)

# The indexes that the queue lives on. They hold only unfinished jobs, so that finished ones cost nothing.
# The state is in them because SQLite would otherwise look it up in the table, although the index implies it.
# PostgreSQL would read such an index from end to end even for one job by its id, when its statistics are of a time when
# nothing waited. So there each serves only statements that say something of its first column. The columns of those of
# running jobs are fewer there, see migration 0004.
Index(
    "ix_scoring_jobs_pending",
    scoring_jobs.c.virtual_time,
    scoring_jobs.c.id,
    scoring_jobs.c.available_at,
    scoring_jobs.c.tenant_id,
    scoring_jobs.c.state,
    sqlite_where=scoring_jobs.c.state == PENDING,
    postgresql_where=(scoring_jobs.c.state == PENDING) & scoring_jobs.c.virtual_time.is_not(None),
)
Index(
    "ix_scoring_jobs_pending_by_tenant",
    scoring_jobs.c.tenant_id,
    scoring_jobs.c.virtual_time,
    scoring_jobs.c.id,
    scoring_jobs.c.available_at,
    scoring_jobs.c.state,
    sqlite_where=scoring_jobs.c.state == PENDING,
    postgresql_where=(scoring_jobs.c.state == PENDING) & scoring_jobs.c.tenant_id.is_not(None),
)
Index(
    "ix_scoring_jobs_running",
    scoring_jobs.c.tenant_id,
    scoring_jobs.c.lease_expires_at,
    scoring_jobs.c.state,
    sqlite_where=scoring_jobs.c.state == RUNNING,
    postgresql_where=(scoring_jobs.c.state == RUNNING) & scoring_jobs.c.tenant_id.is_not(None),
)

scoring_inputs = Table(
    "scoring_inputs",
    metadata,
    Column("scoring_job_id", String(25), primary_key=True),
    Column("resume_url", String),
    Column("resume_digest", String(40)),
    Column("application_data_digest", String(40)),
    Column("job_title", String),
    Column("company_name", String),
    Column("job_description_digest", String(40), comment="null in what was stored before there were criteria to set"),
    Column("role_knowledge_digest", String(40)),
    sqlite_with_rowid=False,
)

scoring_results = Table(
    "scoring_results",
    metadata,
    Column("scoring_job_id", String(25), primary_key=True),
    Column("score", SmallInteger),
    Column("assessment", Text, comment="JSON"),
    Column("scorer_id", String),
    Column("scorer_version", String),
    Column("error_code", String),
    Column("error_message", String),
)

scoring_batch_jobs = Table(
    "scoring_batch_jobs",
    metadata,
    Column("batch_id", String(25), primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    Column("scoring_job_id", String(25), nullable=False, index=True),
    sqlite_with_rowid=False,
)

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", String(25), primary_key=True),
    Column("partner_id", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("url", String, nullable=False),
    Column("name", String),
    Column("events", String, nullable=False, comment="names, separated by spaces"),
    Column("enabled", Boolean, nullable=False),
    Column("secret", String, nullable=False, comment="signs, so that a digest would not do"),
    Column("previous_secret", String),
    Column("previous_secret_expires_at", BigInteger),
    Column("failing_since", BigInteger, comment="the first failure since an attempt succeeded"),
    Column("failures", Integer, nullable=False, server_default="0", comment="attempts since one succeeded"),
    Column("probe_at", BigInteger, comment="when the next attempt may begin, after many failures"),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("ix_webhook_endpoints_partner_id_environment", "partner_id", "environment"),
)

webhook_events = Table(
    "webhook_events",
    metadata,
    Column("id", String(25), primary_key=True),
    Column("event", String, nullable=False),
    Column("tenant_id", String, comment="the partner's own id of its customer"),
    Column("body", Text, nullable=False, comment="JSON, as it is sent"),
    Column("created_at", BigInteger, nullable=False),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", String(25), primary_key=True),
    Column("endpoint_id", String(25), nullable=False),
    Column("event_id", String(25), nullable=False),
    Column("state", String, nullable=False, comment="pending, running, delivered or failed"),
    Column("attempt", Integer, nullable=False, server_default="0", comment="fences off one that lost its lease"),
    Column("attempts", Integer, nullable=False, server_default="0", comment="made since it was last begun anew"),
    Column("available_at", BigInteger, nullable=False),
    Column("lease_owner", String),
    Column("lease_expires_at", BigInteger),
    Column("finished_at", BigInteger),
    UniqueConstraint("event_id", "endpoint_id"),
    Index("ix_webhook_deliveries_endpoint_id_state_id", "endpoint_id", "state", "id"),
    Index("ix_webhook_deliveries_endpoint_id_id", "endpoint_id", "id"),
    sqlite_with_rowid=False,
)
# The order of the two indexes of an endpoint's deliveries. On PostgreSQL they are built so that no other has it: from
# that of ids alone it might read the deliveries of everybody, until enough of the endpoint's have come by.
NEWEST_FIRST = webhook_deliveries.c.id.desc().nulls_last()
Index(
    "ix_webhook_deliveries_pending",
    webhook_deliveries.c.endpoint_id,
    webhook_deliveries.c.available_at,
    webhook_deliveries.c.id,
    webhook_deliveries.c.state,
    sqlite_where=webhook_deliveries.c.state == PENDING,
    postgresql_where=(webhook_deliveries.c.state == PENDING) & webhook_deliveries.c.endpoint_id.is_not(None),
)
Index(
    "ix_webhook_deliveries_running",
    webhook_deliveries.c.endpoint_id,
    webhook_deliveries.c.lease_expires_at,
    webhook_deliveries.c.state,
    sqlite_where=webhook_deliveries.c.state == RUNNING,
    postgresql_where=(webhook_deliveries.c.state == RUNNING) & webhook_deliveries.c.endpoint_id.is_not(None),
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("delivery_id", String(25), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("started_at", BigInteger, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("http_status", SmallInteger),
    Column("failure_reason", String),
    sqlite_with_rowid=False,
)

# One row: the virtual time of the job claimed last. New jobs of an idle tenant start from it.
queue_clock = Table(
    "queue_clock",
    metadata,
    Column("id", SmallInteger, primary_key=True),
    Column("virtual_time", Float, nullable=False),
)
