"""Whatever is submitted, rescored, set and archived in whatever order, the store answers as the plain rules do.

Each rule does one thing to the store and to the model of `tests/support/submission_model.py`, and compares answers.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from nova_server.ports.scoring import AcceptedBatch, JobSubmission, ScoringJob
from nova_server.storage.schema import scoring_batches, scoring_jobs

from tests.support.current_criteria import active, archive_criteria, current_versions, set_criteria, stored_versions
from tests.support.store_machine import Engine, StoreMachine, try_out
from tests.support.submission_model import ModelJob, Refusal, SubmissionModel
from tests.support.submissions import rescore, single, submission

NAMES = ("anna", "ben", "cleo")
TEXTS = ("One.", "Two.", "Three.")
MAX_VERSIONS = 6


class Single(NamedTuple):
    """A submission of one application. `pin` is the place of a version in the order of numbers, or past its end."""

    name: str
    text: str
    rescore: bool
    pin: int | None


singles = st.builds(
    Single,
    st.sampled_from(NAMES),
    st.sampled_from(TEXTS),
    st.booleans(),
    st.none() | st.integers(0, MAX_VERSIONS),
)


class StoreAndModel(StoreMachine):
    """A store beside the model of one of its jobs."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.model = SubmissionModel()

    @rule(names=st.lists(st.sampled_from(NAMES), min_size=1, unique=True), text=st.sampled_from(TEXTS))
    def submit_batch(self, names: list[str], text: str) -> None:
        expected = self.model.submit_batch(names, text)

        async def submit() -> AcceptedBatch | BaseException:
            work = self.store.submit(submission(*names, job_description=text))
            return (await asyncio.gather(work, return_exceptions=True))[0]

        answer = self.run(submit())
        if isinstance(expected, dict):
            assert isinstance(answer, AcceptedBatch)
            for job in self.run(self.store.read(answer)).jobs:
                self.compare(job, expected[job.application_id])
            assert answer.scoring_job_ids == tuple(expected[name].id for name in names)
        else:
            assert isinstance(answer, expected)

    @rule(group=st.lists(singles, min_size=1, max_size=5))
    def submit_at_once(self, group: list[Single]) -> None:
        revision = self.run(active(self.store)).revision
        changes = self.model.changes
        work = [self.request(one) for one in group]
        expected = [self.expect(one) for one in group]

        async def submit() -> list[ScoringJob | BaseException]:
            return list(await asyncio.gather(*map(self.store.submit_job, work), return_exceptions=True))

        for answer, job in zip(self.run(submit()), expected, strict=True):
            if isinstance(job, ModelJob):
                assert isinstance(answer, ScoringJob)
                self.compare(answer, job)
            else:
                assert isinstance(answer, job)
        grown = self.run(active(self.store)).revision - revision
        assert grown == (1 if self.model.changes > changes else 0)  # a group counts as one change
        self.model.changes = changes + grown

    def request(self, one: Single) -> JobSubmission:
        if not one.rescore:
            return single(one.name, job_description=one.text)
        pin = self.pinned(one)
        return rescore(one.name, self.model.ids.get(pin, "unknown") if pin else None, job_description=one.text)

    def expect(self, one: Single) -> ModelJob | Refusal:
        if not one.rescore:
            return self.model.submit_job(one.name, one.text)
        return self.model.rescore(one.name, one.text, self.pinned(one))

    def pinned(self, one: Single) -> str | None:
        """Return the version that is pinned. Those that a group makes itself have no id that it could know."""
        if one.pin is None:
            return None
        known = [version for version in self.model.versions if version in self.model.ids]
        return known[one.pin] if one.pin < len(known) else "no such version"

    def compare(self, job: ScoringJob, expected: ModelJob) -> None:
        expected.id = expected.id or job.id
        assert job.id == expected.id
        assert (job.application_id, job.is_rescore) == (expected.name, expected.is_rescore)
        assert job.criteria_version_id == self.model.ids.setdefault(expected.version, job.criteria_version_id)

    @rule(texts=st.lists(st.sampled_from(("Python", "Go")), max_size=2, unique=True))
    def set_criteria(self, texts: list[str]) -> None:
        content = f"set: {texts}"
        version = self.run(set_criteria(self.store, *texts))
        self.model.set_criteria(content, empty=not texts)
        assert self.model.ids.setdefault(content, version) == version

    @rule()
    def archive(self) -> None:
        self.run(archive_criteria(self.store))
        self.model.archive()

    @rule(seconds=st.sampled_from([-5, 0.001, 60]))
    def wait(self, seconds: float) -> None:
        self.store.clock.advance(seconds)

    @invariant()
    def what_is_current_is_as_the_model_says(self) -> None:
        version = self.model.ids[self.model.active] if self.model.active else None
        assert self.run(active(self.store)) == (self.model.source, version, self.model.changes)
        assert self.run(current_versions(self.store)) == ([version] if version else [])

    @invariant()
    def versions_are_numbered_as_they_were_made(self) -> None:
        rows = [(row.version, row.id) for row in self.run(stored_versions(self.store))]
        assert rows == list(enumerate((self.model.ids[version] for version in self.model.versions), start=1))

    @invariant()
    def the_latest_job_of_each_application_is_the_one_submitted_last(self) -> None:
        for name, jobs in self.model.applications.items():
            assert self.run(self.store.latest(name)).id == jobs[-1].id

    @invariant()
    def nothing_is_stored_that_the_model_does_not_know(self) -> None:
        jobs = sum(len(jobs) for jobs in self.model.applications.values())
        assert self.run(self.store.count(scoring_jobs)) == jobs
        assert self.run(self.store.count(scoring_batches)) == len(self.model.batches)


def test_whatever_is_submitted_the_store_answers_as_the_model_does(engine: Engine) -> None:
    try_out(StoreAndModel, engine, examples=20, steps=20)
