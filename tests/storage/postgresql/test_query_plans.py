"""However much a store on PostgreSQL holds, and whatever its statistics say, its statements go by their indexes.

The statements are not repeated here: the server tells how it ran those of the store, see `support/postgresql_plans.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from nova_server.ports.clock import plus_seconds
from nova_server.ports.queue import Extension

from tests.support import observed_verbs as verbs
from tests.support.grown_postgresql import analyze, fill
from tests.support.grown_store import FAILED_DELIVERIES, PENDING_OF_ACME, PENDING_OF_OTHERS, TENANTS
from tests.support.observed_verbs import VERBS, Verb
from tests.support.postgresql import PostgresqlDatabases
from tests.support.postgresql_plans import (
    CUSTOM,
    GENERIC,
    Plan,
    faults_of,
    indexes_of,
    planned_now,
    recorded_plans,
    telling,
)
from tests.support.store import StoreUnderTest, open_store

FEW_BLOCKS = 500
BLOCKS_FOR_A_ROW = 40  # with its indexes
# What may take more than a few blocks, because it is about as many tenants or rows.
ABOUT_MANY: dict[Verb, int] = {
    verbs.claim_behind_a_full_tenant: TENANTS,
    verbs.claim_behind_many_full_tenants: TENANTS,
    verbs.measure_depth: PENDING_OF_ACME + PENDING_OF_OTHERS,
    verbs.submit_a_new_batch: 25,
    verbs.reserve_and_release_a_key: 100,  # keys that expired, which are deleted with each new one
    verbs.change_criteria: 100,
    verbs.redeliver_what_failed: FAILED_DELIVERIES,
    verbs.delete_old_jobs: 100,
}


@dataclass(frozen=True, slots=True)
class Observed:
    """A store, and how its server runs what it is asked."""

    store: StoreUnderTest
    plans: list[Plan]

    async def plans_of(self, verb: Verb) -> list[Plan]:
        """Return how the statements of a verb were run, once it was prepared."""
        stages = verb(self.store)
        await anext(stages)
        self.plans.clear()
        await anext(stages, None)
        assert self.plans
        return list(self.plans)


@asynccontextmanager
async def observe(url: str, cache_mode: str) -> AsyncIterator[Observed]:
    """Yield a store on a grown database, whose plans are all made in one way."""
    with recorded_plans() as plans:
        async with open_store(telling(url, cache_mode)) as store:
            yield Observed(store, plans)


@pytest.fixture(scope="module")
def filled(postgresql: PostgresqlDatabases) -> Iterator[str]:
    """The URL of a grown store, filled once for all these tests. Its statistics know of nothing that waits."""
    url = postgresql.migrated()
    fill(url)
    yield url
    postgresql.give_back(url)


@pytest.fixture(scope="module", params=["stale", "fresh"])
def grown(request: pytest.FixtureRequest, filled: str) -> str:
    """The URL of the grown store with statistics of either kind. Tests with stale ones are run before the others."""
    if request.param == "fresh":
        analyze(filled)
    return filled


@pytest.fixture(params=[CUSTOM, GENERIC])
async def observed(request: pytest.FixtureRequest, grown: str) -> AsyncIterator[Observed]:
    async with observe(grown, request.param) as observed:
        yield observed


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__)
async def test_statements_read_what_they_are_about_and_no_more(observed: Observed, verb: Verb) -> None:
    plans = await observed.plans_of(verb)
    assert faults_of(plans) == []
    most = FEW_BLOCKS + BLOCKS_FOR_A_ROW * ABOUT_MANY.get(verb, 0)
    assert [str(plan) for plan in plans if plan.blocks > most] == []


@pytest.mark.parametrize("rows", [1, 25, 512])
async def test_statements_for_many_rows_find_each_by_its_id(observed: Observed, rows: int) -> None:
    leases = await observed.store.claim(rows)
    observed.plans.clear()
    await observed.store.queue.extend(Extension(tuple(leases), plus_seconds(observed.store.clock.now(), 30)))
    assert all(await asyncio.gather(*map(observed.store.complete, leases[: rows // 2])))
    assert all(await asyncio.gather(*map(observed.store.requeue, leases[rows // 2 :])))
    assert faults_of(observed.plans) == []
    assert not indexes_of(observed.plans) & {"ix_scoring_jobs_running", "ix_scoring_jobs_pending"}
    assert [str(plan) for plan in observed.plans if plan.blocks > FEW_BLOCKS + BLOCKS_FOR_A_ROW * rows] == []


async def test_a_claim_reads_the_front_of_the_queue_and_what_runs(observed: Observed) -> None:
    indexes = indexes_of(await observed.plans_of(verbs.claim_from_the_front))
    assert indexes >= {"ix_scoring_jobs_pending", "ix_scoring_jobs_running", "pk_scoring_jobs"}
    assert "ix_scoring_jobs_pending_by_tenant" not in indexes


async def test_a_claim_behind_a_full_tenant_jumps_from_tenant_to_tenant(observed: Observed) -> None:
    plans = await observed.plans_of(verbs.claim_behind_a_full_tenant)
    (jumps,) = [plan for plan in plans if plan.statement.startswith("WITH RECURSIVE")]
    assert indexes_of([jumps]) == {"ix_scoring_jobs_pending_by_tenant"}


async def test_deliveries_are_claimed_and_listed_endpoint_by_endpoint(observed: Observed) -> None:
    claim = indexes_of(await observed.plans_of(verbs.claim_some_deliveries))
    assert claim >= {"ix_webhook_deliveries_pending", "ix_webhook_deliveries_running"}
    lists = indexes_of(await observed.plans_of(verbs.list_deliveries))
    assert lists >= {"ix_webhook_deliveries_endpoint_id_id", "ix_webhook_deliveries_endpoint_id_state_id"}
    assert "pk_webhook_deliveries" not in lists


async def test_plans_that_are_kept_from_an_empty_store_go_by_indexes(filled: str, postgresql_url: str) -> None:
    """A connection keeps its plans, however fast the tables grow, until statistics are taken for the first time."""
    async with observe(filled, GENERIC) as observed:
        statements = {plan.statement for verb in VERBS for plan in await observed.plans_of(verb)}
    assert len(statements) > 80
    assert faults_of(await planned_now(postgresql_url, statements)) == []
