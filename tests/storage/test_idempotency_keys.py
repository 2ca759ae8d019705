"""An idempotency key belongs to one call, which is done once; who asks again gets the outcome."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
from nova_server.ports.clock import plus_seconds
from nova_server.ports.criteria import CriteriaOutcome, Refusal, Reservation
from nova_server.ports.tenancy import Caller, Environment
from nova_server.storage.idempotency_keys import MIN_FORGOTTEN
from nova_server.storage.schema import idempotency_keys

from tests.support.store import StoreUnderTest, open_store
from tests.support.stored_criteria import (
    KEPT_SECONDS,
    LEASE_SECONDS,
    OWNER,
    JobUnderTest,
    call_of,
    job_of,
)

TICK = 0.000_001
OTHERS = [replace(OWNER, partner_id="partner-2"), replace(OWNER, environment=Environment.PRODUCTION)]


@pytest.fixture
def job(store: StoreUnderTest) -> JobUnderTest:
    return job_of(store)


async def test_a_new_key_is_given_to_the_call_that_brings_it(job: JobUnderTest) -> None:
    reservation = await job.reserve()
    assert reservation.call == call_of()
    assert reservation.outcome_expires_at == plus_seconds(job.now, KEPT_SECONDS)


async def test_a_call_whose_key_is_held_is_in_progress(job: JobUnderTest) -> None:
    await job.reserve()
    job.under_test.clock.advance(LEASE_SECONDS - TICK)
    assert await job.try_reserve() is Refusal.IN_PROGRESS


async def test_of_a_hundred_calls_at_once_one_gets_the_key(job: JobUnderTest) -> None:
    answers = await asyncio.gather(*(job.try_reserve() for _ in range(100)))
    assert Counter(map(type, answers)) == {Reservation: 1, Refusal: 99}
    assert answers.count(Refusal.IN_PROGRESS) == 99
    assert await job.under_test.count(idempotency_keys) == 1


async def test_of_calls_to_two_servers_at_once_one_gets_the_key(store_url: str) -> None:
    async with open_store(store_url) as first, open_store(store_url) as second:
        calls = (job_of(server).try_reserve() for server in (first, second) * 20)
        answers = await asyncio.gather(*calls)
    assert Counter(map(type, answers)) == {Reservation: 1, Refusal: 39}


async def test_no_two_reservations_have_the_same_holder(job: JobUnderTest) -> None:
    reservations = await asyncio.gather(*(job.reserve(call_of(f"key-{number}")) for number in range(50)))
    assert len({reservation.holder for reservation in reservations}) == 50


async def test_another_call_under_the_key_of_a_running_one_is_told_so(job: JobUnderTest) -> None:
    await job.reserve()
    assert await job.try_reserve(call_of(request="PUT two")) is Refusal.REUSED


async def test_another_call_under_the_key_of_one_that_was_done_is_told_so(job: JobUnderTest) -> None:
    await job.set("Rust", reservation=await job.reserve())
    assert await job.try_reserve(call_of(request="PUT two")) is Refusal.REUSED


async def test_a_call_that_was_done_gets_its_outcome_again(job: JobUnderTest) -> None:
    reservation = await job.reserve()
    outcome = await job.try_change((), criterion_id="crit_0123456789ab", reservation=reservation)
    assert isinstance(outcome, CriteriaOutcome)
    assert await job.try_reserve() == outcome
    assert await job.try_reserve() == outcome


@pytest.mark.parametrize("other", OTHERS, ids=["another partner", "another environment"])
async def test_keys_of_others_are_not_seen(job: JobUnderTest, other: Caller) -> None:
    own = await job.set("Rust", reservation=await job.reserve())
    theirs = call_of(caller=other, request="PUT two")
    reservation = await job.reserve(theirs)
    assert await job.try_reserve() == CriteriaOutcome(own)
    assert await job.try_reserve(theirs) is Refusal.IN_PROGRESS
    await job.store.release(reservation)
    assert await job.try_reserve() == CriteriaOutcome(own)


async def test_keys_differ_in_every_character(job: JobUnderTest) -> None:
    keys = ["key", "Key", "key ", " key", "kéy", "ke\u0301y", "%", "_", "k" * 255]
    for key in keys:
        await job.reserve(call_of(key))
    assert await job.under_test.count(idempotency_keys) == len(keys)


@pytest.mark.parametrize("request_", ["PUT one", "PUT two"], ids=["the same call", "another call"])
async def test_a_key_whose_holder_said_nothing_until_the_lease_was_over_is_given_anew(
    job: JobUnderTest, request_: str
) -> None:
    first = await job.reserve()
    job.under_test.clock.advance(LEASE_SECONDS)
    second = await job.reserve(call_of(request=request_))
    assert second.holder != first.holder
    assert await job.try_reserve(call_of(request=request_)) is Refusal.IN_PROGRESS
    assert await job.under_test.count(idempotency_keys) == 1


async def test_of_many_calls_after_a_lease_one_takes_over(job: JobUnderTest) -> None:
    await job.reserve()
    job.under_test.clock.advance(LEASE_SECONDS)
    answers = await asyncio.gather(*(job.try_reserve() for _ in range(30)))
    assert Counter(map(type, answers)) == {Reservation: 1, Refusal: 29}


@pytest.mark.parametrize("seconds", [0, LEASE_SECONDS - TICK], ids=["at once", "at the end of its lease"])
async def test_an_outcome_is_kept_for_the_time_promised_when_the_key_was_reserved(
    job: JobUnderTest, seconds: float
) -> None:
    reservation = await job.reserve()
    job.under_test.clock.advance(seconds)
    version_id = await job.set("Rust", reservation=reservation)
    job.under_test.clock.advance(KEPT_SECONDS - seconds - TICK)
    assert await job.try_reserve() == CriteriaOutcome(version_id)
    job.under_test.clock.advance(TICK)
    assert isinstance(await job.try_reserve(call_of(request="PUT two")), Reservation)


async def test_a_key_whose_outcome_expired_has_none(job: JobUnderTest) -> None:
    await job.set("Rust", reservation=await job.reserve())
    job.under_test.clock.advance(KEPT_SECONDS)
    await job.reserve()
    assert await job.try_reserve() is Refusal.IN_PROGRESS


async def test_a_key_that_is_given_back_is_free(job: JobUnderTest) -> None:
    await job.store.release(await job.reserve())
    assert await job.under_test.count(idempotency_keys) == 0
    await job.reserve(call_of(request="PUT two"))


async def test_a_key_can_be_given_back_twice(job: JobUnderTest) -> None:
    reservation = await job.reserve()
    await job.store.release(reservation)
    await job.store.release(reservation)
    await job.reserve()


async def test_a_key_that_was_taken_over_cannot_be_given_back_by_its_first_holder(job: JobUnderTest) -> None:
    first = await job.reserve()
    job.under_test.clock.advance(LEASE_SECONDS)
    await job.reserve()
    await job.store.release(first)
    assert await job.try_reserve() is Refusal.IN_PROGRESS


async def test_an_outcome_cannot_be_given_back(job: JobUnderTest) -> None:
    reservation = await job.reserve()
    version_id = await job.set("Rust", reservation=reservation)
    await job.store.release(reservation)
    assert await job.try_reserve() == CriteriaOutcome(version_id)


async def test_expired_keys_are_forgotten_when_others_come(job: JobUnderTest) -> None:
    await job.reserve(call_of("abandoned"))
    await job.set("Rust", reservation=await job.reserve(call_of("done")))
    job.under_test.clock.advance(LEASE_SECONDS)
    await job.reserve(call_of("new"))
    assert await job.key_row("abandoned") is None
    assert await job.key_row("done") is not None
    job.under_test.clock.advance(KEPT_SECONDS - LEASE_SECONDS)
    await job.reserve(call_of("newer"))
    assert await job.under_test.count(idempotency_keys) == 1


async def test_no_call_forgets_more_than_a_few_keys_of_others(job: JobUnderTest) -> None:
    await asyncio.gather(*(job.reserve(call_of(f"old-{number}")) for number in range(MIN_FORGOTTEN + 5)))
    job.under_test.clock.advance(LEASE_SECONDS)
    await job.reserve(call_of("new"))
    assert await job.under_test.count(idempotency_keys) == 1 + 5
    await job.reserve(call_of("newer"))
    assert await job.under_test.count(idempotency_keys) == 2


async def test_more_keys_are_forgotten_than_come_however_many_come_at_once(job: JobUnderTest) -> None:
    for round_ in range(4):
        await asyncio.gather(*(job.reserve(call_of(f"{round_}-{number}")) for number in range(300)))
        job.under_test.clock.advance(LEASE_SECONDS)
    await job.reserve(call_of("last"))
    assert await job.under_test.count(idempotency_keys) < 300
