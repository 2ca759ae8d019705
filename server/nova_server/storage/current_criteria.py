"""Which version the jobs of a group of submissions are scored against, and which one that makes the current one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection

from nova_server.ports.clock import Instant
from nova_server.ports.criteria import CriteriaSource
from nova_server.ports.identifiers import Identifiers
from nova_server.storage.criteria_versions import CriteriaVersions, Identity, TextDigests
from nova_server.storage.job_criteria import UNKNOWN, Activation, Active, JobKey, activate, read_active


class Version(NamedTuple):
    """What a job is scored against. `digests` is None unless the version follows from the job's own submission."""

    id: str
    digests: TextDigests | None = None


class CurrentCriteria:
    """The criteria of a group's jobs, as they are when the group begins. The rows of their tenants are locked."""

    def __init__(
        self, connection: Connection, versions: CriteriaVersions, identifiers: Identifiers, jobs: Collection[JobKey]
    ) -> None:
        self._connection = connection
        self._versions = versions
        self._identifiers = identifiers
        self._active = read_active(connection, sorted(jobs))
        self._foreseen: set[str] = set()

    def are_archived(self, job: JobKey) -> bool:
        """Tell whether no new scoring job may be made for a job."""
        return self._of(job).source is CriteriaSource.NONE

    def choose(self, wanted: Iterable[TextDigests], now: Instant) -> dict[Identity, Version]:
        """Return the version of submissions with these texts: what a partner set, and else what follows from them.

        A version that is not there yet has an id already, and is made when `save` is told that a job needs it.
        """
        distinct = {digests.identity: digests for digests in wanted}
        chosen = {identity: self._set_by_partner(digests.job) for identity, digests in distinct.items()}
        derived = [digests for identity, digests in distinct.items() if chosen[identity] is None]
        found = self._versions.find(self._connection, derived)
        return {identity: version for identity, version in chosen.items() if version is not None} | {
            digests.identity: Version(found.get(digests.identity) or self._foresee(now), digests) for digests in derived
        }

    def save(self, used: Iterable[Version], now: Instant) -> None:
        """Make the versions that new jobs need. Of a job's versions that follow from texts the last is current now."""
        derived = [(version.id, version.digests) for version in used if version.digests is not None]
        new = {version_id: digests for version_id, digests in derived if version_id in self._foreseen}
        self._versions.make(self._connection, new, now)
        activate(self._connection, list(self._activations(derived)), now)

    def _activations(self, derived: Iterable[tuple[str, TextDigests]]) -> Iterator[Activation]:
        versions: defaultdict[JobKey, list[str]] = defaultdict(list)
        for version_id, digests in derived:
            versions[digests.job].append(version_id)
        for job, used in versions.items():
            active = self._of(job).version_id
            if set(used) != {active}:
                ended = {*used, *([active] if active else [])} - {used[-1]}
                yield Activation(job, CriteriaSource.TEXTS, used[-1], tuple(sorted(ended)))

    def _set_by_partner(self, job: JobKey) -> Version | None:
        active = self._of(job)
        if active.source is CriteriaSource.PARTNER and active.version_id is not None:
            return Version(active.version_id)
        return None

    def _foresee(self, now: Instant) -> str:
        new_id = self._identifiers.new(now)
        self._foreseen.add(new_id)
        return new_id

    def _of(self, job: JobKey) -> Active:
        return self._active.get(job, UNKNOWN)
