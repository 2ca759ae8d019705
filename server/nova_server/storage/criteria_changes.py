"""Changes of a job's criteria: each makes or finds a version, and makes it the active one.

Whoever changes criteria holds the row of their tenant, and so does whoever submits: what a job is scored against cannot
change between the comparison of its revision and the change itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from nova_server.ports.clock import Instant
from nova_server.ports.criteria import CriteriaChange, CriteriaOutcome, CriteriaSource, Criterion, Refusal
from nova_server.ports.identifiers import Identifiers
from nova_server.storage.criteria_json import dump_criteria, load_criteria
from nova_server.storage.criteria_versions import NewVersion, find_versions, insert_versions
from nova_server.storage.digests import digest_of_all, tenant_key
from nova_server.storage.idempotency_keys import is_held, write_outcome
from nova_server.storage.job_criteria import UNKNOWN, Activation, Active, JobKey, activate, read_active
from nova_server.storage.schema import criteria_versions
from nova_server.storage.tenants import lock_virtual_times

_READ_CRITERIA = select(criteria_versions.c.criteria).where(criteria_versions.c.id == bindparam("version_id"))
_SAVE = (
    update(criteria_versions)
    .where(criteria_versions.c.id == bindparam("version_id"), criteria_versions.c.criteria.is_(None))
    .values(criteria=bindparam("derived"))
)


class Derived(NamedTuple):
    """Criteria that were derived from the texts of a version."""

    version_id: str
    criteria: tuple[Criterion, ...]


class SaveDerived:
    """The operation that stores derived criteria. Returns those that are stored: the first that came."""

    def apply(self, connection: Connection, intents: Sequence[Derived]) -> Sequence[tuple[Criterion, ...]]:
        return [_save(connection, derived) for derived in intents]


class ChangeCriteria:
    """The operation that changes criteria, each as those before it in the group have left them."""

    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers

    def apply(self, connection: Connection, intents: Sequence[CriteriaChange]) -> Sequence[CriteriaOutcome | Refusal]:
        tenants = {tenant_key(change.tenant): change.tenant for change in intents}
        lock_virtual_times(connection, dict(sorted(tenants.items())), intents[0].now)
        return [self._change(connection, change) for change in intents]

    def _change(self, connection: Connection, change: CriteriaChange) -> CriteriaOutcome | Refusal:
        if change.reservation and not is_held(connection, change.reservation, change.now):
            return Refusal.RESERVATION_LOST
        job = JobKey(tenant_key(change.tenant), change.job_id)
        active = read_active(connection, [job]).get(job, UNKNOWN)
        version_id = self._apply(connection, job, active, change)
        if version_id is None:
            return Refusal.CHANGED_MEANWHILE
        outcome = CriteriaOutcome(version_id, change.criterion_id)
        if change.reservation:
            write_outcome(connection, change.reservation, outcome)
        return outcome

    def _apply(self, connection: Connection, job: JobKey, active: Active, change: CriteriaChange) -> str | None:
        """Return the version that a change led to, or that it archived. None: the job is not as the caller saw it."""
        if not _is_as_seen(active, change):
            return None
        if change.criteria is None:
            version_id, made = None, active.version_id
        else:
            version_id = made = self._make_version(connection, job, change.criteria, change.now)
        if version_id != active.version_id:
            ended = () if active.version_id is None else (active.version_id,)
            activation = Activation(job, _source(change.criteria), version_id, ended, by_partner=True)
            activate(connection, [activation], change.now)
        return made

    def _make_version(self, connection: Connection, job: JobKey, criteria: tuple[Criterion, ...], now: Instant) -> str:
        """Return the id of the version with this content, which may be one that the job had before."""
        parts = (part for one in criteria for part in (one.id, one.text, one.importance.value))
        digest = digest_of_all(("partner", *parts))
        new = NewVersion(self._identifiers.new(now), *job, digest, None, None, dump_criteria(criteria), now)
        if insert_versions(connection, [new]):
            return new.id
        return find_versions(connection, [new.identity])[new.identity]


def _is_as_seen(active: Active, change: CriteriaChange) -> bool:
    return change.if_revision in (None, active.revision) and change.if_partner_changes in (None, active.partner_changes)


def _source(criteria: tuple[Criterion, ...] | None) -> CriteriaSource:
    """Return where the criteria of the next submission come from. Without any, they follow from its texts again."""
    if criteria is None:
        return CriteriaSource.NONE
    return CriteriaSource.PARTNER if criteria else CriteriaSource.TEXTS


def _save(connection: Connection, derived: Derived) -> tuple[Criterion, ...]:
    version_id, criteria = derived
    connection.execute(_SAVE, {"version_id": version_id, "derived": dump_criteria(criteria)})
    stored = _read_criteria(connection, version_id)
    return criteria if stored is None else stored  # a version that is gone keeps nothing


def _read_criteria(connection: Connection, version_id: str) -> tuple[Criterion, ...] | None:
    return load_criteria(connection.execute(_READ_CRITERIA, {"version_id": version_id}).scalar_one_or_none())
