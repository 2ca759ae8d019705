"""What the dispatcher's worker is told of one attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from nova_server.errors import ServiceUnavailable
from nova_server.ports.queue import Failed, Lease, Retry, Succeeded
from nova_server.ports.webhooks import Attempt, DeliveryWork, FailureReason, WebhookEvent
from nova_server.webhooks.delivery import DeliverWebhook
from nova_server.webhooks.sender import Answer
from nova_server.webhooks.signing import verify

from tests.support.clock import START, FakeClock

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwbJy1Xr3pQ0k="
WORK = DeliveryWork(
    endpoint_id="endpoint-1",
    url="https://receiver.example/webhooks",
    secrets=(SECRET,),
    event=WebhookEvent.SCORE_FAILED,
    payload=b'{"event":"score.failed"}',
    attempts=0,
)
UNDELIVERED = Failed("MAX_RETRIES_EXCEEDED", "The webhook could not be delivered.")
PASSING = [reason for reason in FailureReason if reason is not FailureReason.GONE]


class FakeSender:
    """Answers as it is told to, a quarter of a second later, and keeps what it was to send."""

    def __init__(self, clock: FakeClock) -> None:
        self.answer = Answer(200, None)
        self.fault: Exception | None = None
        self.sent: list[tuple[str, Mapping[str, str], bytes]] = []
        self._clock = clock

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.sent.append((url, headers, body))
        self._clock.advance(0.25)
        if self.fault is not None:
            raise self.fault
        return self.answer


class RecordedAttempts:
    """Metrics that a test can look at."""

    def __init__(self) -> None:
        self.attempts: list[tuple[WebhookEvent, str, float]] = []

    def webhook_attempted(self, event: WebhookEvent, outcome: str, seconds: float) -> None:
        self.attempts.append((event, outcome, seconds))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sender(clock: FakeClock) -> FakeSender:
    return FakeSender(clock)


@pytest.fixture
def metrics() -> RecordedAttempts:
    return RecordedAttempts()


@pytest.fixture
def deliver(sender: FakeSender, clock: FakeClock, metrics: RecordedAttempts) -> DeliverWebhook:
    return DeliverWebhook(sender, clock, metrics, random=lambda: 0.5)


def lease_of(work: object) -> Lease:
    return Lease("delivery-1", attempt=3, starts=1, work=work)


async def test_what_is_sent_is_signed_at_the_time_of_the_attempt(
    deliver: DeliverWebhook, sender: FakeSender, clock: FakeClock
) -> None:
    await deliver(lease_of(WORK))
    clock.advance(600)
    await deliver(lease_of(WORK))

    (url, first, body), (_, second, _) = sender.sent
    assert (url, body) == (WORK.url, WORK.payload)
    assert (first["X-Webhook-Id"], second["X-Webhook-Id"]) == ("delivery-1", "delivery-1")
    assert (first["X-Webhook-Event"], first["X-Webhook-Timestamp"]) == ("SCORE_FAILED", "2026-03-01T09:00:00Z")
    verify(second, body, SECRET, clock.now())


async def test_a_success_ends_the_delivery_with_its_attempt(deliver: DeliverWebhook, metrics: RecordedAttempts) -> None:
    assert await deliver(lease_of(WORK)) == Succeeded(Attempt(START, 250, 200, None))
    assert metrics.attempts == [(WebhookEvent.SCORE_FAILED, "delivered", 0.25)]


@pytest.mark.parametrize("reason", PASSING)
async def test_a_failure_is_tried_again_with_the_attempt_noted(
    reason: FailureReason, deliver: DeliverWebhook, sender: FakeSender, metrics: RecordedAttempts
) -> None:
    sender.answer = Answer(None, reason)

    assert await deliver(lease_of(WORK)) == Retry(UNDELIVERED, 120, Attempt(START, 250, None, reason))
    assert metrics.attempts == [(WebhookEvent.SCORE_FAILED, reason.value, 0.25)]


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 120), (1, 300), (2, 840), (3, 930)])
async def test_the_wait_grows_with_the_attempts_that_were_made(
    attempts: int, seconds: float, deliver: DeliverWebhook, sender: FakeSender
) -> None:
    sender.answer = Answer(503, FailureReason.STATUS)

    outcome = await deliver(lease_of(replace(WORK, attempts=attempts)))

    assert isinstance(outcome, Retry)
    assert outcome.seconds == seconds


@pytest.mark.parametrize(
    ("header", "seconds"), [("600", 600), ("1", 60), ("Sun, 01 Mar 2026 09:10:00 GMT", 599.75), ("soon", 120)]
)
async def test_the_receiver_may_say_when_to_come_back(
    header: str, seconds: float, deliver: DeliverWebhook, sender: FakeSender
) -> None:
    sender.answer = Answer(429, FailureReason.STATUS, header)

    assert await deliver(lease_of(WORK)) == Retry(UNDELIVERED, seconds, Attempt(START, 250, 429, FailureReason.STATUS))


@pytest.mark.parametrize("attempts", [4, 5])
async def test_the_last_attempt_ends_the_delivery_though_it_failed(
    attempts: int, deliver: DeliverWebhook, sender: FakeSender
) -> None:
    sender.answer = Answer(None, FailureReason.TIMEOUT)

    outcome = await deliver(lease_of(replace(WORK, attempts=attempts)))

    assert outcome == Succeeded(Attempt(START, 250, None, FailureReason.TIMEOUT))


async def test_a_receiver_that_is_gone_ends_the_delivery_at_once(deliver: DeliverWebhook, sender: FakeSender) -> None:
    sender.answer = Answer(410, FailureReason.GONE)

    assert await deliver(lease_of(WORK)) == Succeeded(Attempt(START, 250, 410, FailureReason.GONE))


async def test_an_attempt_that_could_not_be_made_is_none(
    deliver: DeliverWebhook, sender: FakeSender, metrics: RecordedAttempts
) -> None:
    sender.fault = ServiceUnavailable()

    with pytest.raises(ServiceUnavailable):
        await deliver(lease_of(WORK))
    assert metrics.attempts == []


async def test_a_lease_without_its_work_is_a_fault_of_the_store(deliver: DeliverWebhook) -> None:
    with pytest.raises(TypeError, match="without its work"):
        await deliver(lease_of(None))
