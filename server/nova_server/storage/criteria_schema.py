"""The tables of criteria. Import them from `schema`, as all others."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from nova_server.storage.metadata import metadata

criteria_versions = Table(
    "criteria_versions",
    metadata,
    Column("id", String(25), primary_key=True),
    Column("tenant_id", String(25), nullable=False),
    Column("job_id", String, nullable=False),
    Column("digest", String(40), nullable=False, comment="of its texts, or of the criteria that a partner set"),
    Column("job_description_digest", String(40), comment="of the text it follows from; null when a partner set it"),
    Column("role_knowledge_digest", String(40)),
    Column("created_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, server_default="0", comment="counts those of the job, from 1"),
    Column("criteria", Text, comment="JSON; null until they are derived from the texts"),
    Column("archived_at", BigInteger),
    UniqueConstraint("tenant_id", "job_id", "digest"),
    Index("ix_criteria_versions_tenant_id_job_id_version", "tenant_id", "job_id", "version"),
    sqlite_with_rowid=False,
)

job_criteria = Table(
    "job_criteria",
    metadata,
    Column("tenant_id", String(25), primary_key=True),
    Column("job_id", String, primary_key=True),
    Column("source", String, nullable=False, comment="of new submissions' criteria: texts, partner or none"),
    Column("active_version_id", String(25), comment="null while they are archived"),
    Column("revision", Integer, nullable=False, comment="counts the changes of the active version"),
    Column("partner_changes", Integer, nullable=False, comment="counts those of them that no submission made"),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("partner_id", String, primary_key=True),
    Column("environment", String, primary_key=True),
    Column("key", String, primary_key=True, comment="as the caller chose it"),
    Column("request_digest", String(40), nullable=False, comment="of the call that it was first sent with"),
    Column("holder", String(25), nullable=False, comment="the call that may still write the outcome"),
    Column("outcome", Text, comment="JSON; null while the call is running"),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_idempotency_keys_expires_at", "expires_at"),
    sqlite_with_rowid=False,
)
