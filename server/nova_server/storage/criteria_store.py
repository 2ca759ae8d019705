"""The store of criteria: what jobs are scored against, the versions before, and the calls that change them once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, or_, select

from nova_server.ports.clock import Instant
from nova_server.ports.criteria import (
    CriteriaChange,
    CriteriaOutcome,
    CriteriaSource,
    CriteriaVersion,
    Criterion,
    IdempotentCall,
    JobCriteria,
    Refusal,
    Reservation,
    VersionTexts,
)
from nova_server.ports.identifiers import Identifiers
from nova_server.ports.scorer import CriteriaTexts
from nova_server.ports.tenancy import TenantKey
from nova_server.storage.criteria_changes import ChangeCriteria, Derived, SaveDerived
from nova_server.storage.criteria_json import load_criteria
from nova_server.storage.database import Database
from nova_server.storage.digests import tenant_key
from nova_server.storage.idempotency_keys import ReleaseKeys, Reserve, ReserveKeys
from nova_server.storage.schema import criteria_versions, job_criteria, texts

_versions = criteria_versions.c
_LISTED = (_versions.id, _versions.version, _versions.created_at, _versions.archived_at)
_OF_JOB = (_versions.tenant_id == bindparam("tenant"), _versions.job_id == bindparam("job"))

_READ_CURRENT = (
    select(job_criteria.c.source, job_criteria.c.revision, job_criteria.c.partner_changes, *_LISTED, _versions.criteria)
    .select_from(job_criteria.outerjoin(criteria_versions, _versions.id == job_criteria.c.active_version_id))
    .where(job_criteria.c.tenant_id == bindparam("tenant"), job_criteria.c.job_id == bindparam("job"))
)
_READ_VERSION = select(*_LISTED, _versions.criteria).where(_versions.id == bindparam("version_id"), *_OF_JOB)
_LIST = select(*_LISTED).where(*_OF_JOB).order_by(_versions.version.desc()).limit(bindparam("page_size"))
_LIST_BEFORE = _LIST.where(_versions.version < bindparam("before"))

_description = texts.alias("description")
_knowledge = texts.alias("knowledge")
_READ_TEXTS = (
    select(
        _versions.job_id,
        _versions.created_at,
        _description.c.content.label("job_description"),
        _knowledge.c.content.label("role_knowledge"),
    )
    .select_from(
        criteria_versions.join(
            _description,
            (_description.c.tenant_id == _versions.tenant_id)
            & (_description.c.digest == _versions.job_description_digest),
        ).outerjoin(
            _knowledge,
            (_knowledge.c.tenant_id == _versions.tenant_id) & (_knowledge.c.digest == _versions.role_knowledge_digest),
        )
    )
    .where(
        _versions.id == bindparam("version_id"),
        or_(_versions.role_knowledge_digest.is_(None), _knowledge.c.digest.is_not(None)),
    )
)


class SqlCriteriaStore:
    """Implements `ports.criteria.CriteriaStore`."""

    def __init__(self, database: Database, identifiers: Identifiers) -> None:
        self._database = database
        self._change = ChangeCriteria(identifiers)
        self._save_derived = SaveDerived()
        self._reserve = ReserveKeys(identifiers)
        self._release = ReleaseKeys()

    async def read_current(self, tenant: TenantKey, job_id: str) -> JobCriteria:
        return await self._database.read(lambda connection: _read_current(connection, _of(tenant, job_id)))

    async def read_version(self, tenant: TenantKey, job_id: str, version_id: str) -> CriteriaVersion | None:
        parameters = _of(tenant, job_id) | {"version_id": version_id}
        return await self._database.read(lambda connection: _read_version(connection, parameters))

    async def list_versions(
        self, tenant: TenantKey, job_id: str, *, limit: int, before: int | None
    ) -> list[CriteriaVersion]:
        page = _of(tenant, job_id) | {"page_size": limit}
        statement, parameters = (_LIST, page) if before is None else (_LIST_BEFORE, page | {"before": before})
        return await self._database.read(
            lambda connection: [_to_version(row, None) for row in connection.execute(statement, parameters)]
        )

    async def read_texts(self, version_id: str) -> VersionTexts | None:
        return await self._database.read(lambda connection: _read_texts(connection, version_id))

    async def save_derived(self, version_id: str, criteria: Sequence[Criterion]) -> tuple[Criterion, ...]:
        return await self._database.writer.run(self._save_derived, Derived(version_id, tuple(criteria)))

    async def change(self, change: CriteriaChange) -> CriteriaOutcome | Refusal:
        return await self._database.writer.run(self._change, change)

    async def reserve(
        self, call: IdempotentCall, *, now: Instant, lease_ends_at: Instant, expires_at: Instant
    ) -> Reservation | CriteriaOutcome | Refusal:
        return await self._database.writer.run(self._reserve, Reserve(call, now, lease_ends_at, expires_at))

    async def release(self, reservation: Reservation) -> None:
        await self._database.writer.run(self._release, reservation)


def _read_current(connection: Connection, job: dict[str, object]) -> JobCriteria:
    row = connection.execute(_READ_CURRENT, job).one_or_none()
    if row is None:
        return JobCriteria()
    active = None if row.id is None else _to_version(row, row.criteria)
    return JobCriteria(CriteriaSource(row.source), active, row.revision, row.partner_changes)


def _read_version(connection: Connection, version: dict[str, object]) -> CriteriaVersion | None:
    row = connection.execute(_READ_VERSION, version).one_or_none()
    return None if row is None else _to_version(row, row.criteria)


def _read_texts(connection: Connection, version_id: str) -> VersionTexts | None:
    row = connection.execute(_READ_TEXTS, {"version_id": version_id}).one_or_none()
    if row is None:
        return None
    return VersionTexts(CriteriaTexts(row.job_description, row.role_knowledge), row.job_id, row.created_at)


def _of(tenant: TenantKey, job_id: str) -> dict[str, object]:
    return {"tenant": tenant_key(tenant), "job": job_id}


def _to_version(row: Row[*tuple[Any, ...]], criteria: str | None) -> CriteriaVersion:
    return CriteriaVersion(row.id, row.version, row.created_at, row.archived_at, load_criteria(criteria))
