"""Reading and setting what a job is scored against."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from nova_server.errors import (
    CriteriaNotFound,
    CriteriaRevisionMismatch,
    CriteriaVersionNotFound,
    ServiceUnavailable,
)
from nova_server.ports.clock import Clock
from nova_server.ports.criteria import (
    ChangedCriteria,
    ChangeOptions,
    CriteriaChange,
    CriteriaOutcome,
    CriteriaStore,
    CriteriaVersion,
    Criterion,
    CurrentVersion,
    JobCriteria,
    Refusal,
    Reservation,
    revision_of,
)
from nova_server.ports.scorer import CriterionText, Importance, ScorerBusy, ScorerFailed, ScorerTimedOut
from nova_server.ports.tenancy import TenantKey
from nova_server.scoring import criteria_edits
from nova_server.scoring.derived_criteria import DerivedCriteria
from nova_server.scoring.idempotency import IdempotentCalls, in_progress


@dataclass(frozen=True, slots=True)
class Edit:
    """What to make of a job's criteria, None to archive them, and the criterion that it is about."""

    criteria: tuple[Criterion, ...] | None
    criterion: Criterion | None = None


Editing = Callable[[JobCriteria], Awaitable[Edit]]


class Criteria:
    """Implements `ports.criteria.CriteriaUseCases`.

    A change is worked out from what is current, and written only if nobody else has changed it since. So changes of one
    job that come at once are made one after the other, and none of them is lost.
    """

    def __init__(self, store: CriteriaStore, derived: DerivedCriteria, clock: Clock, *, lease_seconds: float) -> None:
        self._store = store
        self._derived = derived
        self._clock = clock
        self._calls = IdempotentCalls(store, clock, lease_seconds=lease_seconds)

    async def get_current(self, tenant: TenantKey, job_id: str) -> CurrentVersion:
        current = await self._store.read_current(tenant, job_id)
        return CurrentVersion(await self._complete(_active(current)), current.revision)

    async def get_version(self, tenant: TenantKey, job_id: str, version_id: str) -> CriteriaVersion:
        version = await self._store.read_version(tenant, job_id, version_id)
        if version is None:
            raise CriteriaVersionNotFound
        return await self._complete(version)

    async def list_versions(
        self, tenant: TenantKey, job_id: str, *, limit: int, before: int | None
    ) -> list[CriteriaVersion]:
        return await self._store.list_versions(tenant, job_id, limit=limit, before=before)

    async def set(
        self, tenant: TenantKey, job_id: str, criteria: Sequence[CriterionText], options: ChangeOptions
    ) -> ChangedCriteria:
        async def edit(current: JobCriteria) -> Edit:
            # Derived or not: ids follow from the texts, so that setting criteria needs no scorer.
            known = current.active.criteria if current.active else None
            return Edit(criteria_edits.replaced(job_id, known or (), criteria, self._clock.now()))

        return await self._change(tenant, job_id, edit, options)

    async def archive(self, tenant: TenantKey, job_id: str, options: ChangeOptions) -> ChangedCriteria:
        async def edit(current: JobCriteria) -> Edit:
            _active(current)
            return Edit(None)

        return await self._change(tenant, job_id, edit, options)

    async def add(
        self, tenant: TenantKey, job_id: str, criterion: CriterionText, options: ChangeOptions
    ) -> ChangedCriteria:
        async def edit(current: JobCriteria) -> Edit:
            known = (await self._complete(current.active)).criteria if current.active else None
            return Edit(*criteria_edits.added(job_id, known or (), criterion, self._clock.now()))

        return await self._change(tenant, job_id, edit, options)

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
        async def edit(current: JobCriteria) -> Edit:
            return Edit(*criteria_edits.updated(await self._known(current), criterion_id, text, importance))

        return await self._change(tenant, job_id, edit, options)

    async def remove(
        self, tenant: TenantKey, job_id: str, criterion_id: str, options: ChangeOptions
    ) -> ChangedCriteria:
        async def edit(current: JobCriteria) -> Edit:
            return Edit(criteria_edits.removed(await self._known(current), criterion_id))

        return await self._change(tenant, job_id, edit, options)

    async def _change(self, tenant: TenantKey, job_id: str, edit: Editing, options: ChangeOptions) -> ChangedCriteria:
        async with self._calls.once(options.call) as held:
            if isinstance(held, CriteriaOutcome):
                outcome = held
            else:
                outcome = await self._write(tenant, job_id, edit, options.expected_revision, held)
        return await self._answer(tenant, job_id, outcome, replayed=outcome is held)

    async def _write(
        self, tenant: TenantKey, job_id: str, edit: Editing, expected_revision: str | None, held: Reservation | None
    ) -> CriteriaOutcome:
        """Write a change, as often as another gets in between: each turn, one of them has been made.

        A submission that brings other texts is no such other, or a job with many of those could never be changed.
        """
        while True:
            current = await self._store.read_current(tenant, job_id)
            if expected_revision not in (None, revision_of(current.revision)):
                raise CriteriaRevisionMismatch
            edited = await edit(current)
            change = CriteriaChange(
                tenant,
                job_id,
                edited.criteria,
                self._clock.now(),
                if_revision=None if expected_revision is None else current.revision,
                if_partner_changes=current.partner_changes,
                criterion_id=edited.criterion.id if edited.criterion else None,
                reservation=held,
            )
            written = await self._store.change(change)
            if written is Refusal.RESERVATION_LOST:
                raise in_progress()
            if isinstance(written, CriteriaOutcome):
                return written

    async def _answer(
        self, tenant: TenantKey, job_id: str, outcome: CriteriaOutcome, *, replayed: bool
    ) -> ChangedCriteria:
        """Tell what a change led to. A version never changes, so that a later answer is the same as the first."""
        version = await self._store.read_version(tenant, job_id, outcome.version_id)
        if version is None:
            raise CriteriaVersionNotFound
        criterion = next((one for one in version.criteria or () if one.id == outcome.criterion_id), None)
        return ChangedCriteria(version, criterion, replayed)

    async def _known(self, current: JobCriteria) -> tuple[Criterion, ...]:
        return (await self._complete(_active(current))).criteria or ()

    async def _complete(self, version: CriteriaVersion) -> CriteriaVersion:
        """Return a version with its criteria, derived now if they were not before."""
        if version.criteria is not None:
            return version
        try:
            return replace(version, criteria=tuple(await self._derived.derive(version.id)))
        except ScorerBusy as busy:
            raise ServiceUnavailable(retry_after_seconds=busy.retry_after_seconds) from busy
        except (ScorerFailed, ScorerTimedOut) as error:
            raise ServiceUnavailable from error


def _active(current: JobCriteria) -> CriteriaVersion:
    if current.active is None:
        raise CriteriaNotFound
    return current.active
