"""Which version the jobs of a group of submissions are scored against, and which one that makes the current one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection

from nova_server.ports.clock import Instant
from nova_server.ports.criteria import CriteriaSource
from nova_server.storage.criteria_versions import CriteriaVersions, Identity, TextDigests
from nova_server.storage.job_criteria import UNKNOWN, Activation, Active, JobKey, activate, read_active


class Version(NamedTuple):
    """What a job is scored against. `text` is None unless the version follows from the job's own submission."""

    id: str
    text: TextDigests | None = None


class CurrentCriteria:
    """The criteria of a group's jobs, as they are when the group begins. The rows of their tenants are locked."""

    def __init__(self, connection: Connection, versions: CriteriaVersions, jobs: Collection[JobKey]) -> None:
        self._connection = connection
        self._versions = versions
        self._active = read_active(connection, sorted(jobs))
        self._foreseen: set[str] = set()

    def are_archived(self, job: JobKey) -> bool:
        """Tell whether new work for a job is refused."""
        return self._of(job).source is CriteriaSource.NONE

    def choose(self, texts: Iterable[TextDigests], now: Instant) -> dict[Identity, Version]:
        """Return the version of submissions with these texts: what a partner set, and else what follows from them.

        A version that is not there yet has an id already, and is made when `save` is told that a job needs it.
        """
        distinct = {text.identity: text for text in texts}
        chosen = {identity: self._set_by_partner(text.job) for identity, text in distinct.items()}
        derived = [text for identity, text in distinct.items() if chosen[identity] is None]
        found = self._versions.find(self._connection, derived)
        return {identity: version for identity, version in chosen.items() if version is not None} | {
            text.identity: Version(found.get(text.identity) or self._foresee(now), text) for text in derived
        }

    def save(self, used: Iterable[Version], now: Instant) -> None:
        """Make the versions that new jobs need. Of a job's versions that follow from texts the last is current now."""
        derived = [(version.id, version.text) for version in used if version.text is not None]
        new = {version_id: text for version_id, text in derived if version_id in self._foreseen}
        self._versions.make(self._connection, new, now)
        activate(self._connection, list(self._activations(derived)), now)

    def _activations(self, derived: Iterable[tuple[str, TextDigests]]) -> Iterator[Activation]:
        versions: defaultdict[JobKey, list[str]] = defaultdict(list)
        for version_id, text in derived:
            versions[text.job].append(version_id)
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
        new_id = self._versions.foresee(now)
        self._foreseen.add(new_id)
        return new_id

    def _of(self, job: JobKey) -> Active:
        return self._active.get(job, UNKNOWN)
