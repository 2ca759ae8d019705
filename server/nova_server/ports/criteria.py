"""Records of criteria, and the store and the use cases that deal with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from nova_server.ports.clock import Instant
from nova_server.ports.scorer import CriteriaTexts, CriterionText, Importance
from nova_server.ports.tenancy import Caller, TenantKey


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of a job. `id` stays the same from version to version; its place is its index in the version."""

    id: str
    text: str
    importance: Importance
    created_at: Instant


@dataclass(frozen=True, slots=True)
class CriteriaVersion:
    """A version of a job's criteria. `number` counts those of the job from 1.

    `criteria` is None until they are derived, and in lists.
    """

    id: str
    number: int
    created_at: Instant
    archived_at: Instant | None
    criteria: tuple[Criterion, ...] | None = None


class CriteriaSource(StrEnum):
    """Where the criteria of a job's next submission come from."""

    TEXTS = "texts"
    PARTNER = "partner"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class JobCriteria:
    """What a job is scored against now. `active` is None while its criteria are archived.

    `revision` counts the changes: 0 for a job of which nothing is known. `partner_changes` counts those of them that no
    submission made by bringing other texts.
    """

    source: CriteriaSource = CriteriaSource.TEXTS
    active: CriteriaVersion | None = None
    revision: int = 0
    partner_changes: int = 0


@dataclass(frozen=True, slots=True)
class VersionTexts:
    """The texts that a version follows from, and when it was made."""

    texts: CriteriaTexts
    job_id: str
    created_at: Instant


@dataclass(frozen=True, slots=True)
class IdempotentCall:
    """A call that is to be done once. `digest` identifies everything about it that decides what it does."""

    caller: Caller
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """The right of one call to write the outcome of an idempotency key, which is kept until `outcome_expires_at`."""

    call: IdempotentCall
    holder: str
    outcome_expires_at: Instant


@dataclass(frozen=True, slots=True)
class CriteriaOutcome:
    """What a change left: the active version, or the one that was archived, and the criterion it was about."""

    version_id: str
    criterion_id: str | None = None


class Refusal(StrEnum):
    """Why a store did not do what it was asked."""

    IN_PROGRESS = "in_progress"
    REUSED = "reused"
    CHANGED_MEANWHILE = "changed_meanwhile"
    RESERVATION_LOST = "reservation_lost"


@dataclass(frozen=True, slots=True)
class CriteriaChange:
    """A change of a job's criteria, done only if those counters that are given still are what they were.

    `criteria` is the whole new set, and None archives the active version. `criterion_id` goes into the outcome.
    """

    tenant: TenantKey
    job_id: str
    criteria: tuple[Criterion, ...] | None
    now: Instant
    if_revision: int | None = None
    if_partner_changes: int | None = None
    criterion_id: str | None = None
    reservation: Reservation | None = None


class CriteriaStore(Protocol):
    """What the use cases ask of the store. Every call may raise StoreUnavailable."""

    async def read_current(self, tenant: TenantKey, job_id: str) -> JobCriteria:
        """Return what a job is scored against, of a job that is unknown too."""
        ...

    async def read_version(self, tenant: TenantKey, job_id: str, version_id: str) -> CriteriaVersion | None:
        """Return a version of the job with its criteria, or None."""
        ...

    async def list_versions(
        self, tenant: TenantKey, job_id: str, *, limit: int, before: int | None
    ) -> list[CriteriaVersion]:
        """Return versions without their criteria, newest first, of numbers lower than `before`."""
        ...

    async def read_texts(self, version_id: str) -> VersionTexts | None:
        """Return the texts that a version follows from. None when there is none such, or its texts are gone."""
        ...

    async def save_derived(self, version_id: str, criteria: Sequence[Criterion]) -> tuple[Criterion, ...]:
        """Store what was derived unless somebody did before. Returns what is stored."""
        ...

    async def change(self, change: CriteriaChange) -> CriteriaOutcome | Refusal:
        """Make a change and write its outcome under its reservation, all in one transaction.

        A content that the job had before becomes active again instead of being stored twice. CHANGED_MEANWHILE or
        RESERVATION_LOST: nothing was done.
        """
        ...

    async def reserve(
        self, call: IdempotentCall, *, now: Instant, lease_ends_at: Instant, expires_at: Instant
    ) -> Reservation | CriteriaOutcome | Refusal:
        """Return the right to do a call, or the outcome it had already. Forgets keys that expired.

        The right lasts until `lease_ends_at`, so that a call whose process died can be made again, and an outcome is
        kept until `expires_at`. IN_PROGRESS: another call holds the right. REUSED: the key belongs to another call.
        """
        ...

    async def release(self, reservation: Reservation) -> None:
        """Give the right back, when it is still held: nothing was done under it."""
        ...


@dataclass(frozen=True, slots=True)
class ChangedCriteria:
    """The answer to a change: the version that it led to, and the criterion it was about.

    `replayed` tells that it had been done before, under the same idempotency key.
    """

    version: CriteriaVersion
    criterion: Criterion | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class CurrentVersion:
    """The version that a job is scored against now, and the revision that this is."""

    version: CriteriaVersion
    revision: int


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """What a caller may say beside the change itself. `expected_revision` is in the form that `revision_of` gives."""

    call: IdempotentCall | None = None
    expected_revision: str | None = None


class CriteriaUseCases(Protocol):
    """What the api asks for. Every call may raise StoreUnavailable.

    Those that change criteria may raise CriteriaRevisionMismatch, IdempotencyRequestInProgress and
    IdempotencyKeyReused. What has to know the criteria derives them first when nobody has: ScorerFailed and its like
    become ServiceUnavailable.
    """

    async def get_current(self, tenant: TenantKey, job_id: str) -> CurrentVersion:
        """Return the active version with its criteria. Raises CriteriaNotFound."""
        ...

    async def get_version(self, tenant: TenantKey, job_id: str, version_id: str) -> CriteriaVersion:
        """Return a version with its criteria. Raises CriteriaVersionNotFound."""
        ...

    async def list_versions(
        self, tenant: TenantKey, job_id: str, *, limit: int, before: int | None
    ) -> list[CriteriaVersion]:
        """Return versions without their criteria, newest first, of numbers lower than `before`."""
        ...

    async def set(
        self, tenant: TenantKey, job_id: str, criteria: Sequence[CriterionText], options: ChangeOptions
    ) -> ChangedCriteria:
        """Replace the criteria of a job."""
        ...

    async def archive(self, tenant: TenantKey, job_id: str, options: ChangeOptions) -> ChangedCriteria:
        """Archive the active version. Raises CriteriaNotFound."""
        ...

    async def add(
        self, tenant: TenantKey, job_id: str, criterion: CriterionText, options: ChangeOptions
    ) -> ChangedCriteria:
        """Add a criterion behind the others. Raises CriteriaLimitReached."""
        ...

    async def update(
        self,
        tenant: TenantKey,
        job_id: str,
        criterion_id: str,
        options: ChangeOptions,
        *,
        text: str | None,
        importance: Importance | None,
    ) -> ChangedCriteria:
        """Change a criterion. Raises CriteriaNotFound or CriterionNotFound."""
        ...

    async def remove(
        self, tenant: TenantKey, job_id: str, criterion_id: str, options: ChangeOptions
    ) -> ChangedCriteria:
        """Remove a criterion. Raises CriteriaNotFound or CriterionNotFound."""
        ...


def revision_of(revision: int) -> str:
    """Return the form in which callers see a revision."""
    return f"crit_{revision}"
