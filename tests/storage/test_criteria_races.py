"""Whatever is changed at once is changed one after the other, by one server or by two."""

from __future__ import annotations

import asyncio

import pytest
from nova_server.ports.criteria import CriteriaOutcome, CriteriaSource, Criterion, Refusal
from nova_server.storage.schema import criteria_versions, tenants

from tests.support.store import StoreUnderTest, open_store
from tests.support.stored_criteria import JobUnderTest, criteria_of, job_of, strangers


@pytest.fixture
def job(store: StoreUnderTest) -> JobUnderTest:
    return job_of(store)


async def assert_consistent(job: JobUnderTest) -> None:
    """Assert that versions are numbered without gaps, and that just the active one is not archived."""
    versions, current = await job.versions(), await job.current()
    assert [version.number for version in versions] == list(range(len(versions), 0, -1))
    unarchived = [version.id for version in versions if version.archived_at is None]
    assert unarchived == ([] if current.active is None else [current.active.id])


async def test_of_fifty_changes_of_one_revision_one_is_made(job: JobUnderTest) -> None:
    await job.set("Rust")
    answers = await asyncio.gather(*(job.try_change(criteria_of(f"{n}"), if_revision=1) for n in range(50)))
    made = [answer for answer in answers if isinstance(answer, CriteriaOutcome)]
    assert answers.count(Refusal.CHANGED_MEANWHILE) == 49
    assert [outcome.version_id for outcome in made] == [(await job.active()).id]
    assert (await job.current()).revision == 2
    assert await job.under_test.count(criteria_versions) == 2


async def test_of_first_changes_of_a_job_of_a_new_tenant_one_is_made(job: JobUnderTest) -> None:
    answers = await asyncio.gather(*(job.try_change(criteria_of(f"{n}"), if_revision=0) for n in range(50)))
    assert answers.count(Refusal.CHANGED_MEANWHILE) == 49
    assert await job.under_test.count(tenants) == 1
    await assert_consistent(job)


async def test_of_changes_by_two_servers_at_once_one_is_made(store_url: str) -> None:
    async with open_store(store_url) as first, open_store(store_url) as second:
        servers = [job_of(first), job_of(second)] * 10
        answers = await asyncio.gather(
            *(server.try_change(criteria_of(f"{n}"), if_revision=0) for n, server in enumerate(servers))
        )
        assert answers.count(Refusal.CHANGED_MEANWHILE) == 19
        assert await servers[0].current() == await servers[1].current()
        await assert_consistent(servers[0])


async def test_changes_of_one_group_see_those_before_them(job: JobUnderTest) -> None:
    texts = [f"{number}" for number in range(20)]
    answers = await asyncio.gather(
        *(job.try_change(criteria_of(text), if_revision=revision) for revision, text in enumerate(texts))
    )
    assert all(isinstance(answer, CriteriaOutcome) for answer in answers)
    assert (await job.current()).revision == 20
    assert (await job.active()).criteria == criteria_of("19")
    await assert_consistent(job)


async def test_a_group_that_sets_archives_and_sets_again_ends_as_if_each_came_alone(job: JobUnderTest) -> None:
    steps: list[tuple[Criterion, ...] | None] = [criteria_of("Rust"), None, criteria_of("SQL"), criteria_of("Rust")]
    answers = await asyncio.gather(
        *(job.try_change(criteria, if_revision=revision) for revision, criteria in enumerate(steps))
    )
    assert answers[0] == answers[1] == answers[3] != answers[2]
    assert len(await job.versions()) == 2
    assert (await job.active()).criteria == criteria_of("Rust")
    await assert_consistent(job)


async def test_of_an_archiving_and_a_set_at_once_the_later_is_refused(job: JobUnderTest) -> None:
    await job.set("Rust")
    answers = await asyncio.gather(
        job.try_change(None, if_revision=1), job.try_change(criteria_of("SQL"), if_revision=1)
    )
    assert isinstance(answers[0], CriteriaOutcome)
    assert answers[1] is Refusal.CHANGED_MEANWHILE
    assert (await job.current()).source is CriteriaSource.NONE


async def test_a_caller_who_reads_again_whenever_it_was_late_loses_no_change(job: JobUnderTest) -> None:
    async def add(text: str) -> None:
        refused = True
        while refused:
            current = await job.current()
            before = current.active.criteria if current.active else None
            answer = await job.try_change((*(before or ()), *criteria_of(text)), if_revision=current.revision)
            refused = answer is Refusal.CHANGED_MEANWHILE

    texts = [f"{number}" for number in range(12)]
    await asyncio.gather(*(add(text) for text in texts))
    stored = (await job.active()).criteria
    assert stored is not None
    assert sorted(criterion.text for criterion in stored) == sorted(texts)
    assert (await job.current()).revision == 12
    await assert_consistent(job)


async def test_texts_and_changes_at_once_leave_one_active_version(job: JobUnderTest) -> None:
    await asyncio.gather(
        *(job.bring_texts(f"Job description {number}") for number in range(10)),
        *(job.try_change(criteria_of(f"{number}"), if_revision=number) for number in range(20)),
    )
    await assert_consistent(job)


async def test_tenants_change_their_criteria_beside_each_other(job: JobUnderTest) -> None:
    jobs = [job, *(job.of(tenant=stranger) for stranger in strangers())]
    jobs += [one.of(job_id="job-2") for one in jobs]
    answers = await asyncio.gather(
        *(one.try_change(criteria_of("Rust"), if_revision=0) for one in jobs for _ in range(5))
    )
    assert answers.count(Refusal.CHANGED_MEANWHILE) == 4 * len(jobs)
    assert len({(await one.active()).id for one in jobs}) == len(jobs)


async def test_of_many_derivations_at_once_all_learn_the_first(job: JobUnderTest) -> None:
    version_id = await job.bring_texts("A backend engineer.")
    saved = await asyncio.gather(*(job.store.save_derived(version_id, criteria_of(f"{n}")) for n in range(50)))
    assert len(set(saved)) == 1
    assert (await job.active()).criteria == saved[0]


async def test_of_derivations_by_two_servers_at_once_both_learn_the_first(store_url: str) -> None:
    async with open_store(store_url) as first, open_store(store_url) as second:
        servers = [job_of(first), job_of(second)]
        version_id = await servers[0].bring_texts("A backend engineer.")
        saved = await asyncio.gather(
            *(server.store.save_derived(version_id, criteria_of(f"{n}")) for n, server in enumerate(servers * 10))
        )
        assert len(set(saved)) == 1
