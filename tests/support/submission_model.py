"""The rules of submissions for one job in plain Python: which scoring job answers, and against which criteria.

Versions are known here by what they hold. Their ids, and those of jobs, are learned from the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nova_server.errors import CriteriaNotFound, CriteriaVersionNotFound, NovaError
from nova_server.ports.criteria import CriteriaSource

Refusal = type[NovaError]


@dataclass(eq=False, slots=True)
class ModelJob:
    """A scoring job. `rescored` is the version that it was made to answer a rescore against."""

    name: str
    version: str
    is_rescore: bool
    rescored: str | None
    id: str | None = None


@dataclass
class SubmissionModel:
    """One job of one tenant. `versions` are in the order of their numbers."""

    source: CriteriaSource = CriteriaSource.TEXTS
    active: str | None = None
    versions: list[str] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    applications: dict[str, list[ModelJob]] = field(default_factory=dict)
    batches: dict[frozenset[str], dict[str, ModelJob]] = field(default_factory=dict)
    changes: int = 0

    def submit_batch(self, names: Sequence[str], text: str) -> dict[str, ModelJob] | Refusal:
        """Return the jobs of the batch by application."""
        known = self.batches.get(frozenset(names))
        if known is not None:
            return known
        if self.source is CriteriaSource.NONE and not self.applications.keys() >= set(names):
            return CriteriaNotFound
        jobs = {name: self.applications[name][-1] if name in self.applications else None for name in names}
        version = self._version_of(text)
        made = {name: job or self._make(name, version, rescored=None) for name, job in jobs.items()}
        self.batches[frozenset(names)] = made
        return made

    def submit_job(self, name: str, text: str) -> ModelJob | Refusal:
        """Return the job of an application that is submitted alone."""
        if name in self.applications:
            return self.applications[name][-1]
        if self.source is CriteriaSource.NONE:
            return CriteriaNotFound
        return self._make(name, self._version_of(text), rescored=None)

    def rescore(self, name: str, text: str, pin: str | None = None) -> ModelJob | Refusal:
        """Return the job that scores an application again. A pin that is no version of the job is refused."""
        if self.source is CriteriaSource.NONE:
            return CriteriaNotFound
        if pin is not None and pin not in self.versions:
            return CriteriaVersionNotFound
        version = pin or self._version_of(text)
        for job in self.applications.get(name, []):
            if job.rescored == version:
                return job
        return self._make(name, version, rescored=version, pinned=pin is not None)

    def set_criteria(self, version: str, *, empty: bool) -> None:
        """Make a version current that a partner set."""
        self.source = CriteriaSource.TEXTS if empty else CriteriaSource.PARTNER
        self._activate(version)

    def archive(self) -> None:
        self.source, self.active = CriteriaSource.NONE, None
        self.changes += 1

    def _version_of(self, text: str) -> str:
        return self.active if self.source is CriteriaSource.PARTNER and self.active else f"texts: {text}"

    def _make(self, name: str, version: str, *, rescored: str | None, pinned: bool = False) -> ModelJob:
        earlier = self.applications.setdefault(name, [])
        earlier.append(ModelJob(name, version, is_rescore=bool(earlier), rescored=rescored))
        if not pinned and version != self.active:
            self._activate(version)
        return earlier[-1]

    def _activate(self, version: str) -> None:
        if version not in self.versions:
            self.versions.append(version)
        self.active = version
        self.changes += 1
