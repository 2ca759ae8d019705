"""A batch ends with its last job, and those who wait are told."""

from __future__ import annotations

import asyncio

from nova_server.ports.scoring import BatchStatus
from nova_server.storage.schema import scoring_jobs

from tests.support.signals import RecordedSignals
from tests.support.store import LEASE_SECONDS, StoreUnderTest
from tests.support.submissions import submission, submissions


async def test_a_batch_ends_exactly_when_its_last_job_does(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission("anna", "ben", "cleo"))
    for done, lease in enumerate(await store.claim(), start=1):
        store.clock.advance(1)
        await store.complete(lease)
        batch = (await store.read(accepted)).batch
        assert batch.completed_jobs == done
        assert batch.completed_at == (store.clock.now() if done == 3 else None)
    assert batch.status is BatchStatus.COMPLETED


async def test_a_batch_with_a_failed_job_stays_pending_until_the_others_ended_and_is_failed_then(
    store: StoreUnderTest,
) -> None:
    accepted = await store.submit(submission("anna", "ben"))
    anna, ben = await store.claim()
    await store.fail(anna)
    assert (await store.read(accepted)).batch.status is BatchStatus.PENDING
    await store.complete(ben)
    assert (await store.read(accepted)).batch.status is BatchStatus.FAILED


async def test_completions_at_the_same_time_are_all_counted(store: StoreUnderTest) -> None:
    batches = await asyncio.gather(*(store.submit(one) for one in submissions(8)))
    leases = await store.claim(200)
    await asyncio.gather(*(store.fail(lease) if place % 4 == 0 else store.complete(lease)
                           for place, lease in enumerate(leases)))  # fmt: skip
    found = [(await store.read(accepted)).batch for accepted in batches]
    assert all(batch.completed_jobs + batch.failed_jobs == 25 for batch in found)
    assert sum(batch.failed_jobs for batch in found) == 50
    assert {batch.status for batch in found} == {BatchStatus.FAILED}


async def test_a_job_in_several_batches_ends_each_of_which_it_is_the_last(store: StoreUnderTest) -> None:
    alone = await store.submit(submission("anna"))
    pair = await store.submit(submission("anna", "ben"))
    await store.complete(await store.claim_one())
    assert (await store.read(alone)).batch.completed_at == store.clock.now()
    assert (await store.read(pair)).batch.completed_at is None


async def test_returning_a_job_changes_no_batch(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission("anna"))
    await store.requeue(await store.claim_one())
    assert (await store.read(accepted)).batch == accepted.batch


async def test_a_submission_tells_that_the_queue_grew(store: StoreUnderTest, signals: RecordedSignals) -> None:
    await store.submit(submission("anna"))
    assert signals.growths == 1


async def test_the_end_of_a_job_tells_of_each_of_its_batches(store: StoreUnderTest, signals: RecordedSignals) -> None:
    first = await store.submit(submission("anna"))
    second = await store.submit(submission("anna", "ben"))
    await store.complete(await store.claim_one())
    assert signals.changed == sorted([first.batch.id, second.batch.id])


async def test_jobs_that_end_together_tell_of_their_batch_at_least_once(
    store: StoreUnderTest, signals: RecordedSignals
) -> None:
    accepted = await store.submit(submission(*(f"applicant-{number}" for number in range(25))))
    leases = await store.claim()
    await asyncio.gather(*(store.complete(lease) for lease in leases))
    assert set(signals.changed) == {accepted.batch.id}
    assert len(signals.changed) <= 25


async def test_a_refused_completion_tells_nobody(store: StoreUnderTest, signals: RecordedSignals) -> None:
    await store.submit(submission("anna"))
    lease = await store.claim_one()
    await store.complete(lease)
    told = list(signals.changed)
    await store.complete(lease)
    assert signals.changed == told


async def test_a_sweep_tells_of_what_it_returned_and_of_what_it_ended(
    store: StoreUnderTest, signals: RecordedSignals
) -> None:
    accepted = await store.submit(submission("anna"))
    await store.claim_one()
    store.clock.advance(LEASE_SECONDS + 1)
    growths = signals.growths
    await store.sweep(max_starts=2)
    assert (signals.growths, signals.changed) == (growths + 1, [])
    await store.claim_one()
    store.clock.advance(LEASE_SECONDS + 1)
    await store.sweep(max_starts=2)
    assert (signals.growths, signals.changed) == (growths + 1, [accepted.batch.id])


async def test_every_job_of_a_batch_is_in_the_store_when_its_batch_is(store: StoreUnderTest) -> None:
    batches = [asyncio.ensure_future(store.submit(one)) for one in submissions(20, size=3)]
    for accepted in batches:
        assert len((await store.read(await accepted)).jobs) == 3
    assert await store.count(scoring_jobs) == 60
