"""Calls with an idempotency key over time: while they run, when they break off, and when the key expires."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from nova_server.errors import (
    CriteriaNotFound,
    CriterionNotFound,
    IdempotencyKeyReused,
    IdempotencyRequestInProgress,
    ServiceUnavailable,
)
from nova_server.ports.criteria import ChangedCriteria
from nova_server.ports.scorer import ScorerFailed
from nova_server.ports.tenancy import Caller, Environment
from nova_server.scoring.idempotency import KEPT_SECONDS

from tests.support.store import open_store, sqlite_url
from tests.support.submissions import ACME, submission
from tests.unit.scoring.criteria_of_jobs import (
    DERIVED,
    KAFKA,
    LEASE_SECONDS,
    PLAIN,
    PYTHON,
    CriteriaUnderTest,
    criteria_on,
    keyed,
    texts_of,
)


@asynccontextmanager
async def held(criteria: CriteriaUnderTest) -> AsyncIterator[asyncio.Task[ChangedCriteria]]:
    """Yield a call with a key that waits for the scorer, until the context ends."""
    await criteria.store.submit(submission("anna"))
    criteria.scorer.open.clear()
    running = asyncio.create_task(criteria.use_cases.add(ACME, "job-1", KAFKA, keyed()))
    await criteria.scorer.began.wait()
    yield running
    criteria.scorer.open.set()


async def test_a_call_whose_first_is_running_hears_so_and_may_ask_again(criteria: CriteriaUnderTest) -> None:
    async with held(criteria) as running:
        with pytest.raises(IdempotencyRequestInProgress) as caught:
            await criteria.use_cases.add(ACME, "job-1", KAFKA, keyed())
        assert caught.value.retry_after_seconds == 1
    first = await running
    again = await criteria.use_cases.add(ACME, "job-1", KAFKA, keyed())
    assert (first.replayed, again.replayed) == (False, True)
    assert (again.version, again.criterion) == (first.version, first.criterion)


async def test_another_call_with_the_key_of_a_running_one_is_refused_for_good(criteria: CriteriaUnderTest) -> None:
    async with held(criteria) as running:
        with pytest.raises(IdempotencyKeyReused):
            await criteria.use_cases.set(ACME, "job-1", [], keyed(digest="b" * 40))
    await running


async def test_another_partner_with_the_same_key_is_not_held_up(criteria: CriteriaUnderTest) -> None:
    async with held(criteria) as running:
        for caller in (Caller("partner-2", Environment.SANDBOX), Caller("partner-1", Environment.PRODUCTION)):
            changed = await criteria.use_cases.set(ACME, "job-2", [PYTHON], keyed(caller=caller))
            assert not changed.replayed
    await running


async def test_a_call_that_is_broken_off_gives_its_key_back(criteria: CriteriaUnderTest) -> None:
    async with held(criteria) as running:
        running.cancel()
        await asyncio.wait([running])
    changed = await criteria.use_cases.add(ACME, "job-1", KAFKA, keyed())
    assert not changed.replayed
    assert texts_of(changed.version.criteria) == [DERIVED.text, "Kafka"]


async def test_a_call_that_fails_gives_its_key_back(criteria: CriteriaUnderTest) -> None:
    await criteria.store.submit(submission("anna"))
    criteria.scorer.fault = ScorerFailed()
    with pytest.raises(ServiceUnavailable):
        await criteria.use_cases.add(ACME, "job-1", KAFKA, keyed())
    criteria.scorer.fault = None
    assert not (await criteria.use_cases.add(ACME, "job-1", KAFKA, keyed())).replayed


async def test_a_refused_call_gives_its_key_back_also_for_another_call(criteria: CriteriaUnderTest) -> None:
    with pytest.raises(CriteriaNotFound):
        await criteria.use_cases.archive(ACME, "job-1", keyed())
    await criteria.use_cases.set(ACME, "job-1", [PYTHON], keyed(digest="b" * 40))
    with pytest.raises(CriterionNotFound):
        await criteria.use_cases.remove(ACME, "job-1", "crit_000000000000", keyed("other"))


async def test_a_call_that_is_cancelled_while_it_is_committed_keeps_its_key(criteria: CriteriaUnderTest) -> None:
    """Whoever hangs up may have been heard: what was done is found again and not done twice."""
    for turns in range(40):
        name = f"job-{turns}"
        calling = asyncio.create_task(criteria.use_cases.add(ACME, name, KAFKA, keyed(name)))
        for _ in range(turns):
            await asyncio.sleep(0)
        calling.cancel()
        await asyncio.wait([calling])
        await criteria.use_cases.add(ACME, name, KAFKA, keyed(name))
        assert await criteria.current(name) == ["Kafka"]


async def test_a_key_is_kept_for_a_day(criteria: CriteriaUnderTest) -> None:
    await criteria.use_cases.add(ACME, "job-1", KAFKA, keyed())
    criteria.store.clock.advance(KEPT_SECONDS - 1)
    assert (await criteria.use_cases.add(ACME, "job-1", KAFKA, keyed())).replayed
    criteria.store.clock.advance(1)
    assert not (await criteria.use_cases.add(ACME, "job-1", KAFKA, keyed())).replayed
    assert await criteria.current() == ["Kafka", "Kafka"]


async def test_an_expired_key_may_be_used_for_another_call(criteria: CriteriaUnderTest) -> None:
    await criteria.use_cases.set(ACME, "job-1", [PYTHON], keyed())
    criteria.store.clock.advance(KEPT_SECONDS)
    await criteria.use_cases.set(ACME, "job-1", [KAFKA], keyed(digest="b" * 40))
    assert await criteria.current() == ["Kafka"]


async def test_a_call_whose_process_died_can_be_made_again_after_its_lease(tmp_path: Path) -> None:
    async with open_store(sqlite_url(tmp_path)) as store:
        dead = criteria_on(store)
        async with held(dead) as running:
            reborn = criteria_on(store)
            with pytest.raises(IdempotencyRequestInProgress):
                await reborn.use_cases.add(ACME, "job-1", KAFKA, keyed())
            store.clock.advance(LEASE_SECONDS)
            assert not (await reborn.use_cases.add(ACME, "job-1", KAFKA, keyed())).replayed
        # It was not dead after all, and finds that another has done what it was about to do.
        with pytest.raises(IdempotencyRequestInProgress):
            await running
        assert await reborn.current() == [DERIVED.text, "Kafka"]
        assert (await reborn.use_cases.add(ACME, "job-1", KAFKA, keyed())).replayed


async def test_what_was_done_is_found_again_by_another_process(tmp_path: Path) -> None:
    async with open_store(sqlite_url(tmp_path)) as store:
        first = await criteria_on(store).use_cases.set(ACME, "job-1", [PYTHON], keyed())
    async with open_store(sqlite_url(tmp_path)) as store:
        again = await criteria_on(store).use_cases.set(ACME, "job-1", [PYTHON], keyed())
    assert again.replayed
    assert again.version == first.version


async def test_a_replay_needs_neither_the_scorer_nor_the_revision_it_expected(criteria: CriteriaUnderTest) -> None:
    await criteria.store.submit(submission("anna"))
    await criteria.use_cases.add(ACME, "job-1", KAFKA, keyed())
    await criteria.use_cases.archive(ACME, "job-1", PLAIN)
    criteria.scorer.fault = ScorerFailed()
    again = await criteria.use_cases.add(ACME, "job-1", KAFKA, keyed())
    assert texts_of(again.version.criteria) == [DERIVED.text, "Kafka"]
