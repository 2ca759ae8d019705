"""Two processes at work on one database at the same time agree on everything."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import cycle, pairwise

import pytest
from nova_server.ports.scoring import BatchStatus
from nova_server.ports.webhooks import MAX_ENDPOINTS, WebhookEvent
from nova_server.storage.schema import scoring_batches, scoring_jobs, webhook_endpoints

from tests.support.store import LEASE_SECONDS, StoreUnderTest, open_store
from tests.support.stored_webhooks import SECRET, add_endpoint, news
from tests.support.submissions import submission

Both = tuple[StoreUnderTest, StoreUnderTest]
NAMES = [f"applicant-{number:02d}" for number in range(60)]
GROUP_LIMIT = 3


@pytest.fixture
async def both(store: StoreUnderTest, postgresql_url: str) -> AsyncIterator[Both]:
    """The store of each process. Their clocks are one."""
    async with open_store(postgresql_url, store.clock) as other:
        yield store, other


async def test_three_hundred_identical_submissions_make_one_batch(both: Both) -> None:
    chance = random.Random(1)
    orders = [chance.sample(NAMES[:25], 25) for _ in range(300)]
    work = (one.submit(submission(*order)) for one, order in zip(cycle(both), orders, strict=False))
    answers = await asyncio.gather(*work)
    assert len({answer.batch.id for answer in answers}) == 1
    jobs = {tuple(sorted(zip(order, answer.scoring_job_ids, strict=True)))
            for order, answer in zip(orders, answers, strict=True)}  # fmt: skip
    assert len(jobs) == 1
    assert (await both[0].count(scoring_batches), await both[0].count(scoring_jobs)) == (1, 25)


async def test_overlapping_submissions_make_one_job_for_each_application_and_end_each_batch_once(both: Both) -> None:
    await add_endpoint(both[0], WebhookEvent.BATCH_COMPLETED)
    chance = random.Random(2)
    sets = [chance.sample(NAMES, chance.randint(1, 25)) for _ in range(200)]
    work = (one.submit(submission(*chosen)) for one, chosen in zip(cycle(both), sets, strict=False))
    answers = await asyncio.gather(*work)
    jobs = {(name, job_id) for chosen, answer in zip(sets, answers, strict=True)
            for name, job_id in zip(chosen, answer.scoring_job_ids, strict=True)}  # fmt: skip
    assert len(jobs) == len(dict(jobs)) == await both[0].count(scoring_jobs)
    await asyncio.gather(*(one.complete_everything() for one in both))
    for chosen, answer in zip(sets, answers, strict=True):
        batch = (await both[0].read(answer)).batch
        assert (batch.status, batch.completed_jobs, batch.failed_jobs) == (BatchStatus.COMPLETED, len(chosen), 0)
    assert len(await news(both[0])) == await both[0].count(scoring_batches)


async def test_jobs_of_the_same_batches_that_end_at_once_are_counted_once_each(both: Both) -> None:
    await add_endpoint(both[0], WebhookEvent.BATCH_COMPLETED)
    accepted = [await both[0].submit(submission(*NAMES[:25]))]
    accepted += await asyncio.gather(*(both[1].submit(submission(*pair)) for pair in pairwise(NAMES[:25])))
    leases = await both[0].claim()
    ends = (one.complete(lease) for lease in leases for one in both)  # each of them wants to be the one
    answers = await asyncio.gather(*ends)
    assert Counter(answers) == {True: 25, False: 25}
    found = [(await both[0].read(one)).batch for one in accepted]
    assert [(batch.completed_jobs, batch.status) for batch in found] == [
        (batch.total_jobs, BatchStatus.COMPLETED) for batch in found
    ]
    assert len(await news(both[0])) == len(accepted)


async def test_an_owner_has_no_more_endpoints_than_allowed(both: Both) -> None:
    first = await add_endpoint(both[0])
    others = [replace(first, id=f"c{number:024d}") for number in range(100)]
    work = (one.webhooks.create_endpoint(endpoint, SECRET) for one, endpoint in zip(cycle(both), others, strict=False))
    answers = await asyncio.gather(*work)
    assert answers.count(True) == MAX_ENDPOINTS - 1
    assert await both[0].count(webhook_endpoints) == MAX_ENDPOINTS


async def test_sweeps_at_the_same_time_rescue_each_job_once(both: Both) -> None:
    accepted = await both[0].submit(submission(*NAMES[:40]))
    await both[0].claim(40)
    both[0].clock.advance(LEASE_SECONDS + 1)
    swept = await asyncio.gather(*(one.sweep() for one in both * 5))
    assert sum(one.requeued for one in swept) == 40
    assert {lease.starts for lease in await both[1].claim(40)} == {2}
    both[0].clock.advance(LEASE_SECONDS + 1)
    swept = await asyncio.gather(*(one.sweep(max_starts=2) for one in both * 5))
    assert sum((Counter(requeued=one.requeued, failed=one.failed) for one in swept), Counter()) == {"failed": 40}
    assert (await both[0].read(accepted)).batch.failed_jobs == 40
