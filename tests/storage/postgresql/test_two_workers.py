"""Two processes that claim at the same time never have the same work, nor more of one group than its limit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from nova_server.ports.queue import Lease
from nova_server.storage.schema import RUNNING, scoring_jobs, webhook_deliveries
from sqlalchemy import Column, func, select

from tests.support import stored_webhooks as webhooks
from tests.support.store import StoreUnderTest, open_store
from tests.support.stored_webhooks import add_endpoint, add_tests
from tests.support.submissions import ACME, GLOBEX, submission

LIMIT = 5
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work: how it is claimed and ended, and the column of its group."""

    claim: Callable[[StoreUnderTest], Awaitable[Sequence[Lease]]]
    end: Callable[[StoreUnderTest, Lease], Awaitable[bool]]
    group: Column[Any]


@dataclass(slots=True)
class Ledger:
    """Who has what. `groups` says to which group each piece of work belongs."""

    groups: Mapping[str, str]
    done: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)

    def take(self, leases: Sequence[Lease]) -> None:
        for lease in leases:
            assert lease.job_id not in self.held | self.done
            self.held.add(lease.job_id)
        groups = [self.groups[job_id] for job_id in self.held]
        assert all(groups.count(group) <= LIMIT for group in groups)

    def give_back(self, lease: Lease) -> None:
        self.held.remove(lease.job_id)
        self.done.add(lease.job_id)


JOBS = Kind(
    lambda store: store.claim(AT_ONCE, group_limit=LIMIT),
    lambda store, lease: store.complete(lease),
    scoring_jobs.c.tenant_id,
)
DELIVERIES = Kind(
    lambda store: webhooks.claim(store, AT_ONCE, group_limit=LIMIT), webhooks.end, webhook_deliveries.c.endpoint_id
)


async def work(store: StoreUnderTest, kind: Kind, ledger: Ledger) -> None:
    """Claim and end work until all of it is done."""
    table = kind.group.table
    running = select(func.count()).where(table.c.state == RUNNING).group_by(kind.group)
    while len(ledger.done) < len(ledger.groups):
        leases = await kind.claim(store)
        ledger.take(leases)
        assert all(count <= LIMIT for (count,) in await store.rows(running))
        for lease in leases:
            ledger.give_back(lease)
        assert all(await asyncio.gather(*(kind.end(store, lease) for lease in leases)))


@pytest.fixture
async def second(store: StoreUnderTest, postgresql_url: str) -> AsyncIterator[StoreUnderTest]:
    async with open_store(postgresql_url, store.clock) as opened:
        yield opened


async def test_jobs_are_claimed_by_one_worker_and_within_the_limit_of_their_tenant(
    store: StoreUnderTest, second: StoreUnderTest
) -> None:
    groups: dict[str, str] = {}
    for tenant in (ACME, GLOBEX):
        accepted = await store.submit(submission(*(f"applicant-{number}" for number in range(25)), tenant=tenant))
        groups |= dict.fromkeys(accepted.scoring_job_ids, tenant.tenant_id)
    ledger = Ledger(groups)
    await asyncio.gather(*(work(one, JOBS, ledger) for one in (store, second) * 2))
    assert ledger.done == groups.keys()
    assert await store.claim() == []


async def test_deliveries_are_claimed_by_one_dispatcher_and_within_the_limit_of_their_endpoint(
    store: StoreUnderTest, second: StoreUnderTest
) -> None:
    groups: dict[str, str] = {}
    for _ in range(2):
        endpoint = await add_endpoint(store)
        groups |= {delivery.id: endpoint.id for delivery in await add_tests(store, endpoint, 15)}
    ledger = Ledger(groups)
    await asyncio.gather(*(work(one, DELIVERIES, ledger) for one in (store, second) * 2))
    assert ledger.done == groups.keys()
    assert await webhooks.claim(store) == []


async def test_claims_that_want_more_than_there_is_share_it(store: StoreUnderTest, second: StoreUnderTest) -> None:
    accepted = await store.submit(submission(*(f"applicant-{number}" for number in range(25))))
    claims = await asyncio.gather(*(one.claim(8) for one in (store, second) * 4))
    claimed = [lease.job_id for leases in claims for lease in leases]
    assert sorted(claimed) == sorted(accepted.scoring_job_ids)
