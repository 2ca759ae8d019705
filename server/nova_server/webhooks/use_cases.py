"""Configuring endpoints, and looking at deliveries."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from nova_server.errors import (
    WebhookDeliveryNotFound,
    WebhookEndpointDisabled,
    WebhookEndpointLimitReached,
    WebhookEndpointNotFound,
)
from nova_server.ports.clock import Clock, Instant, plus_seconds
from nova_server.ports.identifiers import Identifiers
from nova_server.ports.tenancy import Caller
from nova_server.ports.webhook_administration import DeliveryPage, WebhookStore
from nova_server.ports.webhooks import (
    FILTERED_EVENTS,
    DeliveryFilter,
    DeliveryWithAttempts,
    EndpointChange,
    EventBodies,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from nova_server.webhooks.signing import new_secret


class Webhooks:
    """Implements `ports.webhook_administration.WebhookUseCases`."""

    def __init__(
        self,
        store: WebhookStore,
        bodies: EventBodies,
        clock: Clock,
        identifiers: Identifiers,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._store = store
        self._bodies = bodies
        self._clock = clock
        self._identifiers = identifiers
        self._random_bytes = random_bytes

    async def create_endpoint(
        self, owner: Caller, url: str, *, name: str | None, events: Sequence[WebhookEvent], enabled: bool
    ) -> tuple[WebhookEndpoint, str]:
        now = self._clock.now()
        endpoint = WebhookEndpoint(
            id=self._identifiers.new(now),
            owner=owner,
            url=url,
            name=name,
            events=_in_order(events) or FILTERED_EVENTS,
            enabled=enabled,
            created_at=now,
            updated_at=now,
        )
        secret = new_secret(self._random_bytes)
        if not await self._store.create_endpoint(endpoint, secret):
            raise WebhookEndpointLimitReached
        return endpoint, secret

    async def list_endpoints(self, owner: Caller) -> list[WebhookEndpoint]:
        return await self._store.list_endpoints(owner)

    async def get_endpoint(self, owner: Caller, endpoint_id: str) -> WebhookEndpoint:
        return _found(await self._store.read_endpoint(owner, endpoint_id))

    async def update_endpoint(self, owner: Caller, endpoint_id: str, change: EndpointChange) -> WebhookEndpoint:
        # An endpoint that wants nothing would be one that is disabled, and there is another switch for that.
        ordered = replace(change, events=_in_order(change.events or ()) or None)
        return _found(await self._store.update_endpoint(owner, endpoint_id, ordered, self._clock.now()))

    async def rotate_secret(
        self, owner: Caller, endpoint_id: str, overlap_seconds: float
    ) -> tuple[WebhookEndpoint, str]:
        now = self._clock.now()
        secret = new_secret(self._random_bytes)
        overlap_ends_at = plus_seconds(now, overlap_seconds)
        return _found(await self._store.rotate_secret(owner, endpoint_id, secret, overlap_ends_at, now)), secret

    async def delete_endpoint(self, owner: Caller, endpoint_id: str) -> WebhookEndpoint:
        return _found(await self._store.delete_endpoint(owner, endpoint_id))

    async def send_test(self, owner: Caller, endpoint_id: str) -> WebhookDelivery:
        await self._require_enabled(owner, endpoint_id)
        now = self._clock.now()
        return await self._store.add_test(endpoint_id, self._identifiers.new(now), self._bodies.of_test(now), now)

    async def list_deliveries(self, owner: Caller, wanted: DeliveryFilter) -> DeliveryPage:
        """Ask for one delivery more than the page holds, which tells whether another page follows."""
        if wanted.endpoint_id is not None:
            await self.get_endpoint(owner, wanted.endpoint_id)
        found = await self._store.list_deliveries(owner, replace(wanted, limit=wanted.limit + 1))
        page = tuple(found[: wanted.limit])
        return DeliveryPage(page, page[-1].id if len(found) > wanted.limit else None)

    async def get_delivery(self, owner: Caller, endpoint_id: str | None, delivery_id: str) -> DeliveryWithAttempts:
        found = await self._store.read_delivery(owner, endpoint_id, delivery_id)
        if found is None and endpoint_id is not None:
            await self.get_endpoint(owner, endpoint_id)
        if found is None:
            raise WebhookDeliveryNotFound
        return found

    async def redeliver(self, owner: Caller, endpoint_id: str, delivery_id: str) -> WebhookDelivery:
        await self._require_enabled(owner, endpoint_id)
        delivery = await self._store.redeliver(owner, endpoint_id, delivery_id, self._clock.now())
        if delivery is None:
            raise WebhookDeliveryNotFound
        return delivery

    async def redeliver_failed(self, owner: Caller, endpoint_id: str, since: Instant) -> int:
        await self._require_enabled(owner, endpoint_id)
        return await self._store.redeliver_failed(owner, endpoint_id, since, self._clock.now())

    async def _require_enabled(self, owner: Caller, endpoint_id: str) -> None:
        if not (await self.get_endpoint(owner, endpoint_id)).enabled:
            raise WebhookEndpointDisabled


def _found(endpoint: WebhookEndpoint | None) -> WebhookEndpoint:
    if endpoint is None:
        raise WebhookEndpointNotFound
    return endpoint


def _in_order(events: Sequence[WebhookEvent]) -> tuple[WebhookEvent, ...]:
    """Return the events that can be filtered by, each once, in the order that they are documented in."""
    return tuple(event for event in FILTERED_EVENTS if event in events)
