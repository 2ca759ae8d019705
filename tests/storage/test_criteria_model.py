"""Whatever partners and submissions do to criteria in whatever order, the store does what a small model does.

Each rule does one thing to the store and to the model, and compares their answers. After each rule every job is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from nova_server.ports.clock import Instant
from nova_server.ports.criteria import (
    CriteriaOutcome,
    CriteriaSource,
    CriteriaVersion,
    Criterion,
    JobCriteria,
    Refusal,
)

from tests.support.store_machine import Engine, StoreMachine, try_out
from tests.support.stored_criteria import criteria_of, job_of

TEXTS = ("Rust", "SQL", "Go")
DESCRIPTIONS = ("A backend engineer.", "A data engineer.")
Content = tuple[Criterion, ...]

names = st.sampled_from(("job-1", "job-2"))
contents = st.lists(st.sampled_from(TEXTS), max_size=2, unique=True).map(lambda texts: criteria_of(*texts))


@dataclass(slots=True)
class ModelVersion:
    """A version as the model knows it. `key` is the content that a partner set, or the texts it follows from."""

    key: Content | str
    created_at: Instant
    criteria: Content | None
    archived_at: Instant | None = None
    id: str = ""


@dataclass(slots=True)
class ModelJob:
    """The criteria of a job as the model knows them. Versions stand in the order of their numbers."""

    source: CriteriaSource = CriteriaSource.TEXTS
    revision: int = 0
    partner_changes: int = 0
    active: ModelVersion | None = None
    versions: list[ModelVersion] = field(default_factory=list)

    def activate(self, version: ModelVersion | None, source: CriteriaSource, now: Instant) -> None:
        if self.active is not None:
            self.active.archived_at = now
        if version is not None:
            version.archived_at = None
        self.active, self.source, self.revision = version, source, self.revision + 1

    def find_or_make(self, key: Content | str, criteria: Content | None, now: Instant) -> ModelVersion:
        for version in self.versions:
            if version.key == key:
                return version
        self.versions.append(ModelVersion(key, now, criteria))
        return self.versions[-1]

    def set(self, content: Content, now: Instant) -> ModelVersion:
        source = CriteriaSource.PARTNER if content else CriteriaSource.TEXTS
        version = self.find_or_make(content, content, now)
        if version is not self.active:
            self.activate(version, source, now)
            self.partner_changes += 1
        return version

    def change(self, content: Content | None, if_revision: int, now: Instant) -> ModelVersion | None:
        """Return the version that a change is about, or None when it is refused."""
        if if_revision != self.revision or (content is None and self.active is None):
            return None
        if content is not None:
            return self.set(content, now)
        archived = self.active
        self.activate(None, CriteriaSource.NONE, now)
        self.partner_changes += 1
        return archived

    def bring_texts(self, description: str, now: Instant) -> ModelVersion:
        version = self.find_or_make(description, None, now)
        if version is not self.active:
            self.activate(version, CriteriaSource.TEXTS, now)
        return version


class CriteriaAndModel(StoreMachine):
    """Two jobs in a store beside their model."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.models = {name: ModelJob() for name in ("job-1", "job-2")}
        self.job = job_of(self.store)

    @rule(name=names, content=st.none() | contents, late_by=st.sampled_from([0, 0, 0, 1, -1]))
    def change(self, name: str, content: Content | None, late_by: int) -> None:
        if_revision = self.models[name].revision - late_by
        self.change_all(name, [(content, if_revision)])

    @rule(name=names, group=st.lists(st.tuples(contents | st.none(), st.integers(0, 2)), min_size=2, max_size=5))
    def change_at_once(self, name: str, group: list[tuple[Content | None, int]]) -> None:
        start = self.models[name].revision
        self.change_all(name, [(content, start + offset) for content, offset in group])

    def change_all(self, name: str, changes: Sequence[tuple[Content | None, int]]) -> None:
        job = self.job.of(job_id=name)

        async def work() -> list[CriteriaOutcome | Refusal]:
            made = (job.try_change(content, if_revision=revision) for content, revision in changes)
            return list(await asyncio.gather(*made))

        for (content, if_revision), answer in zip(changes, self.run(work()), strict=True):
            expected = self.models[name].change(content, if_revision, self.job.now)
            if expected is None:
                assert answer is Refusal.CHANGED_MEANWHILE
            else:
                assert isinstance(answer, CriteriaOutcome)
                self.meet(expected, answer.version_id)

    @rule(name=names, description=st.sampled_from(DESCRIPTIONS))
    def bring_texts(self, name: str, description: str) -> None:
        expected = self.models[name].bring_texts(description, self.job.now)
        self.meet(expected, self.run(self.job.of(job_id=name).bring_texts(description)))

    @rule(name=names, place=st.integers(0, 9), content=contents)
    def derive(self, name: str, place: int, content: Content) -> None:
        versions = self.models[name].versions
        if versions:
            version = versions[place % len(versions)]
            version.criteria = content if version.criteria is None else version.criteria
            assert self.run(self.job.store.save_derived(version.id, content)) == version.criteria

    @rule(seconds=st.integers(1, 5))
    def wait(self, seconds: int) -> None:
        self.job.under_test.clock.advance(seconds)

    def meet(self, version: ModelVersion, version_id: str) -> None:
        """Learn the id of a version when it is first seen, and hold the store to it afterwards."""
        version.id = version.id or version_id
        assert version.id == version_id

    @invariant()
    def every_job_is_scored_against_what_the_model_says(self) -> None:
        for name, model in self.models.items():
            current = self.run(self.job.of(job_id=name).current())
            active = None if model.active is None else self.version_of(model, model.active, model.active.criteria)
            assert current == JobCriteria(model.source, active, model.revision, model.partner_changes)

    @invariant()
    def every_version_is_there_once_in_its_order(self) -> None:
        for name, model in self.models.items():
            listed = self.run(self.job.of(job_id=name).versions())
            assert listed == [self.version_of(model, version, None) for version in reversed(model.versions)]
            unarchived = [version.id for version in listed if version.archived_at is None]
            assert unarchived == ([model.active.id] if model.active else [])

    @staticmethod
    def version_of(model: ModelJob, version: ModelVersion, criteria: Content | None) -> CriteriaVersion:
        number = model.versions.index(version) + 1
        return CriteriaVersion(version.id, number, version.created_at, version.archived_at, criteria)


def test_whatever_is_done_to_criteria_the_store_does_what_the_model_does(engine: Engine) -> None:
    try_out(CriteriaAndModel, engine, examples=15, steps=25)
