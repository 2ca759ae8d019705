"""The use cases of webhooks as a recording that plays what a test gives it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from nova_server.ports.clock import Instant, plus_seconds
from nova_server.ports.tenancy import Caller, Environment
from nova_server.ports.webhook_administration import DeliveryPage
from nova_server.ports.webhooks import (
    FILTERED_EVENTS,
    Attempt,
    DeliveryFilter,
    DeliveryState,
    DeliveryWithAttempts,
    EndpointChange,
    FailureReason,
    StoredAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)

from tests.support.clock import START

OWNER = Caller("acme", Environment.SANDBOX)
ENDPOINT_ID = "cmlz26em4002cwp61t7ukh3lb"
DELIVERY_ID = "cmlz26fk7003xwp61q2m8s4va"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwbJy1Xr3pQ0k="
ENDPOINT = WebhookEndpoint(
    ENDPOINT_ID, OWNER, "https://example.com/webhooks", "scores", FILTERED_EVENTS, True, START, START
)
FAILING = dataclasses.replace(
    ENDPOINT,
    name=None,
    events=(WebhookEvent.SCORE_FAILED,),
    enabled=False,
    failing_since=plus_seconds(START, 1),
    previous_secret_expires_at=plus_seconds(START, 60),
)
DELIVERED = WebhookDelivery(
    DELIVERY_ID,
    ENDPOINT_ID,
    WebhookEvent.SCORE_COMPLETED,
    "acme-corp",
    DeliveryState.DELIVERED,
    attempts=1,
    created_at=START,
    next_attempt_at=None,
    finished_at=plus_seconds(START, 1),
)
PENDING = dataclasses.replace(
    DELIVERED,
    event=WebhookEvent.TEST,
    tenant_id=None,
    state=DeliveryState.PENDING,
    attempts=0,
    next_attempt_at=START,
    finished_at=None,
)
PAYLOAD = '{"event":"score.completed","tenantId":"acme-corp"}'
ATTEMPTS = (
    StoredAttempt(1, Attempt(START, 30_000, None, FailureReason.TIMEOUT)),
    StoredAttempt(2, Attempt(plus_seconds(START, 60), 184, 200, None)),
)


@dataclass
class RecordedWebhooks:
    """A `WebhookUseCases` that keeps what it was asked, and answers with what it holds, or raises `fault`.

    A call is kept as its name, its caller, and its other arguments in their order.
    """

    endpoint: WebhookEndpoint = ENDPOINT
    delivery: WebhookDelivery = PENDING
    found: DeliveryWithAttempts = field(default_factory=lambda: DeliveryWithAttempts(DELIVERED, PAYLOAD, ATTEMPTS))
    page: DeliveryPage = field(default_factory=lambda: DeliveryPage((DELIVERED,), None))
    fault: Exception | None = None
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def _note(self, *call: Any) -> None:
        self.calls.append(call)
        if self.fault is not None:
            raise self.fault

    async def create_endpoint(
        self, owner: Caller, url: str, *, name: str | None, events: Sequence[WebhookEvent], enabled: bool
    ) -> tuple[WebhookEndpoint, str]:
        self._note("create_endpoint", owner, url, name, events, enabled)
        return self.endpoint, SECRET

    async def list_endpoints(self, owner: Caller) -> list[WebhookEndpoint]:
        self._note("list_endpoints", owner)
        return [self.endpoint]

    async def get_endpoint(self, owner: Caller, endpoint_id: str) -> WebhookEndpoint:
        self._note("get_endpoint", owner, endpoint_id)
        return self.endpoint

    async def update_endpoint(self, owner: Caller, endpoint_id: str, change: EndpointChange) -> WebhookEndpoint:
        self._note("update_endpoint", owner, endpoint_id, change)
        return self.endpoint

    async def rotate_secret(
        self, owner: Caller, endpoint_id: str, overlap_seconds: float
    ) -> tuple[WebhookEndpoint, str]:
        self._note("rotate_secret", owner, endpoint_id, overlap_seconds)
        return self.endpoint, SECRET

    async def delete_endpoint(self, owner: Caller, endpoint_id: str) -> WebhookEndpoint:
        self._note("delete_endpoint", owner, endpoint_id)
        return self.endpoint

    async def send_test(self, owner: Caller, endpoint_id: str) -> WebhookDelivery:
        self._note("send_test", owner, endpoint_id)
        return self.delivery

    async def list_deliveries(self, owner: Caller, wanted: DeliveryFilter) -> DeliveryPage:
        self._note("list_deliveries", owner, wanted)
        return self.page

    async def get_delivery(self, owner: Caller, endpoint_id: str | None, delivery_id: str) -> DeliveryWithAttempts:
        self._note("get_delivery", owner, endpoint_id, delivery_id)
        return self.found

    async def redeliver(self, owner: Caller, endpoint_id: str, delivery_id: str) -> WebhookDelivery:
        self._note("redeliver", owner, endpoint_id, delivery_id)
        return self.delivery

    async def redeliver_failed(self, owner: Caller, endpoint_id: str, since: Instant) -> int:
        self._note("redeliver_failed", owner, endpoint_id, since)
        return 17
