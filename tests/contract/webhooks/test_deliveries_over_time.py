"""The whole way of a delivery, from the store to a receiver and back, in a time that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest
from nova_server.egress.policy import EgressPolicy
from nova_server.identifiers import RandomIdentifiers
from nova_server.observability.metrics import Metrics
from nova_server.observability.webhook_metrics import WebhookMetrics
from nova_server.ports.clock import MICROSECONDS
from nova_server.ports.queue import Failed
from nova_server.ports.webhooks import DeliveryState, DeliveryWithAttempts, EndpointChange, FailureReason
from nova_server.queue.worker import Worker, WorkerOptions
from nova_server.webhooks.bodies import JsonEventBodies
from nova_server.webhooks.delivery import DeliverWebhook
from nova_server.webhooks.sender import WebhookSender
from nova_server.webhooks.use_cases import Webhooks
from standardwebhooks import Webhook

from tests.support.clock import PATIENCE_SECONDS, START
from tests.support.store import StoreUnderTest, open_store, sqlite_url
from tests.support.stored_webhooks import OWNER, read
from tests.support.webhook_receiver import Receiver, receiving

HALF = 0.5  # what the random source of the retries always says
OPTIONS = WorkerOptions("dispatcher", 8, 8, 30, 10_000_000, 2**31 - 1, 1, Failed("MAX_RETRIES_EXCEEDED", ""))


@dataclass(frozen=True)
class Lane:
    """A store, what delivers from it, and a receiver, in a time of the test's."""

    store: StoreUnderTest
    webhooks: Webhooks
    receiver: Receiver
    wake: asyncio.Event
    endpoint_id: str
    secret: str

    async def send_test(self) -> str:
        """Add a test event, and return the id of its delivery."""
        return (await self.webhooks.send_test(OWNER, self.endpoint_id)).id

    async def attempts(self, delivery_id: str, count: int) -> DeliveryWithAttempts:
        """Return the delivery once `count` attempts are written."""
        self.wake.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len((found := await read(self.store, delivery_id)).attempts) < count:
                pass
        return found

    async def look_for_work(self) -> str:
        """Let the dispatcher claim what is due. Returns the id of a delivery that was due for sure, and was made."""
        made = await self.webhooks.create_endpoint(OWNER, self.receiver.url, name=None, events=(), enabled=True)
        delivery = await self.webhooks.send_test(OWNER, made[0].id)
        await self.attempts(delivery.id, 1)
        await self.webhooks.delete_endpoint(OWNER, made[0].id)
        return delivery.id

    async def is_left_alone(self, delivery_id: str, attempts: int) -> bool:
        """Tell whether the dispatcher, looking for work, makes no attempt at a delivery."""
        await self.look_for_work()
        return len((await read(self.store, delivery_id)).attempts) == attempts


@pytest.fixture
async def lane(tmp_path: Path) -> AsyncIterator[Lane]:
    async with open_store(sqlite_url(tmp_path)) as store, receiving() as receiver:
        sender = WebhookSender(EgressPolicy([ip_network("127.0.0.0/8")]), connection_limit=8)
        await sender.start()
        metrics, wake = WebhookMetrics(Metrics()), asyncio.Event()
        handler = DeliverWebhook(sender, store.clock, metrics, lambda: HALF)
        dispatcher = Worker(store.deliveries, handler, OPTIONS, store.clock, wake, metrics, name="dispatcher")
        await dispatcher.start()
        webhooks = Webhooks(store.webhooks, JsonEventBodies(), store.clock, RandomIdentifiers())
        made = await webhooks.create_endpoint(OWNER, receiver.url, name=None, events=(), enabled=True)
        yield Lane(store, webhooks, receiver, wake, made[0].id, made[1])
        await dispatcher.stop()
        await sender.stop()


async def test_five_attempts_are_made_within_their_bounds_and_then_it_has_failed(lane: Lane) -> None:
    lane.receiver.answer = lambda _arrival: 500
    delivery_id = await lane.send_test()
    found = await lane.attempts(delivery_id, 1)
    waits = []
    for number in range(2, 6):
        due = found.delivery.next_attempt_at
        assert due is not None
        waits.append((due - lane.store.clock.now()) / MICROSECONDS)
        lane.store.clock.advance(waits[-1] - 1)
        assert await lane.is_left_alone(delivery_id, number - 1)
        lane.store.clock.advance(1)
        found = await lane.attempts(delivery_id, number)
    assert waits == [120, 300, 840, 930]  # half way between 60 s and 180, 540, 1620 and 1800 s
    assert (found.delivery.state, found.delivery.next_attempt_at) == (DeliveryState.FAILED, None)
    assert {stored.attempt.failure for stored in found.attempts} == {FailureReason.STATUS}


async def test_every_attempt_has_the_same_id_and_a_time_and_signature_of_its_own(lane: Lane) -> None:
    answers = iter([500, 204])
    lane.receiver.answer = lambda _arrival: next(answers)
    delivery_id = await lane.send_test()
    await lane.attempts(delivery_id, 1)
    lane.store.clock.advance(120)
    found = await lane.attempts(delivery_id, 2)
    first, second = lane.receiver.arrivals
    assert found.delivery.state is DeliveryState.DELIVERED
    assert (first.id, second.id, first.body) == (delivery_id, delivery_id, second.body)
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 120
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


@pytest.mark.parametrize(("wish", "waited"), [("1", 60), ("600", 600), ("86400", 1800)])
async def test_the_wish_of_a_receiver_is_followed_within_the_bounds(lane: Lane, wish: str, waited: int) -> None:
    lane.receiver.answer, lane.receiver.headers = lambda _arrival: 503, {"Retry-After": wish}
    found = await lane.attempts(await lane.send_test(), 1)
    assert found.delivery.next_attempt_at == START + waited * MICROSECONDS


async def test_gone_ends_a_delivery_at_its_first_attempt(lane: Lane) -> None:
    lane.receiver.answer = lambda _arrival: 410
    found = await lane.attempts(await lane.send_test(), 1)
    assert found.delivery.state is DeliveryState.FAILED
    assert [stored.attempt.failure for stored in found.attempts] == [FailureReason.GONE]


async def test_both_secrets_verify_until_the_overlap_is_over(lane: Lane) -> None:
    _, second = await lane.webhooks.rotate_secret(OWNER, lane.endpoint_id, 3600)
    await lane.attempts(await lane.send_test(), 1)
    lane.store.clock.advance(3600)
    await lane.attempts(await lane.send_test(), 1)
    during, after = (arrival.headers["webhook-signature"].split() for arrival in lane.receiver.arrivals)
    assert (len(during), len(after)) == (2, 1)
    arrival = lane.receiver.arrivals[0]
    sent_at = datetime.fromtimestamp(int(arrival.headers["webhook-timestamp"]), UTC)
    for secret, signature in zip((second, lane.secret), during, strict=True):
        assert Webhook(secret).sign(arrival.id, sent_at, arrival.body.decode()) == signature


async def test_nothing_goes_to_an_endpoint_that_is_disabled_until_it_is_enabled(lane: Lane) -> None:
    lane.receiver.answer = lambda _arrival: 500
    delivery_id = await lane.send_test()
    await lane.attempts(delivery_id, 1)
    lane.receiver.answer = lambda _arrival: 204
    await lane.webhooks.update_endpoint(OWNER, lane.endpoint_id, EndpointChange(enabled=False))
    lane.store.clock.advance(1800)
    assert await lane.is_left_alone(delivery_id, 1)
    await lane.webhooks.update_endpoint(OWNER, lane.endpoint_id, EndpointChange(enabled=True))
    assert (await lane.attempts(delivery_id, 2)).delivery.state is DeliveryState.DELIVERED


async def test_nothing_more_goes_to_an_endpoint_that_is_deleted(lane: Lane) -> None:
    lane.receiver.answer = lambda _arrival: 500
    delivery_id = await lane.send_test()
    await lane.attempts(delivery_id, 1)
    await lane.webhooks.delete_endpoint(OWNER, lane.endpoint_id)
    lane.store.clock.advance(1800)
    before = len(lane.receiver.arrivals)
    other = await lane.look_for_work()
    assert [arrival.id for arrival in lane.receiver.arrivals[before:]] == [other]
    assert await lane.store.webhooks.read_delivery(OWNER, None, delivery_id) is None


async def test_a_failed_delivery_that_is_sent_again_has_five_new_attempts(lane: Lane) -> None:
    lane.receiver.answer = lambda _arrival: 410
    delivery_id = await lane.send_test()
    await lane.attempts(delivery_id, 1)
    lane.receiver.answer = lambda _arrival: 500
    await lane.webhooks.redeliver(OWNER, lane.endpoint_id, delivery_id)
    found = await lane.attempts(delivery_id, 2)
    assert (found.delivery.state, found.delivery.attempts) == (DeliveryState.PENDING, 1)
    assert [stored.number for stored in found.attempts] == [1, 2]
