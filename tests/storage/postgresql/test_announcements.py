"""What one process commits, the others hear of: through the server, and as the signals of their own stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from nova_server.storage.announcements import announce
from nova_server.storage.postgresql.listener import CHECK_SECONDS, RECONNECT_SECONDS, Listener
from sqlalchemy import Connection

from tests.support.clock import PATIENCE_SECONDS, FakeClock
from tests.support.signals import RecordedSignals
from tests.support.store import StoreUnderTest, open_store
from tests.support.stored_webhooks import add_endpoint, add_test
from tests.support.submissions import submission
from tools.postgresql import PostgresServer

IDS = [f"c{number:024d}" for number in range(1_000)]


class Announce:
    """An operation that announces that batches changed, and fails after that for none."""

    def apply(self, connection: Connection, intents: Sequence[list[str]]) -> Sequence[None]:
        for batch_ids in intents:
            announce(connection, batches=batch_ids, queue=not batch_ids)
            if not batch_ids:
                raise ValueError("what was announced is rolled back")
        return [None] * len(intents)


@pytest.fixture
def heard() -> RecordedSignals:
    """What the other process hears."""
    return RecordedSignals()


@asynccontextmanager
async def listening(url: str, heard: RecordedSignals, clock: FakeClock | None = None) -> AsyncIterator[Listener]:
    """Yield a listener that is started, and stop it afterwards."""
    listener = Listener(url, heard, clock or FakeClock())
    await listener.start()
    try:
        yield listener
    finally:
        await listener.stop()


async def connected(listener: Listener) -> None:
    await asyncio.wait_for(listener.connected.wait(), PATIENCE_SECONDS)


@pytest.fixture
async def listener(postgresql_url: str, heard: RecordedSignals) -> AsyncIterator[Listener]:
    """A listener that is connected, and whose first signals are forgotten."""
    async with listening(postgresql_url, heard) as listener:
        await connected(listener)
        heard.growths = heard.deliveries = 0
        yield listener


@pytest.mark.usefixtures("listener")
async def test_a_submission_makes_the_queue_of_others_grow(store: StoreUnderTest, heard: RecordedSignals) -> None:
    await store.submit(submission("anna"))
    await heard.until(lambda told: told.growths == 1)
    assert (heard.deliveries, heard.changed) == (0, [])


@pytest.mark.usefixtures("listener")
async def test_the_end_of_a_job_changes_its_batches_for_others(store: StoreUnderTest, heard: RecordedSignals) -> None:
    batches = [(await store.submit(submission(*names))).batch.id for names in (["anna"], ["anna", "ben"])]
    anna, _ben = await store.claim()
    await store.complete(anna)
    await heard.until(lambda told: bool(told.changed))
    assert heard.changed == sorted(batches)
    assert heard.deliveries == 0


@pytest.mark.usefixtures("listener")
async def test_a_job_that_comes_back_makes_the_queue_of_others_grow(
    store: StoreUnderTest, heard: RecordedSignals
) -> None:
    await store.submit(submission("anna"))
    await store.claim()
    store.clock.advance(3_600)
    assert (await store.sweep()).requeued == 1
    await heard.until(lambda told: told.growths == 2)


@pytest.mark.usefixtures("listener")
async def test_what_is_to_be_delivered_is_heard_of(store: StoreUnderTest, heard: RecordedSignals) -> None:
    endpoint = await add_endpoint(store)
    await add_test(store, endpoint)
    await heard.until(lambda told: told.deliveries == 1)
    await store.submit(submission("anna"))
    await store.complete(await store.claim_one())
    await heard.until(lambda told: told.deliveries == 2)


@pytest.mark.usefixtures("listener")
async def test_more_batches_than_one_announcement_holds_are_all_heard_of(
    store: StoreUnderTest, heard: RecordedSignals
) -> None:
    await store.database.writer.run(Announce(), IDS)
    await heard.until(lambda told: len(told.changed) == len(IDS))
    assert heard.changed == IDS


@pytest.mark.usefixtures("listener")
async def test_nothing_is_heard_of_what_was_rolled_back(store: StoreUnderTest, heard: RecordedSignals) -> None:
    operation = Announce()
    with pytest.raises(ValueError, match="rolled back"):
        await store.database.writer.run(operation, [])
    await store.database.writer.run(operation, ["later"])
    await heard.until(lambda told: told.changed == ["later"])
    assert heard.growths == 0


async def test_whoever_begins_to_listen_looks_for_what_was_missed(
    store: StoreUnderTest, postgresql_url: str, heard: RecordedSignals
) -> None:
    await store.submit(submission("anna"))
    async with listening(postgresql_url, heard):
        await heard.until(lambda told: (told.growths, told.deliveries) == (1, 1))


async def test_a_listener_whose_server_restarts_listens_again_and_looks_for_what_was_missed(
    own_url: str, own_server: PostgresServer, heard: RecordedSignals
) -> None:
    clock = FakeClock()
    async with listening(own_url, heard, clock) as listener, open_store(own_url) as store:
        await connected(listener)
        await asyncio.to_thread(own_server.restart, "immediate")
        await clock.until_asleep()
        clock.advance(CHECK_SECONDS)
        await clock.until_asleep()
        assert not listener.connected.is_set()
        assert listener.ready()
        clock.advance(RECONNECT_SECONDS)
        await heard.until(lambda told: (told.growths, told.deliveries) == (2, 2))
        await store.submit(submission("anna"))
        await heard.until(lambda told: told.growths == 3)


async def test_a_listener_waits_for_a_server_that_is_away_when_it_starts(
    own_url: str, own_server: PostgresServer, heard: RecordedSignals
) -> None:
    clock = FakeClock()
    await asyncio.to_thread(own_server.stop)
    async with listening(own_url, heard, clock) as listener:
        await clock.until_asleep()
        assert (listener.ready(), listener.connected.is_set()) == (True, False)
        await asyncio.to_thread(own_server.start)
        clock.advance(RECONNECT_SECONDS)
        await connected(listener)


async def test_a_listener_that_was_stopped_hears_no_more(
    store: StoreUnderTest, postgresql_url: str, heard: RecordedSignals
) -> None:
    async with listening(postgresql_url, heard) as listener:
        await connected(listener)
    assert not listener.ready()
    others = RecordedSignals()
    async with listening(postgresql_url, others) as other:
        await connected(other)
        await store.submit(submission("anna"))
        await others.until(lambda told: told.growths == 2)
    assert heard.growths == 1
