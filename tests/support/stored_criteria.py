"""The verbs of tests about criteria in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from nova_server.identifiers import RandomIdentifiers
from nova_server.ports.clock import Instant, plus_seconds
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
)
from nova_server.ports.scorer import Importance
from nova_server.ports.tenancy import Caller, Environment, TenantKey
from nova_server.storage.criteria_store import SqlCriteriaStore
from nova_server.storage.criteria_versions import NewVersion, find_versions, insert_versions
from nova_server.storage.digests import digest_of, digest_of_all, tenant_key
from nova_server.storage.job_criteria import UNKNOWN, Activation, JobKey, activate, read_active
from nova_server.storage.schema import idempotency_keys
from nova_server.storage.tenants import lock_virtual_times
from nova_server.storage.texts import insert_texts, to_text
from sqlalchemy import Connection, Row, select

from tests.support.clock import START
from tests.support.store import StoreUnderTest
from tests.support.submissions import ACME

OWNER = Caller(ACME.partner_id, ACME.environment)
LEASE_SECONDS = 60
KEPT_SECONDS = 24 * 3600

_identifiers = RandomIdentifiers()


@dataclass(frozen=True, slots=True)
class TextsOfJob:
    """The texts that a submission brings for a job."""

    tenant: TenantKey
    job_id: str
    job_description: str
    role_knowledge: str | None
    now: Instant


class ActivateTexts:
    """An operation that makes the version of a job's texts the active one. Returns its id."""

    def apply(self, connection: Connection, intents: Sequence[TextsOfJob]) -> Sequence[str]:
        return [_activate_texts(connection, one) for one in intents]


def criterion(
    text: str, importance: Importance = Importance.MUST_HAVE, *, created_at: Instant = START, of_id: str | None = None
) -> Criterion:
    """Return a criterion whose id follows from its text, unless it is said."""
    return Criterion(of_id or f"crit_{digest_of(text)[:12]}", text, importance, created_at)


def criteria_of(*texts: str) -> tuple[Criterion, ...]:
    return tuple(criterion(text) for text in texts)


def call_of(key: str = "key-1", request: str = "PUT one", caller: Caller = OWNER) -> IdempotentCall:
    """Return a call under a key; `request` stands for all that decides what it does."""
    return IdempotentCall(caller, key, digest_of(request))


@dataclass(frozen=True, slots=True)
class JobUnderTest:
    """A job of a tenant whose criteria are stored."""

    under_test: StoreUnderTest
    store: SqlCriteriaStore
    tenant: TenantKey = ACME
    job_id: str = "job-1"

    def of(self, *, tenant: TenantKey | None = None, job_id: str | None = None) -> JobUnderTest:
        """Return another job of the same store."""
        return replace(self, tenant=tenant or self.tenant, job_id=job_id or self.job_id)

    @property
    def now(self) -> Instant:
        return self.under_test.clock.now()

    async def current(self) -> JobCriteria:
        return await self.store.read_current(self.tenant, self.job_id)

    async def active(self) -> CriteriaVersion:
        """Return the active version, which there must be."""
        active = (await self.current()).active
        assert active is not None
        return active

    async def version(self, version_id: str) -> CriteriaVersion:
        """Return a version that must be there."""
        version = await self.store.read_version(self.tenant, self.job_id, version_id)
        assert version is not None
        return version

    async def versions(self, *, limit: int = 1_000, before: int | None = None) -> list[CriteriaVersion]:
        return await self.store.list_versions(self.tenant, self.job_id, limit=limit, before=before)

    async def bring_texts(self, job_description: str, role_knowledge: str | None = None) -> str:
        """Make the version of these texts the active one, whatever was before. Returns its id."""
        brought = TextsOfJob(self.tenant, self.job_id, job_description, role_knowledge, self.now)
        return await self.under_test.database.writer.run(ActivateTexts(), brought)

    async def try_change(
        self,
        criteria: Sequence[Criterion] | None,
        *,
        if_revision: int | None = None,
        if_partner_changes: int | None = None,
        criterion_id: str | None = None,
        reservation: Reservation | None = None,
    ) -> CriteriaOutcome | Refusal:
        """Make a change, of the criteria as they are now unless a counter is said."""
        if if_revision is None and if_partner_changes is None:
            if_revision = (await self.current()).revision
        new = None if criteria is None else tuple(criteria)
        return await self.store.change(
            CriteriaChange(
                self.tenant,
                self.job_id,
                new,
                self.now,
                if_revision=if_revision,
                if_partner_changes=if_partner_changes,
                criterion_id=criterion_id,
                reservation=reservation,
            )
        )

    async def set(self, *texts: str, reservation: Reservation | None = None) -> str:
        """Replace the criteria, and return the id of the active version."""
        outcome = await self.try_change(criteria_of(*texts), reservation=reservation)
        assert isinstance(outcome, CriteriaOutcome)
        return outcome.version_id

    async def archive(self, *, reservation: Reservation | None = None) -> str:
        """Archive the active version, and return its id."""
        outcome = await self.try_change(None, reservation=reservation)
        assert isinstance(outcome, CriteriaOutcome)
        return outcome.version_id

    async def try_reserve(self, call: IdempotentCall | None = None) -> Reservation | CriteriaOutcome | Refusal:
        return await self.store.reserve(
            call or call_of(),
            now=self.now,
            lease_ends_at=plus_seconds(self.now, LEASE_SECONDS),
            expires_at=plus_seconds(self.now, KEPT_SECONDS),
        )

    async def reserve(self, call: IdempotentCall | None = None) -> Reservation:
        """Return the right to do a call, which must be free."""
        reservation = await self.try_reserve(call)
        assert isinstance(reservation, Reservation)
        return reservation

    async def key_row(self, key: str = "key-1") -> Row[Any] | None:
        statement = select(idempotency_keys).where(idempotency_keys.c.key == key)
        return await self.under_test.database.read(lambda connection: connection.execute(statement).one_or_none())


def job_of(store: StoreUnderTest) -> JobUnderTest:
    return JobUnderTest(store, SqlCriteriaStore(store.database, _identifiers))


def strangers(tenant: TenantKey = ACME) -> list[TenantKey]:
    """Return tenants that share all but one part of what makes a tenant."""
    return [
        replace(tenant, tenant_id="globex"),
        replace(tenant, environment=Environment.PRODUCTION),
        replace(tenant, partner_id="partner-2"),
    ]


def _activate_texts(connection: Connection, brought: TextsOfJob) -> str:
    job = JobKey(tenant_key(brought.tenant), brought.job_id)
    lock_virtual_times(connection, {job.tenant_id: brought.tenant}, brought.now)
    version_id = _version_of_texts(connection, job, brought)
    active = read_active(connection, [job]).get(job, UNKNOWN).version_id
    if active != version_id:
        ended = () if active is None else (active,)
        activate(connection, [Activation(job, CriteriaSource.TEXTS, version_id, ended)], brought.now)
    return version_id


def _version_of_texts(connection: Connection, job: JobKey, brought: TextsOfJob) -> str:
    description = to_text(job.tenant_id, brought.job_description)
    knowledge = None if brought.role_knowledge is None else to_text(job.tenant_id, brought.role_knowledge)
    insert_texts(connection, [text for text in (description, knowledge) if text])
    digests = (description.digest, knowledge and knowledge.digest)
    new = NewVersion(_identifiers.new(brought.now), *job, digest_of_all(digests), *digests, None, brought.now)
    return new.id if insert_versions(connection, [new]) else find_versions(connection, [new.identity])[new.identity]
