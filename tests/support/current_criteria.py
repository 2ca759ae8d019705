"""What a job is scored against now, and the changes of it that submissions have to heed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from nova_server.identifiers import RandomIdentifiers
from nova_server.ports.clock import Instant
from nova_server.ports.criteria import CriteriaSource, Criterion
from nova_server.ports.scorer import Importance
from nova_server.ports.tenancy import TenantKey
from nova_server.storage.criteria_json import dump_criteria
from nova_server.storage.criteria_versions import NewVersion, find_versions, insert_versions
from nova_server.storage.digests import digest_of, tenant_key
from nova_server.storage.job_criteria import UNKNOWN, Activation, JobKey, activate, read_active
from nova_server.storage.schema import criteria_versions
from nova_server.storage.tenants import lock_virtual_times
from sqlalchemy import Connection, Row, select

from tests.support.store import StoreUnderTest
from tests.support.submissions import ACME


class Current(NamedTuple):
    """What submissions can tell of a job's criteria."""

    source: CriteriaSource
    version_id: str | None
    revision: int


class Change(NamedTuple):
    """New criteria of a job, or None to archive them."""

    tenant: TenantKey
    job_id: str
    texts: tuple[str, ...] | None
    now: Instant


class ChangeCriteria:
    """An operation that changes criteria as a partner does, without the rules of who may."""

    def __init__(self) -> None:
        self._identifiers = RandomIdentifiers()

    def apply(self, connection: Connection, intents: Sequence[Change]) -> Sequence[str | None]:
        return [self._change(connection, change) for change in intents]

    def _change(self, connection: Connection, change: Change) -> str | None:
        job = JobKey(tenant_key(change.tenant), change.job_id)
        lock_virtual_times(connection, {job.tenant_id: change.tenant}, change.now)
        before = read_active(connection, [job]).get(job, UNKNOWN).version_id
        after = None if change.texts is None else self._version(connection, job, change.texts, change.now)
        ended = (before,) if before not in (None, after) else ()
        activate(connection, [Activation(job, _source(change.texts), after, ended)], change.now)
        return after

    def _version(self, connection: Connection, job: JobKey, texts: tuple[str, ...], now: Instant) -> str:
        criteria = dump_criteria([Criterion(f"crit_{text}", text, Importance.MUST_HAVE, now) for text in texts])
        identity = (*job, digest_of(f"set by a partner: {texts}"))
        insert_versions(connection, [NewVersion(self._identifiers.new(now), *identity, None, None, criteria, now)])
        return find_versions(connection, [identity])[identity]


def _source(texts: tuple[str, ...] | None) -> CriteriaSource:
    if texts is None:
        return CriteriaSource.NONE
    return CriteriaSource.PARTNER if texts else CriteriaSource.TEXTS


async def set_criteria(store: StoreUnderTest, *texts: str, tenant: TenantKey = ACME, job_id: str = "job-1") -> str:
    """Set the criteria of a job, or clear them. Returns the version."""
    change = Change(tenant, job_id, texts, store.clock.now())
    version = await store.database.writer.run(ChangeCriteria(), change)
    assert version is not None
    return version


async def archive_criteria(store: StoreUnderTest, *, tenant: TenantKey = ACME, job_id: str = "job-1") -> None:
    change = Change(tenant, job_id, None, store.clock.now())
    await store.database.writer.run(ChangeCriteria(), change)


async def active(store: StoreUnderTest, *, tenant: TenantKey = ACME, job_id: str = "job-1") -> Current:
    """Return what a job is scored against, of a job that is unknown too."""
    job = JobKey(tenant_key(tenant), job_id)
    found = await store.database.read(lambda connection: read_active(connection, [job]).get(job, UNKNOWN))
    return Current(found.source, found.version_id, found.revision)


async def stored_versions(store: StoreUnderTest, job_id: str = "job-1") -> Sequence[Row[Any]]:
    """Return the versions of a job in the order of their numbers."""
    return await store.rows(
        select(criteria_versions).where(criteria_versions.c.job_id == job_id).order_by(criteria_versions.c.version)
    )


async def current_versions(store: StoreUnderTest) -> list[str]:
    """Return those versions of job-1 that are not archived. There should be one."""
    return [row.id for row in await stored_versions(store) if row.archived_at is None]
