"""Current criteria, versions and the texts they follow from, as they are read."""

from __future__ import annotations

import pytest
from nova_server.ports.criteria import CriteriaVersion, JobCriteria, VersionTexts
from nova_server.ports.scorer import CriteriaTexts
from nova_server.ports.tenancy import TenantKey
from nova_server.storage.digests import digest_of
from nova_server.storage.schema import texts
from sqlalchemy import delete

from tests.support.clock import START
from tests.support.store import StoreUnderTest
from tests.support.stored_criteria import JobUnderTest, criteria_of, job_of, strangers

UNKNOWN = "c" + "9" * 24
STRANGERS = [
    pytest.param(stranger, id=name)
    for stranger, name in zip(strangers(), ("tenant", "environment", "partner"), strict=True)
]


@pytest.fixture
def job(store: StoreUnderTest) -> JobUnderTest:
    return job_of(store)


async def forget_text(job: JobUnderTest, content: str) -> None:
    await job.under_test.execute(delete(texts).where(texts.c.digest == digest_of(content)))


async def numbers(job: JobUnderTest, *, limit: int, before: int | None) -> list[int]:
    return [version.number for version in await job.versions(limit=limit, before=before)]


async def test_of_a_job_that_nobody_knows_nothing_is_read(job: JobUnderTest) -> None:
    assert await job.current() == JobCriteria()
    assert await job.versions() == []
    assert await job.store.read_version(job.tenant, job.job_id, UNKNOWN) is None
    assert await job.store.read_texts(UNKNOWN) is None


async def test_the_version_of_texts_has_no_criteria_until_they_are_derived(job: JobUnderTest) -> None:
    version_id = await job.bring_texts("A backend engineer.")
    expected = CriteriaVersion(version_id, 1, START, None, None)
    assert await job.active() == expected
    assert await job.version(version_id) == expected


async def test_the_criteria_that_are_saved_first_are_those_of_the_version(job: JobUnderTest) -> None:
    version_id = await job.bring_texts("A backend engineer.")
    assert await job.store.save_derived(version_id, criteria_of("Rust", "SQL")) == criteria_of("Rust", "SQL")
    assert await job.store.save_derived(version_id, criteria_of("Go")) == criteria_of("Rust", "SQL")
    assert (await job.active()).criteria == criteria_of("Rust", "SQL")


async def test_texts_from_which_nothing_follows_are_derived_once_too(job: JobUnderTest) -> None:
    version_id = await job.bring_texts("A backend engineer.")
    assert await job.store.save_derived(version_id, ()) == ()
    assert await job.store.save_derived(version_id, criteria_of("Go")) == ()
    assert (await job.active()).criteria == ()


async def test_derived_criteria_are_no_change_of_the_job(job: JobUnderTest) -> None:
    version_id = await job.bring_texts("A backend engineer.")
    before = await job.current()
    await job.store.save_derived(version_id, criteria_of("Rust"))
    after = await job.current()
    assert (after.source, after.revision) == (before.source, before.revision)
    assert len(await job.versions()) == 1


async def test_an_archived_version_can_still_be_derived(job: JobUnderTest) -> None:
    version_id = await job.bring_texts("A backend engineer.")
    active = await job.set("Go")
    await job.store.save_derived(version_id, criteria_of("Rust"))
    archived = await job.version(version_id)
    assert (archived.criteria, archived.archived_at) == (criteria_of("Rust"), job.now)
    assert (await job.active()).id == active


async def test_criteria_that_a_partner_set_are_never_derived_over(job: JobUnderTest) -> None:
    version_id = await job.set("Rust")
    assert await job.store.save_derived(version_id, criteria_of("Go")) == criteria_of("Rust")
    assert (await job.active()).criteria == criteria_of("Rust")


async def test_what_was_derived_for_a_version_that_is_gone_is_handed_back(job: JobUnderTest) -> None:
    assert await job.store.save_derived(UNKNOWN, criteria_of("Go")) == criteria_of("Go")


async def test_versions_are_listed_newest_first_without_their_criteria(job: JobUnderTest) -> None:
    expected: list[CriteriaVersion] = []
    for number, text in enumerate(("Rust", "SQL", "Go"), start=1):
        version_id = await job.set(text)
        expected.insert(0, CriteriaVersion(version_id, number, job.now, None if text == "Go" else job.now, None))
    assert await job.versions() == expected


async def test_a_page_of_versions_begins_below_a_number(job: JobUnderTest) -> None:
    for number in range(5):
        await job.set(f"criterion {number}")
    assert await numbers(job, limit=2, before=None) == [5, 4]
    assert await numbers(job, limit=2, before=4) == [3, 2]
    assert await numbers(job, limit=2, before=2) == [1]
    assert await numbers(job, limit=2, before=1) == []
    assert await numbers(job, limit=1_000, before=1_000) == [5, 4, 3, 2, 1]


async def test_pages_miss_and_repeat_nothing_while_versions_come(job: JobUnderTest) -> None:
    seen: list[int] = []
    for number in range(6):
        await job.set(f"criterion {number}")
    while page := await numbers(job, limit=2, before=seen[-1] if seen else None):
        seen += page
        await job.set(f"another than the {len(seen)}")
    assert seen == [6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_what_belongs_to_another_is_not_there(job: JobUnderTest, stranger: TenantKey) -> None:
    version_id = await job.set("Rust")
    other = job.of(tenant=stranger)
    assert await other.current() == JobCriteria()
    assert await other.versions() == []
    assert await job.store.read_version(stranger, job.job_id, version_id) is None


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_a_change_of_another_touches_nothing(job: JobUnderTest, stranger: TenantKey) -> None:
    own = await job.set("Rust")
    other = job.of(tenant=stranger)
    theirs = await other.set("Rust")
    await other.archive()
    assert theirs != own
    assert [version.id for version in await job.versions()] == [own]
    assert (await job.active()).archived_at is None


async def test_a_version_of_one_job_is_not_there_under_another(job: JobUnderTest) -> None:
    version_id = await job.set("Rust")
    assert await job.store.read_version(job.tenant, "job-2", version_id) is None


@pytest.mark.parametrize("role_knowledge", [None, "", "Knows Kafka."])
async def test_the_texts_of_a_version_are_read_with_its_job(job: JobUnderTest, role_knowledge: str | None) -> None:
    version_id = await job.bring_texts("A backend engineer.", role_knowledge)
    job.under_test.clock.advance(5)
    expected = VersionTexts(CriteriaTexts("A backend engineer.", role_knowledge), "job-1", START)
    assert await job.store.read_texts(version_id) == expected


@pytest.mark.parametrize("gone", ["A backend engineer.", "Knows Kafka."])
async def test_a_version_of_which_a_text_is_gone_has_none(job: JobUnderTest, gone: str) -> None:
    version_id = await job.bring_texts("A backend engineer.", "Knows Kafka.")
    await forget_text(job, gone)
    assert await job.store.read_texts(version_id) is None


@pytest.mark.parametrize("gone", ["A backend engineer.", "Knows Kafka."])
async def test_the_same_text_of_another_tenant_does_not_stand_in_for_one_that_is_gone(
    job: JobUnderTest, gone: str
) -> None:
    version_id = await job.bring_texts("A backend engineer.", "Knows Kafka.")
    await forget_text(job, gone)
    await job.of(tenant=strangers()[0]).bring_texts("A backend engineer.", "Knows Kafka.")
    assert await job.store.read_texts(version_id) is None


async def test_criteria_that_a_partner_set_follow_from_no_texts(job: JobUnderTest) -> None:
    await job.bring_texts("A backend engineer.")
    assert await job.store.read_texts(await job.set("Rust")) is None
