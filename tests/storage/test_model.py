"""Whatever callers, workers and sweepers do in whatever order, the store does what a small model does.

Each rule does one thing to the store and to the model, and compares their answers. After each rule every batch is read.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, multiple, rule
from nova_server.ports.clock import Instant, plus_seconds
from nova_server.ports.queue import Extension, Lease, Swept
from nova_server.ports.scoring import AcceptedBatch, JobState
from nova_server.storage.schema import scoring_jobs, scoring_results

from tests.support.store import LEASE_SECONDS
from tests.support.store_machine import Engine, StoreMachine, try_out
from tests.support.submissions import submission

NAMES = ("anna", "ben", "cleo", "dave", "eve", "finn")
MAX_STARTS = 3
ENDED = (JobState.COMPLETED, JobState.FAILED)

name_lists = st.lists(st.sampled_from(NAMES), min_size=1, unique=True)


@dataclass(slots=True)
class ModelJob:
    """A scoring job as the model knows it."""

    available_at: Instant
    state: JobState = JobState.PENDING
    attempt: int = 0
    starts: int = 0
    lease_expires_at: Instant | None = None

    def holds(self, lease: Lease) -> bool:
        return self.state is JobState.RUNNING and self.attempt == lease.attempt


class StoreAndModel(StoreMachine):
    """A store beside its model."""

    leases = Bundle("leases")

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.jobs: dict[str, ModelJob] = {}
        self.names: dict[str, str] = {}
        self.batches: dict[frozenset[str], AcceptedBatch] = {}

    @rule(lists=st.lists(name_lists, min_size=1, max_size=3))
    def submit_at_once(self, lists: list[list[str]]) -> None:
        async def submit() -> list[AcceptedBatch]:
            return list(await asyncio.gather(*(self.store.submit(submission(*names)) for names in lists)))

        for names, accepted in zip(lists, self.run(submit()), strict=True):
            for name, job_id in zip(names, accepted.scoring_job_ids, strict=True):
                assert self.names.setdefault(name, job_id) == job_id
                self.jobs.setdefault(job_id, ModelJob(self.store.clock.now()))
            known = self.batches.setdefault(frozenset(names), accepted)
            assert accepted.batch.id == known.batch.id

    @rule(target=leases, limit=st.integers(1, 4))
    def claim(self, limit: int) -> Any:
        now = self.store.clock.now()
        due = [job for job in self.jobs.values() if job.state is JobState.PENDING and job.available_at <= now]
        claimed = self.run(self.store.claim(limit))
        assert len(claimed) == min(limit, len(due))
        for lease in claimed:
            job = self.jobs[lease.job_id]
            assert job in due
            job.state, job.attempt, job.starts = JobState.RUNNING, job.attempt + 1, job.starts + 1
            job.lease_expires_at = plus_seconds(now, LEASE_SECONDS)
            assert (lease.attempt, lease.starts) == (job.attempt, job.starts)
        return multiple(*claimed)

    @rule(lease=leases, scored=st.booleans())
    def end(self, lease: Lease, *, scored: bool) -> None:
        job = self.jobs[lease.job_id]
        assert self.run(self.store.complete(lease) if scored else self.store.fail(lease)) is job.holds(lease)
        if job.holds(lease):
            job.state = JobState.COMPLETED if scored else JobState.FAILED

    @rule(lease=leases, seconds=st.integers(0, 5), give_back=st.booleans())
    def put_back(self, lease: Lease, seconds: int, *, give_back: bool) -> None:
        job = self.jobs[lease.job_id]
        answer = self.run(self.store.requeue(lease, seconds=seconds, give_back_start=give_back))
        assert answer is job.holds(lease)
        if job.holds(lease):
            job.state, job.starts = JobState.PENDING, job.starts - give_back
            job.available_at = plus_seconds(self.store.clock.now(), seconds)

    @rule(lease=leases)
    def renew(self, lease: Lease) -> None:
        job = self.jobs[lease.job_id]
        expires_at = plus_seconds(self.store.clock.now(), LEASE_SECONDS)

        async def extend() -> list[Lease]:
            return list(await self.store.queue.extend(Extension((lease,), expires_at)))

        assert self.run(extend()) == ([] if job.holds(lease) else [lease])
        if job.holds(lease):
            job.lease_expires_at = expires_at

    @rule(seconds=st.sampled_from([1, 5, LEASE_SECONDS + 1]))
    def wait(self, seconds: int) -> None:
        self.store.clock.advance(seconds)

    @rule()
    def sweep(self) -> None:
        now = self.store.clock.now()
        expired = [job for job in self.jobs.values() if job.state is JobState.RUNNING and _is_before(job, now)]
        stuck = [job for job in expired if job.starts >= MAX_STARTS]
        assert self.run(self.store.sweep(max_starts=MAX_STARTS)) == Swept(len(expired) - len(stuck), len(stuck))
        for job in expired:
            job.state, job.available_at = JobState.PENDING, now
        for job in stuck:
            job.state = JobState.FAILED

    @invariant()
    def every_batch_is_as_the_model_says(self) -> None:
        for names, accepted in self.batches.items():
            found = self.run(self.store.read(accepted))
            assert {job.application_id for job in found.jobs} == names
            assert all(job.state is self.jobs[job.id].state for job in found.jobs)
            states = [job.state for job in found.jobs]
            assert found.batch.completed_jobs == states.count(JobState.COMPLETED)
            assert found.batch.failed_jobs == states.count(JobState.FAILED)
            assert (found.batch.completed_at is not None) == all(state in ENDED for state in states)

    @invariant()
    def every_job_is_there_once_and_has_a_result_exactly_when_it_ended(self) -> None:
        assert self.run(self.store.count(scoring_jobs)) == len(self.jobs)
        ended = sum(job.state in ENDED for job in self.jobs.values())
        assert self.run(self.store.count(scoring_results)) == ended


def _is_before(job: ModelJob, now: Instant) -> bool:
    return job.lease_expires_at is not None and job.lease_expires_at < now


def test_whatever_happens_the_store_does_what_the_model_does(engine: Engine) -> None:
    try_out(StoreAndModel, engine, examples=8, steps=25)
