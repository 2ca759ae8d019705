"""However many submissions come at the same time, singly or in batches: one job for each identity."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Iterator, Sequence

import pytest
from nova_server.storage import single_submissions
from nova_server.storage.schema import criteria_versions, job_criteria, scoring_inputs, scoring_jobs, texts
from nova_server.storage.scoring_jobs import FoundJob
from sqlalchemy import Connection, select

from tests.support.current_criteria import active, current_versions, stored_versions
from tests.support.signals import RecordedSignals
from tests.support.store import StoreUnderTest, open_store
from tests.support.submissions import rescore, single, submission

NAMES = [f"applicant-{number}" for number in range(40)]


class Fail:
    """An operation that fails, and so its whole group."""

    def apply(self, _connection: Connection, _intents: Sequence[None]) -> Sequence[None]:
        raise ValueError("a member of the group fails")


async def versions_without_row(store: StoreUnderTest) -> list[str]:
    """Return what jobs and their criteria refer to although it is not there."""
    known = select(criteria_versions.c.id)
    of_jobs = select(scoring_jobs.c.criteria_version_id).where(scoring_jobs.c.criteria_version_id.not_in(known))
    current = select(job_criteria.c.active_version_id).where(job_criteria.c.active_version_id.not_in(known))
    return [row[0] for row in await store.rows(of_jobs.union(current))]


async def test_two_hundred_identical_single_submissions_make_one_job(
    store: StoreUnderTest, signals: RecordedSignals
) -> None:
    jobs = await asyncio.gather(*(store.submit_job(single("anna")) for _ in range(200)))
    assert len({job.id for job in jobs}) == 1
    assert await store.count(scoring_jobs) == await store.count(scoring_inputs) == 1
    assert await store.count(texts) == 2
    assert signals.growths >= 1


async def test_two_hundred_rescores_of_one_application_make_one_new_job(store: StoreUnderTest) -> None:
    first = await store.submit_job(single("anna"))
    jobs = await asyncio.gather(*(store.submit_job(rescore("anna")) for _ in range(200)))
    assert len({job.id for job in jobs} | {first.id}) == 2
    assert all(job.is_rescore for job in jobs)
    assert await store.count(scoring_jobs) == await store.count(scoring_inputs) == 2


async def test_two_hundred_rescores_of_an_application_that_was_never_scored_make_one_first_job(
    store: StoreUnderTest,
) -> None:
    jobs = await asyncio.gather(*(store.submit_job(rescore("anna")) for _ in range(200)))
    assert {(job.id, job.is_rescore) for job in jobs} == {(jobs[0].id, False)}
    assert await store.count(scoring_jobs) == 1


async def test_rescores_against_ten_versions_make_one_job_for_each(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna"))
    descriptions = [f"Version {number % 10}." for number in range(200)]
    random.Random(4).shuffle(descriptions)
    jobs = await asyncio.gather(*(store.submit_job(rescore("anna", job_description=text)) for text in descriptions))
    assert len({job.id for job in jobs}) == len({job.criteria_version_id for job in jobs}) == 10
    assert len(dict(zip(descriptions, jobs, strict=True))) == 10
    rows = await stored_versions(store)
    assert [row.version for row in rows] == list(range(1, 12))
    assert await current_versions(store) == [(await active(store)).version_id]


async def test_two_hundred_first_submissions_singly_and_in_batches_make_one_job_for_each_application(
    store: StoreUnderTest,
) -> None:
    chance = random.Random(5)
    chosen = [chance.sample(NAMES, chance.randint(1, 25)) if place % 2 else [chance.choice(NAMES)]
              for place in range(200)]  # fmt: skip

    async def submit(names: list[str]) -> dict[str, str]:
        if len(names) == 1:
            return {names[0]: (await store.submit_job(single(names[0]))).id}
        return dict(zip(names, (await store.submit(submission(*names))).scoring_job_ids, strict=True))

    jobs: dict[str, set[str]] = {}
    for answer in await asyncio.gather(*map(submit, chosen)):
        for name, job_id in answer.items():
            jobs.setdefault(name, set()).add(job_id)
    assert all(len(ids) == 1 for ids in jobs.values())
    assert await store.count(scoring_jobs) == len(jobs)


async def test_two_processes_that_ask_for_the_same_make_it_once(store: StoreUnderTest, store_url: str) -> None:
    async with open_store(store_url, store.clock) as other:
        work = [one.submit_job(request) for _ in range(25) for one in (store, other)
                for request in (single("anna"), rescore("anna"), rescore("ben"))]  # fmt: skip
        jobs = await asyncio.gather(*work)
    assert {(job.application_id, job.is_rescore) for job in jobs} == {
        ("anna", False), ("anna", True), ("ben", False),
    }  # fmt: skip
    assert len({job.id for job in jobs}) == await store.count(scoring_jobs) == 3
    assert await store.count(criteria_versions) == 1


async def test_an_identity_that_another_process_took_in_between_is_answered_with_the_job_that_took_it(
    store: StoreUnderTest, signals: RecordedSignals, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = await store.submit_job(single("anna", job_description="One."))
    before = (await active(store), await stored_versions(store), await store.count(texts))

    def find_nothing_yet(_connection: Connection, _applications: object) -> Iterator[FoundJob]:
        return iter(())

    monkeypatch.setattr(single_submissions, "find_ends", find_nothing_yet)
    found, made = await store.submit_jobs(single("anna", job_description="Two."), single("ben", job_description="One."))
    assert found == taken
    assert made.application_id == "ben"
    assert (await active(store), await stored_versions(store), await store.count(texts)) == (*before[:2], before[2] + 1)
    assert await store.count(scoring_inputs) == signals.growths == 2


async def test_a_rescore_that_another_process_made_in_between_does_not_become_the_latest_again(
    store: StoreUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.submit_job(single("anna"))
    earlier = await store.submit_job(rescore("anna"))
    latest = await store.submit_job(rescore("anna", job_description="Other texts."))

    def find_no_rescore_yet(_connection: Connection, _identities: object) -> Iterator[FoundJob]:
        return iter(())

    monkeypatch.setattr(single_submissions, "find_jobs", find_no_rescore_yet)
    assert await store.submit_job(rescore("anna")) == earlier
    assert await store.latest("anna") == latest
    assert await store.count(scoring_jobs) == await store.count(scoring_inputs) == 3


async def test_processes_that_rescore_by_turns_agree_on_the_latest_job(store: StoreUnderTest, store_url: str) -> None:
    async with open_store(store_url, store.clock) as other:
        await store.submit_job(single("anna"))
        for number in range(6):
            one, another = (store, other) if number % 2 else (other, store)
            made = await one.submit_job(rescore("anna", job_description=f"Version {number}."))
            assert await another.submit_job(single("anna")) == made == await one.latest("anna")


@pytest.mark.parametrize("first", ["batch", "single"])
async def test_a_version_that_went_with_a_failed_group_is_made_again(store: StoreUnderTest, first: str) -> None:
    work: list[Awaitable[object]] = [store.submit(submission("anna")), store.submit_job(single("ben"))]
    if first == "single":
        work.reverse()
    *_, failure = await asyncio.gather(*work, store.database.writer.run(Fail(), None), return_exceptions=True)
    assert isinstance(failure, ValueError)
    assert await store.count(scoring_jobs) == 2
    assert await versions_without_row(store) == []
    assert (await store.latest("anna")).criteria_version_id == (await store.latest("ben")).criteria_version_id
