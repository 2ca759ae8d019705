"""Who is served next, and how much of it at once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from nova_server.ports.queue import Lease
from nova_server.ports.tenancy import TenantKey
from nova_server.storage.digests import tenant_key
from nova_server.storage.schema import scoring_jobs, tenants
from sqlalchemy import Row, select, update

from tests.support.store import StoreUnderTest
from tests.support.submissions import ACME, GLOBEX, submission, submissions

INITECH = replace(ACME, tenant_id="initech")


async def rows_of(store: StoreUnderTest, leases: list[Lease]) -> list[Row[Any]]:
    """Return the rows of the jobs that were leased, in their order."""
    rows = {row.id: row for row in await store.rows(select(scoring_jobs))}
    return [rows[lease.job_id] for lease in leases]


async def tenants_of(store: StoreUnderTest, leases: list[Lease]) -> list[TenantKey]:
    """Return whose jobs were leased."""
    known = {tenant_key(tenant): tenant for tenant in (ACME, GLOBEX, INITECH)}
    return [known[row.tenant_id] for row in await rows_of(store, leases)]


async def queue(
    store: StoreUnderTest, tenant: TenantKey, batches: int, size: int = 25, *, prefix: str = "applicant"
) -> None:
    wanted = submissions(batches, size=size, tenant=tenant, prefix=prefix)
    await asyncio.gather(*(store.submit(one) for one in wanted))


async def test_jobs_of_one_tenant_are_claimed_in_the_order_in_which_they_were_submitted(store: StoreUnderTest) -> None:
    first = await store.submit(submission("zoe", "anna"))
    second = await store.submit(submission("mia"))
    leases = await store.claim()
    assert tuple(lease.job_id for lease in leases) == first.scoring_job_ids + second.scoring_job_ids


async def test_a_claim_takes_no_more_than_its_limit_and_nothing_twice(store: StoreUnderTest) -> None:
    await store.submit(submission("anna", "ben", "cleo"))
    first, rest, nothing = await store.claim(2), await store.claim(2), await store.claim(2)
    assert (len(first), len(rest), nothing) == (2, 1, [])
    assert len({lease.job_id for lease in first + rest}) == 3


async def test_claims_at_the_same_time_share_the_queue(store: StoreUnderTest) -> None:
    await queue(store, ACME, 2)
    claims = await asyncio.gather(*(store.claim(8) for _ in range(10)))
    assert sorted(len(leases) for leases in claims) == [0, 0, 0, 2, 8, 8, 8, 8, 8, 8]
    assert len({lease.job_id for leases in claims for lease in leases}) == 50


async def test_ten_thousand_queued_jobs_delay_another_tenant_by_a_few_claims(store: StoreUnderTest) -> None:
    await queue(store, ACME, 400)
    claimed = await store.claim(300)
    # So that the clock of the queue has moved on.
    await asyncio.gather(*(store.requeue(lease, seconds=3_600) for lease in claimed))
    await store.submit(submission("bob", "bea", "bill", tenant=GLOBEX))
    served = await tenants_of(store, await store.claim(8))
    assert Counter(served)[GLOBEX] == 3


async def test_tenants_with_long_queues_are_served_in_turn(store: StoreUnderTest) -> None:
    await queue(store, ACME, 4)
    await queue(store, GLOBEX, 2)
    served = await tenants_of(store, await store.claim(40))
    assert Counter(served) == {ACME: 20, GLOBEX: 20}
    assert Counter(served[:10]) == {ACME: 5, GLOBEX: 5}


async def test_a_tenant_of_weight_three_is_served_three_times_as_often(store: StoreUnderTest) -> None:
    await store.submit(submission("first", tenant=GLOBEX))
    await store.complete_everything()
    await store.execute(update(tenants).where(tenants.c.external_id == "globex").values(weight=3))
    await queue(store, ACME, 2)
    await queue(store, GLOBEX, 2)
    assert Counter(await tenants_of(store, await store.claim(40))) == {ACME: 10, GLOBEX: 30}


async def test_an_idle_tenant_gets_no_credit_for_its_past(store: StoreUnderTest) -> None:
    await store.submit(submission("long-ago", tenant=GLOBEX))
    await store.complete_everything()
    await queue(store, ACME, 4)
    await store.claim(50)
    await queue(store, ACME, 2, size=20)  # the same applications: nothing new
    await queue(store, GLOBEX, 2)
    assert Counter(await tenants_of(store, await store.claim(40))) == {ACME: 20, GLOBEX: 20}


async def test_applications_that_have_a_job_already_cost_their_tenant_no_turn(store: StoreUnderTest) -> None:
    names = [f"applicant-{number:02d}" for number in range(25)]
    for count in range(1, 26):
        await store.submit(submission(*names[:count]))
    await queue(store, GLOBEX, 1)
    assert Counter(await tenants_of(store, await store.claim(20))) == {ACME: 10, GLOBEX: 10}


async def test_a_job_that_is_tried_again_keeps_its_place(store: StoreUnderTest) -> None:
    await store.submit(submission("anna", "ben", "cleo"))
    anna = await store.claim_one()
    await store.requeue(anna)
    assert (await store.claim_one()).job_id == anna.job_id


async def test_a_tenant_never_has_more_jobs_running_than_its_limit(store: StoreUnderTest) -> None:
    await queue(store, ACME, 2)
    first = await store.claim(5, group_limit=8)
    second = await store.claim(5, group_limit=8)
    assert (len(first), len(second)) == (5, 3)
    assert await store.claim(5, group_limit=8) == []
    await store.complete(first[0])
    await store.requeue(first[1])
    assert len(await store.claim(5, group_limit=8)) == 2


async def test_a_tenant_at_its_limit_does_not_hold_up_the_others(store: StoreUnderTest) -> None:
    await queue(store, ACME, 40)
    await store.claim(8, group_limit=8)
    await store.submit(submission("bob", tenant=GLOBEX))
    await queue(store, INITECH, 1)
    served = await tenants_of(store, await store.claim(16, group_limit=8))
    assert Counter(served) == {GLOBEX: 1, INITECH: 8}


async def test_a_claim_fills_up_with_other_tenants_when_one_reaches_its_limit_in_the_middle(
    store: StoreUnderTest,
) -> None:
    await queue(store, ACME, 40)
    await queue(store, GLOBEX, 1, size=2)
    await queue(store, INITECH, 1)
    served = await tenants_of(store, await store.claim(20, group_limit=8))
    assert Counter(served) == {ACME: 8, GLOBEX: 2, INITECH: 8}


async def test_a_tenant_is_served_to_its_end_behind_the_long_queue_of_one_at_its_limit(store: StoreUnderTest) -> None:
    await queue(store, ACME, 20)
    await store.claim(8, group_limit=8)  # and these take for ever
    await queue(store, GLOBEX, 6)
    served = 0
    while leases := await store.claim(16, group_limit=8):
        assert len(leases) == min(8, 150 - served)
        await asyncio.gather(*(store.complete(lease) for lease in leases))
        served += len(leases)
    assert served == 150


async def expected(store: StoreUnderTest, limit: int, group_limit: int) -> list[float]:
    """Return the virtual times of what a claim must take, found by looking at every job."""
    rows = await store.rows(select(scoring_jobs))
    running = Counter(row.tenant_id for row in rows if row.state == "running")
    due = [row for row in rows if row.state == "pending" and row.available_at <= store.clock.now()]
    chosen: list[float] = []
    for row in sorted(due, key=lambda row: (row.virtual_time, row.id)):
        if len(chosen) < limit and running[row.tenant_id] < group_limit:
            running[row.tenant_id] += 1
            chosen.append(row.virtual_time)
    return chosen


@pytest.mark.parametrize("seed", range(4))
async def test_a_claim_takes_the_first_jobs_that_the_limits_allow(store: StoreUnderTest, seed: int) -> None:
    chance = random.Random(seed)
    held: list[Lease] = []
    if seed % 2:  # a tenant with a long queue is at its limit all the time
        await queue(store, ACME, 8)
        await store.claim(12)
    for step in range(30):
        for tenant in chance.sample([ACME, GLOBEX, INITECH], chance.randint(0, 2)):
            await queue(store, tenant, chance.randint(1, 3), size=chance.choice([1, 5, 25]), prefix=f"step-{step}")
        limit, group_limit = chance.randint(1, 20), chance.randint(1, 12)
        foreseen = await expected(store, limit, group_limit)
        leases = await store.claim(limit, group_limit=group_limit)
        assert [row.virtual_time for row in await rows_of(store, leases)] == foreseen
        held += leases
        ending = chance.sample(held, chance.randint(0, len(held)))
        held = [lease for lease in held if lease not in ending]
        ways = (store.complete(lease) if chance.random() < 0.8 else store.requeue(lease, seconds=step % 3)
                for lease in ending)  # fmt: skip
        await asyncio.gather(*ways)
        store.clock.advance(1)


async def test_claims_at_the_same_time_keep_the_limit_together(store: StoreUnderTest) -> None:
    await queue(store, ACME, 2)
    claims = await asyncio.gather(*(store.claim(6, group_limit=8) for _ in range(4)))
    assert sum(len(leases) for leases in claims) == 8


async def test_a_job_is_not_claimed_before_it_is_due(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    await store.requeue(await store.claim_one(), seconds=10)
    assert await store.claim() == []
    store.clock.advance(9.999)
    assert await store.claim() == []
    store.clock.advance(0.001)
    assert len(await store.claim()) == 1


async def test_a_job_that_is_not_due_does_not_hold_up_those_behind_it(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    await store.requeue(await store.claim_one(), seconds=10)
    later = await store.submit(submission("ben"))
    assert [lease.job_id for lease in await store.claim()] == list(later.scoring_job_ids)


@pytest.mark.parametrize("running", [0, 2])
async def test_the_depth_counts_what_waits_and_what_runs_and_knows_the_oldest(
    store: StoreUnderTest, running: int
) -> None:
    oldest = store.clock.now()
    await store.submit(submission("anna"))
    store.clock.advance(5)
    await store.submit(submission("ben", "cleo", "dave"))
    await store.claim(running)
    depth = await store.queue.depth()
    assert (depth.pending, depth.running) == (4 - running, running)
    assert depth.oldest_queued_at == (store.clock.now() if running else oldest)


async def test_an_empty_queue_has_no_oldest_job(store: StoreUnderTest) -> None:
    depth = await store.queue.depth()
    assert (depth.pending, depth.running, depth.oldest_queued_at) == (0, 0, None)
