"""What the worker does with one delivery: one attempt, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import SystemRandom
from typing import Protocol

from nova_server.ports.clock import Clock
from nova_server.ports.queue import Failed, Lease, Outcome, Retry, Succeeded
from nova_server.ports.webhooks import MAX_ATTEMPTS, Attempt, DeliveryWork, FailureReason, WebhookEvent
from nova_server.webhooks.retry import delay_seconds, read_retry_after
from nova_server.webhooks.sender import Answer
from nova_server.webhooks.signing import signed_headers

uniform = SystemRandom().random

DELIVERED = "delivered"
UNDELIVERED = Failed("MAX_RETRIES_EXCEEDED", "The webhook could not be delivered.")


class Sender(Protocol):
    """What sends a signed body."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return what came of it."""
        ...


class DeliveryMetrics(Protocol):
    """What an attempt reports."""

    def webhook_attempted(self, event: WebhookEvent, outcome: str, seconds: float) -> None:
        """An attempt ended: `delivered`, or with a FailureReason."""
        ...


class DeliverWebhook:
    """The worker's handler. Signs anew at each attempt: receivers refuse what was signed minutes ago."""

    def __init__(
        self, sender: Sender, clock: Clock, metrics: DeliveryMetrics, random: Callable[[], float] = uniform
    ) -> None:
        self._sender = sender
        self._clock = clock
        self._metrics = metrics
        self._random = random

    async def __call__(self, lease: Lease) -> Outcome:
        """Make one attempt. Raises ServiceUnavailable when it could not be made."""
        work = lease.work
        if not isinstance(work, DeliveryWork):
            raise TypeError("a delivery is leased without its work")
        started_at, began = self._clock.now(), self._clock.monotonic()
        headers = signed_headers(lease.job_id, work.event, work.payload, work.secrets, started_at)
        answer = await self._sender.post(work.url, headers, work.payload)
        seconds = self._clock.monotonic() - began
        self._metrics.webhook_attempted(work.event, answer.failure or DELIVERED, seconds)
        attempt = Attempt(started_at, round(seconds * 1000), answer.http_status, answer.failure)
        return self._outcome(work.attempts + 1, attempt, answer.retry_after)

    def _outcome(self, attempts_made: int, attempt: Attempt, retry_after: str | None) -> Outcome:
        """Return how the delivery goes on. One that failed for good ends too: its last attempt is its result."""
        if attempt.failure in (None, FailureReason.GONE) or attempts_made >= MAX_ATTEMPTS:
            return Succeeded(attempt)
        wish = read_retry_after(retry_after, self._clock.now())
        return Retry(UNDELIVERED, delay_seconds(attempts_made, wish, self._random), attempt)
