"""A change under an idempotency key and its outcome are one transaction, whoever dies when."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from nova_server.ports.clock import Instant, plus_seconds
from nova_server.ports.criteria import CriteriaOutcome, JobCriteria, Refusal, Reservation
from sqlalchemy.exc import DBAPIError

from tests.support.store import StoreUnderTest, open_store
from tests.support.stored_criteria import (
    KEPT_SECONDS,
    LEASE_SECONDS,
    JobUnderTest,
    call_of,
    criteria_of,
    job_of,
)

TICK = 0.000_001
FAR_TOO_LATE = Instant(2**80)  # no time that a database can hold: a fault of the very last statement


@pytest.fixture
def job(store: StoreUnderTest) -> JobUnderTest:
    return job_of(store)


async def has_outcome(job: JobUnderTest) -> bool:
    row = await job.key_row()
    assert row is not None
    return row.outcome is not None


async def test_a_change_writes_its_outcome_with_it(job: JobUnderTest) -> None:
    version_id = await job.set("Rust", reservation=await job.reserve())
    row = await job.key_row()
    assert row is not None
    assert row.outcome == f'{{"version": "{version_id}", "criterion": null}}'
    assert row.expires_at == plus_seconds(job.now, KEPT_SECONDS)


async def test_a_change_that_finds_nothing_to_do_has_an_outcome_too(job: JobUnderTest) -> None:
    version_id = await job.set("Rust")
    await job.set("Rust", reservation=await job.reserve())
    assert await job.try_reserve() == CriteriaOutcome(version_id)


async def test_the_outcome_of_an_archiving_is_what_was_archived(job: JobUnderTest) -> None:
    version_id = await job.set("Rust")
    await job.archive(reservation=await job.reserve())
    assert await job.try_reserve() == CriteriaOutcome(version_id)


async def test_a_call_that_died_before_its_change_can_be_made_again_after_its_lease(job: JobUnderTest) -> None:
    await job.reserve()
    assert await job.try_reserve() is Refusal.IN_PROGRESS
    job.under_test.clock.advance(LEASE_SECONDS)
    version_id = await job.set("Rust", reservation=await job.reserve())
    assert await job.try_reserve() == CriteriaOutcome(version_id)
    assert (await job.current()).revision == 1


async def test_a_call_whose_answer_was_lost_is_answered_by_a_server_that_started_later(store_url: str) -> None:
    async with open_store(store_url) as store:
        job = job_of(store)
        version_id = await job.set("Rust", reservation=await job.reserve())
        await job.set("SQL")
    async with open_store(store_url) as store:
        job = job_of(store)
        assert await job.try_reserve() == CriteriaOutcome(version_id)
        assert (await job.current()).revision == 2


async def test_a_call_that_was_taken_over_writes_nothing(job: JobUnderTest) -> None:
    first = await job.reserve()
    job.under_test.clock.advance(LEASE_SECONDS)
    second = await job.reserve()
    assert await job.try_change(criteria_of("Rust"), reservation=first) is Refusal.RESERVATION_LOST
    assert await job.current() == JobCriteria()
    assert await job.versions() == []
    assert not await has_outcome(job)
    await job.set("SQL", reservation=second)


async def test_a_call_that_was_taken_over_writes_nothing_over_the_outcome_of_the_other(job: JobUnderTest) -> None:
    first = await job.reserve()
    job.under_test.clock.advance(LEASE_SECONDS)
    version_id = await job.set("SQL", reservation=await job.reserve())
    before = await job.current()
    assert await job.try_change(criteria_of("Rust"), reservation=first) is Refusal.RESERVATION_LOST
    assert await job.current() == before
    assert await job.try_reserve() == CriteriaOutcome(version_id)


@pytest.mark.parametrize(("seconds", "held"), [(LEASE_SECONDS - TICK, True), (LEASE_SECONDS, False)])
async def test_a_right_ends_with_its_lease_even_if_nobody_took_it_over(
    job: JobUnderTest, seconds: float, *, held: bool
) -> None:
    reservation = await job.reserve()
    job.under_test.clock.advance(seconds)
    answer = await job.try_change(criteria_of("Rust"), reservation=reservation)
    assert (answer is not Refusal.RESERVATION_LOST) is held
    assert (await job.current()).revision == held


async def test_a_right_that_was_given_back_is_lost(job: JobUnderTest) -> None:
    reservation = await job.reserve()
    await job.store.release(reservation)
    assert await job.try_change(criteria_of("Rust"), reservation=reservation) is Refusal.RESERVATION_LOST
    assert await job.current() == JobCriteria()
    assert await job.key_row() is None


async def test_a_right_serves_one_change(job: JobUnderTest) -> None:
    reservation = await job.reserve()
    version_id = await job.set("Rust", reservation=reservation)
    assert await job.try_change(criteria_of("SQL"), reservation=reservation) is Refusal.RESERVATION_LOST
    assert (await job.active()).id == version_id
    assert await job.try_reserve() == CriteriaOutcome(version_id)


async def test_of_changes_under_one_right_at_once_one_is_made(job: JobUnderTest) -> None:
    reservation = await job.reserve()
    answers = await asyncio.gather(
        *(job.try_change(criteria_of(f"{n}"), if_revision=0, reservation=reservation) for n in range(20))
    )
    assert answers.count(Refusal.RESERVATION_LOST) == 19
    assert [version.number for version in await job.versions()] == [1]


async def test_a_change_that_came_too_late_keeps_its_right_for_another_try(job: JobUnderTest) -> None:
    reservation = await job.reserve()
    await job.set("Rust")
    late = await job.try_change(criteria_of("SQL"), if_revision=0, reservation=reservation)
    assert late is Refusal.CHANGED_MEANWHILE
    assert not await has_outcome(job)
    assert await job.try_reserve() is Refusal.IN_PROGRESS
    version_id = await job.set("SQL", reservation=reservation)
    assert await job.try_reserve() == CriteriaOutcome(version_id)


async def test_a_change_that_came_too_late_can_give_its_right_back(job: JobUnderTest) -> None:
    reservation = await job.reserve()
    await job.set("Rust")
    await job.try_change(criteria_of("SQL"), if_revision=0, reservation=reservation)
    await job.store.release(reservation)
    assert isinstance(await job.try_reserve(call_of(request="PUT two")), Reservation)


async def test_a_change_whose_outcome_cannot_be_written_leaves_nothing_at_all(job: JobUnderTest) -> None:
    reservation = await job.reserve()
    with pytest.raises((OverflowError, DBAPIError)):  # the driver of SQLite refuses in its own words
        await job.set("Rust", reservation=replace(reservation, outcome_expires_at=FAR_TOO_LATE))
    assert (await job.current(), await job.versions()) == (JobCriteria(), [])
    assert not await has_outcome(job)
    await job.set("SQL", reservation=reservation)


async def test_refused_changes_do_not_harm_those_of_their_group(job: JobUnderTest) -> None:
    reservation = await job.reserve()
    lost = await job.reserve(call_of("key-2"))
    await job.store.release(lost)
    answers = await asyncio.gather(
        job.try_change(criteria_of("one"), if_revision=7),
        job.try_change(criteria_of("two"), if_revision=0, reservation=lost),
        job.try_change(criteria_of("three"), if_revision=0, reservation=reservation),
        job.of(job_id="job-2").try_change(None, if_revision=0),
        job.of(job_id="job-3").try_change(criteria_of("four"), if_revision=0),
    )
    assert list(map(type, answers)) == [Refusal, Refusal, CriteriaOutcome, Refusal, CriteriaOutcome]
    assert (answers[0], answers[1]) == (Refusal.CHANGED_MEANWHILE, Refusal.RESERVATION_LOST)
    assert (await job.active()).criteria == criteria_of("three")


async def test_a_change_in_the_group_of_one_that_fails_is_made_once(job: JobUnderTest) -> None:
    reservation = await job.reserve()
    broken = replace(await job.reserve(call_of("key-2")), outcome_expires_at=FAR_TOO_LATE)
    answers = await asyncio.gather(
        job.try_change(criteria_of("Rust"), if_revision=0, reservation=reservation),
        job.of(job_id="job-2").try_change(criteria_of("Rust"), if_revision=0, reservation=broken),
        return_exceptions=True,
    )
    made, failure = answers
    assert isinstance(made, CriteriaOutcome)
    assert isinstance(failure, OverflowError | DBAPIError)
    assert await job.try_reserve() == answers[0]
    assert (await job.current()).revision == 1
