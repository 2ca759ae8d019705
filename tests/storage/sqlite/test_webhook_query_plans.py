"""Every statement of webhooks finds its rows through an index, however many deliveries there are."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path

import pytest
from nova_server.ports.clock import plus_seconds
from nova_server.ports.queue import Extension
from nova_server.ports.webhooks import DeliveryFilter, DeliveryState

from tests.support.query_plans import assert_no_scan, lines, plans_of
from tests.support.store import StoreUnderTest, open_store, sqlite_url
from tests.support.stored_webhooks import (
    DELIVERED,
    OWNER,
    REFUSED,
    add_endpoint,
    add_test,
    claim,
    end,
    listed,
    read,
    release,
    retry,
    sweep,
)
from tests.support.submissions import submission, submissions


async def fill(folder: Path) -> None:
    """Make a store with 1,040 deliveries to each of two endpoints, without statistics, and with ten jobs that wait.

    Of the deliveries 250 have arrived, 250 have failed and 40 run.
    """
    async with open_store(sqlite_url(folder)) as store:
        for _ in range(2):
            await add_endpoint(store)
        await asyncio.gather(*(store.submit(one) for one in submissions(40)))
        await store.complete_everything()
        await store.submit(submission(*(f"waiting-{number}" for number in range(10))))
        # The leases are of one endpoint and of the other in turn.
        attempts = cycle((DELIVERED, DELIVERED, REFUSED, REFUSED))
        leases = await claim(store, 1_000, group_limit=500)
        await asyncio.gather(*(end(store, lease, next(attempts)) for lease in leases))
        await claim(store, 80, group_limit=40)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store that was filled once for all these tests."""
    folder = tmp_path_factory.mktemp("filled")
    with asyncio.Runner() as runner:
        runner.run(fill(folder))
    return folder / "store.sqlite3"


@pytest.fixture
async def store(filled: Path, file: Path) -> AsyncIterator[StoreUnderTest]:
    """A filled store of the test's own."""
    shutil.copy(filled, file)
    async with open_store(sqlite_url(file.parent)) as opened:
        yield opened


async def test_events_find_their_subscribers_by_the_partner(store: StoreUnderTest, file: Path) -> None:
    first, second = await store.claim(2)

    async def work() -> None:
        await store.complete(first)
        await store.fail(second)
        await store.submit(submission("app-0000-00", "app-0001-00"))

    plans = await plans_of(file, work())
    assert_no_scan(plans)
    assert "INDEX ix_webhook_endpoints_partner_id_environment (partner_id=? AND environment=?)" in lines(plans)


async def test_a_claim_of_deliveries_jumps_from_endpoint_to_endpoint(store: StoreUnderTest, file: Path) -> None:
    plans = await plans_of(file, claim(store, 8, group_limit=100))
    assert_no_scan(plans)
    assert "INDEX ix_webhook_deliveries_pending (endpoint_id>?)" in lines(plans)
    assert "INDEX ix_webhook_deliveries_pending (endpoint_id=? AND available_at<?)" in lines(plans)
    assert not re.search(r"SCAN webhook_deliveries|SCAN other", lines(plans))


async def test_ends_returns_and_heartbeats_of_deliveries_go_by_their_id(store: StoreUnderTest, file: Path) -> None:
    first, second, third, fourth = await claim(store, 4)

    async def work() -> None:
        await store.deliveries.extend(Extension((first, second), plus_seconds(store.clock.now(), 30)))
        assert await end(store, first)
        assert await end(store, second, REFUSED)
        assert await retry(store, third)
        assert await release(store, fourth)

    plans = await plans_of(file, work())
    assert_no_scan(plans)
    assert "SEARCH webhook_deliveries USING PRIMARY KEY (id=?)" in lines(plans)
    assert "SEARCH earlier USING PRIMARY KEY (delivery_id=?)" in lines(plans)


async def test_a_sweep_and_the_depth_of_deliveries_read_the_indexes_of_unfinished_ones(
    store: StoreUnderTest, file: Path
) -> None:
    store.clock.advance(60)
    plans = await plans_of(file, store.deliveries.depth()) | await plans_of(file, sweep(store))
    assert_no_scan(plans)
    assert "SEARCH webhook_deliveries USING COVERING INDEX ix_webhook_deliveries_pending" in lines(plans)
    assert "SEARCH webhook_deliveries USING COVERING INDEX ix_webhook_deliveries_running" in lines(plans)


@pytest.mark.parametrize("status", [None, DeliveryState.PENDING, DeliveryState.DELIVERED, DeliveryState.FAILED])
async def test_a_page_of_deliveries_is_read_in_its_order(
    store: StoreUnderTest, file: Path, status: DeliveryState | None
) -> None:
    for wanted in (DeliveryFilter(status=status), DeliveryFilter(status=status, before_id="d")):
        plans = await plans_of(file, listed(store, wanted))
        of_deliveries = [line for line in lines(plans).splitlines() if "webhook_deliveries" in line]
        assert_no_scan(plans)
        columns = "endpoint_id=?" if status is None else "endpoint_id=? AND state=?"
        assert all(f"({columns}" in line for line in of_deliveries)
        assert "USE TEMP B-TREE" not in "".join(
            line for plan in plans.values() if of_deliveries[0] in plan for line in plan
        )


async def test_deliveries_are_read_begun_anew_and_deleted_through_indexes(store: StoreUnderTest, file: Path) -> None:
    endpoint, other = await store.webhooks.list_endpoints(OWNER)
    delivery = await add_test(store, endpoint)

    async def work() -> None:
        now = store.clock.now()
        await read(store, delivery.id)
        assert await store.webhooks.redeliver(OWNER, endpoint.id, delivery.id, now) is not None
        assert await store.webhooks.redeliver_failed(OWNER, endpoint.id, now, now) == 250
        assert await store.webhooks.delete_endpoint(OWNER, other.id) == other

    plans = await plans_of(file, work())
    assert_no_scan(plans)
    assert "INDEX ix_webhook_deliveries_endpoint_id_state_id (endpoint_id=? AND state=?)" in lines(plans)
