"""A change of criteria makes a version, or finds the one that said the same, and archives the one before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from nova_server.ports.clock import plus_seconds
from nova_server.ports.criteria import CriteriaOutcome, CriteriaSource, Criterion, JobCriteria, Refusal
from nova_server.ports.scorer import Importance
from nova_server.storage.schema import criteria_versions, job_criteria

from tests.support.clock import START
from tests.support.store import StoreUnderTest
from tests.support.stored_criteria import JobUnderTest, criteria_of, criterion, job_of

ARCHIVED = CriteriaSource.NONE
TEXTS = CriteriaSource.TEXTS
PARTNER = CriteriaSource.PARTNER


@pytest.fixture
def job(store: StoreUnderTest) -> JobUnderTest:
    return job_of(store)


async def source_and_revision(job: JobUnderTest) -> tuple[CriteriaSource, int]:
    current = await job.current()
    return current.source, current.revision


async def test_criteria_of_a_job_that_nobody_knew_become_its_first_version(job: JobUnderTest) -> None:
    new = (criterion("Ten years of Rust", Importance.PREFERRED), criterion("Zoë’s “tools”\n\0 and \\u0041"))
    outcome = await job.try_change(new)
    assert isinstance(outcome, CriteriaOutcome)
    current = await job.current()
    assert (current.source, current.revision) == (PARTNER, 1)
    active = await job.active()
    assert (active.id, active.number, active.created_at, active.archived_at) == (outcome.version_id, 1, START, None)
    assert active.criteria == new


async def test_another_content_archives_the_version_before_and_takes_the_next_number(job: JobUnderTest) -> None:
    first = await job.set("Rust")
    job.under_test.clock.advance(5)
    second = await job.set("Rust", "SQL")
    assert (await job.active()).id == second != first
    assert [(version.number, version.archived_at) for version in await job.versions()] == [(2, None), (1, job.now)]
    assert await source_and_revision(job) == (PARTNER, 2)


async def test_an_archived_version_keeps_its_criteria(job: JobUnderTest) -> None:
    first = await job.set("Rust", "SQL")
    await job.set("Go")
    assert (await job.version(first)).criteria == criteria_of("Rust", "SQL")


@pytest.mark.parametrize(
    "other",
    [
        criteria_of("SQL", "Rust"),
        criteria_of("Rust"),
        criteria_of("RustSQL"),
        (criterion("Rust", Importance.PREFERRED), criterion("SQL")),
        (criterion("Rust", of_id="crit_000000000000"), criterion("SQL")),
        (),
    ],
    ids=["order", "fewer", "texts that run together", "importance", "id", "none"],
)
async def test_whatever_differs_makes_another_version(job: JobUnderTest, other: tuple[Criterion, ...]) -> None:
    first = await job.set("Rust", "SQL")
    outcome = await job.try_change(other)
    assert isinstance(outcome, CriteriaOutcome)
    assert outcome.version_id != first
    assert (await job.active()).criteria == other


async def test_the_content_of_the_active_version_changes_nothing(job: JobUnderTest) -> None:
    version = await job.set("Rust", "SQL")
    before = await job.current()
    job.under_test.clock.advance(5)
    assert await job.set("Rust", "SQL") == version
    assert await job.current() == before
    assert len(await job.versions()) == 1


async def test_when_a_criterion_was_made_does_not_make_it_another(job: JobUnderTest) -> None:
    version = await job.set("Rust")
    later = replace(criterion("Rust"), created_at=plus_seconds(START, 5))
    assert await job.try_change([later]) == CriteriaOutcome(version)
    assert (await job.active()).criteria == criteria_of("Rust")


async def test_a_content_that_the_job_had_before_becomes_active_again(job: JobUnderTest) -> None:
    first = await job.set("Rust")
    second = await job.set("SQL")
    job.under_test.clock.advance(5)
    assert await job.set("Rust") == first
    assert [(one.id, one.archived_at) for one in await job.versions()] == [(second, job.now), (first, None)]
    assert await source_and_revision(job) == (PARTNER, 3)


async def test_a_version_that_is_archived_again_was_archived_the_last_time(job: JobUnderTest) -> None:
    first = await job.set("Rust")
    for text in ("SQL", "Rust", "Go"):
        job.under_test.clock.advance(5)
        await job.set(text)
    assert (await job.version(first)).archived_at == job.now


async def test_archiving_leaves_a_job_without_criteria(job: JobUnderTest) -> None:
    version = await job.set("Rust")
    job.under_test.clock.advance(5)
    assert await job.try_change(None) == CriteriaOutcome(version)
    assert await job.current() == JobCriteria(ARCHIVED, None, 2, partner_changes=2)
    assert (await job.version(version)).archived_at == job.now


async def test_what_was_archived_can_be_set_again(job: JobUnderTest) -> None:
    version = await job.set("Rust")
    await job.archive()
    assert await job.set("Rust") == version
    assert (await job.active()).archived_at is None
    assert await source_and_revision(job) == (PARTNER, 3)


async def test_there_is_nothing_to_archive_of_a_job_without_an_active_version(job: JobUnderTest) -> None:
    assert await job.try_change(None, if_revision=0) is Refusal.CHANGED_MEANWHILE
    await job.set("Rust")
    await job.archive()
    before = await job.current()
    assert await job.try_change(None) is Refusal.CHANGED_MEANWHILE
    assert await job.current() == before


async def test_a_cleared_job_has_no_criteria_until_its_texts_give_some(job: JobUnderTest) -> None:
    await job.set("Rust")
    cleared = await job.set()
    assert (await job.active()).criteria == ()
    assert await source_and_revision(job) == (TEXTS, 2)
    assert await job.set() == cleared
    assert await source_and_revision(job) == (TEXTS, 2)
    of_texts = await job.bring_texts("A backend engineer.")
    assert (await job.active()).id == of_texts
    assert await source_and_revision(job) == (TEXTS, 3)


async def test_a_set_of_criteria_takes_the_place_of_those_of_the_texts(job: JobUnderTest) -> None:
    of_texts = await job.bring_texts("A backend engineer.")
    own = await job.set("Rust")
    assert await source_and_revision(job) == (PARTNER, 2)
    assert [version.id for version in await job.versions()] == [own, of_texts]
    assert (await job.version(of_texts)).archived_at == job.now


@pytest.mark.parametrize("is_derived", [True, False])
async def test_criteria_that_are_set_are_another_version_than_the_same_ones_derived(
    job: JobUnderTest, is_derived: bool
) -> None:
    of_texts = await job.bring_texts("A backend engineer.")
    if is_derived:
        await job.store.save_derived(of_texts, criteria_of("Rust", "SQL"))
    own = await job.set("Rust", "SQL")
    assert own != of_texts
    assert await source_and_revision(job) == (PARTNER, 2)
    assert await job.set("Rust", "SQL") == own
    assert await source_and_revision(job) == (PARTNER, 2)


async def test_texts_count_as_changes_and_not_as_a_partners(job: JobUnderTest) -> None:
    await job.bring_texts("A backend engineer.")
    await job.bring_texts("A florist.")
    assert (await job.current()).partner_changes == 0
    await job.set("Rust")
    await job.archive()
    current = await job.current()
    assert (current.revision, current.partner_changes) == (4, 2)


async def test_a_change_that_heeds_partners_only_is_made_whatever_texts_came_between(job: JobUnderTest) -> None:
    await job.bring_texts("A backend engineer.")
    before = await job.current()
    await job.bring_texts("A florist.")
    outcome = await job.try_change(criteria_of("Rust"), if_partner_changes=before.partner_changes)
    assert isinstance(outcome, CriteriaOutcome)
    again = await job.try_change(criteria_of("SQL"), if_partner_changes=before.partner_changes)
    assert again is Refusal.CHANGED_MEANWHILE


@pytest.mark.parametrize("if_revision", [0, 1, 3, -1])
@pytest.mark.parametrize("criteria", [criteria_of("Go"), (), None], ids=["set", "clear", "archive"])
async def test_a_change_of_another_revision_does_nothing(
    job: JobUnderTest, criteria: tuple[Criterion, ...] | None, if_revision: int
) -> None:
    await job.set("Rust")
    await job.set("SQL")
    before = await job.current(), await job.versions()
    assert await job.try_change(criteria, if_revision=if_revision) is Refusal.CHANGED_MEANWHILE
    assert (await job.current(), await job.versions()) == before


async def test_even_the_active_content_is_refused_at_another_revision(job: JobUnderTest) -> None:
    await job.set("Rust")
    assert await job.try_change(criteria_of("Rust"), if_revision=0) is Refusal.CHANGED_MEANWHILE


async def test_the_outcome_names_the_criterion_that_the_change_was_about(job: JobUnderTest) -> None:
    outcome = await job.try_change(criteria_of("Rust"), criterion_id="crit_0123456789ab")
    assert outcome == CriteriaOutcome((await job.active()).id, "crit_0123456789ab")


async def test_jobs_do_not_share_versions_numbers_or_revisions(job: JobUnderTest) -> None:
    other = job.of(job_id="job-2")
    await job.set("Rust")
    await job.set("SQL")
    assert await other.set("SQL") != (await job.active()).id
    assert ((await other.active()).number, (await other.current()).revision) == (1, 1)
    assert ((await job.active()).number, (await job.current()).revision) == (2, 2)
    store = job.under_test
    assert (await store.count(criteria_versions), await store.count(job_criteria)) == (3, 2)
