"""A store of webhooks in memory, and records for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from nova_server.ports.clock import Instant
from nova_server.ports.tenancy import Caller
from nova_server.ports.webhooks import (
    MAX_ENDPOINTS,
    DeliveryFilter,
    DeliveryState,
    DeliveryWithAttempts,
    EndpointChange,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)


@dataclass
class MemoryWebhookStore:
    """A `WebhookStore` in dictionaries.

    Deliveries and payloads are under the id of the delivery, secrets under that of the endpoint, the current one first.
    """

    endpoints: dict[str, WebhookEndpoint] = field(default_factory=dict)
    secrets: dict[str, list[str]] = field(default_factory=dict)
    deliveries: dict[str, WebhookDelivery] = field(default_factory=dict)
    payloads: dict[str, str] = field(default_factory=dict)

    async def create_endpoint(self, endpoint: WebhookEndpoint, secret: str) -> bool:
        if len(await self.list_endpoints(endpoint.owner)) >= MAX_ENDPOINTS:
            return False
        self.endpoints[endpoint.id] = endpoint
        self.secrets[endpoint.id] = [secret]
        return True

    async def list_endpoints(self, owner: Caller) -> list[WebhookEndpoint]:
        return [endpoint for endpoint in self.endpoints.values() if endpoint.owner == owner]

    async def read_endpoint(self, owner: Caller, endpoint_id: str) -> WebhookEndpoint | None:
        endpoint = self.endpoints.get(endpoint_id)
        return endpoint if endpoint and endpoint.owner == owner else None

    async def update_endpoint(
        self, owner: Caller, endpoint_id: str, change: EndpointChange, now: Instant
    ) -> WebhookEndpoint | None:
        endpoint = await self.read_endpoint(owner, endpoint_id)
        return endpoint and self._put(
            replace(
                endpoint,
                url=endpoint.url if change.url is None else change.url,
                name=endpoint.name if change.name is None else change.name,
                events=endpoint.events if change.events is None else change.events,
                enabled=endpoint.enabled if change.enabled is None else change.enabled,
                updated_at=now,
            )
        )

    async def rotate_secret(
        self, owner: Caller, endpoint_id: str, secret: str, previous_expires_at: Instant, now: Instant
    ) -> WebhookEndpoint | None:
        endpoint = await self.read_endpoint(owner, endpoint_id)
        if endpoint is None:
            return None
        self.secrets[endpoint_id] = [secret, self.secrets[endpoint_id][0]]
        return self._put(replace(endpoint, previous_secret_expires_at=previous_expires_at, updated_at=now))

    async def delete_endpoint(self, owner: Caller, endpoint_id: str) -> WebhookEndpoint | None:
        endpoint = await self.read_endpoint(owner, endpoint_id)
        return endpoint and self.endpoints.pop(endpoint_id)

    async def add_test(self, endpoint_id: str, delivery_id: str, body: str, now: Instant) -> WebhookDelivery:
        self.payloads[delivery_id] = body
        return self.add(delivery_id, endpoint_id, WebhookEvent.TEST, now)

    async def list_deliveries(self, owner: Caller, wanted: DeliveryFilter) -> list[WebhookDelivery]:
        found = [delivery for delivery in self._deliveries(owner) if _passes(delivery, wanted)]
        return sorted(found, key=lambda delivery: delivery.id, reverse=True)[: wanted.limit]

    async def read_delivery(
        self, owner: Caller, endpoint_id: str | None, delivery_id: str
    ) -> DeliveryWithAttempts | None:
        for delivery in self._deliveries(owner):
            if delivery.id == delivery_id and endpoint_id in (None, delivery.endpoint_id):
                return DeliveryWithAttempts(delivery, self.payloads.get(delivery_id, "{}"), ())
        return None

    async def redeliver(
        self, owner: Caller, endpoint_id: str, delivery_id: str, now: Instant
    ) -> WebhookDelivery | None:
        found = await self.read_delivery(owner, endpoint_id, delivery_id)
        return None if found is None else self._renew(found.delivery, now)

    async def redeliver_failed(self, owner: Caller, endpoint_id: str, since: Instant, now: Instant) -> int:
        wanted = DeliveryFilter(endpoint_id=endpoint_id, status=DeliveryState.FAILED, created_after=since)
        failed = [delivery for delivery in self._deliveries(owner) if _passes(delivery, wanted)]
        return len([self._renew(delivery, now) for delivery in failed])

    def add(
        self,
        delivery_id: str,
        endpoint_id: str,
        event: WebhookEvent,
        now: Instant,
        state: DeliveryState = DeliveryState.PENDING,
    ) -> WebhookDelivery:
        """Add a delivery in any state."""
        delivery = WebhookDelivery(delivery_id, endpoint_id, event, None, state, 0, now, now, None)
        self.deliveries[delivery_id] = delivery
        return delivery

    def _deliveries(self, owner: Caller) -> Iterator[WebhookDelivery]:
        for delivery in self.deliveries.values():
            endpoint = self.endpoints.get(delivery.endpoint_id)
            if endpoint and endpoint.owner == owner:
                yield delivery

    def _put(self, endpoint: WebhookEndpoint) -> WebhookEndpoint:
        self.endpoints[endpoint.id] = endpoint
        return endpoint

    def _renew(self, delivery: WebhookDelivery, now: Instant) -> WebhookDelivery:
        renewed = replace(delivery, state=DeliveryState.PENDING, attempts=0, next_attempt_at=now, finished_at=None)
        self.deliveries[delivery.id] = renewed
        return renewed


def _passes(delivery: WebhookDelivery, wanted: DeliveryFilter) -> bool:
    return (
        wanted.endpoint_id in (None, delivery.endpoint_id)
        and wanted.status in (None, delivery.state)
        and wanted.event in (None, delivery.event)
        and (wanted.created_after is None or wanted.created_after <= delivery.created_at)
        and (wanted.created_before is None or delivery.created_at < wanted.created_before)
        and (wanted.before_id is None or delivery.id < wanted.before_id)
    )
