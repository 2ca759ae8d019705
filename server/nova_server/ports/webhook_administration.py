"""Configuring where webhooks go, and looking at how they went: what callers ask for, and what that needs of a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from nova_server.ports.clock import Instant
from nova_server.ports.tenancy import Caller
from nova_server.ports.webhooks import (
    DeliveryFilter,
    DeliveryWithAttempts,
    EndpointChange,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)


class WebhookStore(Protocol):
    """Endpoints and deliveries of one owner, a partner in one environment. Every call may raise StoreUnavailable.

    What belongs to another owner is not there.
    """

    async def create_endpoint(self, endpoint: WebhookEndpoint, secret: str) -> bool:
        """Store an endpoint. Returns False, having changed nothing, when the owner has MAX_ENDPOINTS."""
        ...

    async def list_endpoints(self, owner: Caller) -> list[WebhookEndpoint]:
        """Return the endpoints, oldest first."""
        ...

    async def read_endpoint(self, owner: Caller, endpoint_id: str) -> WebhookEndpoint | None:
        """Return an endpoint, or None."""
        ...

    async def update_endpoint(
        self, owner: Caller, endpoint_id: str, change: EndpointChange, now: Instant
    ) -> WebhookEndpoint | None:
        """Change an endpoint. Returns it as it is then, or None."""
        ...

    async def rotate_secret(
        self, owner: Caller, endpoint_id: str, secret: str, previous_expires_at: Instant, now: Instant
    ) -> WebhookEndpoint | None:
        """Make the current secret the previous one, and `secret` the current one. Returns the endpoint, or None."""
        ...

    async def delete_endpoint(self, owner: Caller, endpoint_id: str) -> WebhookEndpoint | None:
        """Delete an endpoint and its deliveries. Returns it as it was, or None."""
        ...

    async def add_test(self, endpoint_id: str, delivery_id: str, body: str, now: Instant) -> WebhookDelivery:
        """Add a delivery of `test` to an endpoint that exists."""
        ...

    async def list_deliveries(self, owner: Caller, wanted: DeliveryFilter) -> list[WebhookDelivery]:
        """Return deliveries, newest first."""
        ...

    async def read_delivery(
        self, owner: Caller, endpoint_id: str | None, delivery_id: str
    ) -> DeliveryWithAttempts | None:
        """Return a delivery of the endpoint, or of any when it is None. None when there is no such one."""
        ...

    async def redeliver(
        self, owner: Caller, endpoint_id: str, delivery_id: str, now: Instant
    ) -> WebhookDelivery | None:
        """Make a delivery pending and due, with no attempt counted. Returns it as it is then, or None.

        One that is pending becomes due; one that is running is left alone.
        """
        ...

    async def redeliver_failed(self, owner: Caller, endpoint_id: str, since: Instant, now: Instant) -> int:
        """Do the same with every failed delivery created at `since` or later. Returns how many."""
        ...


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """One page of deliveries, and the token of the next one, or None on the last."""

    deliveries: tuple[WebhookDelivery, ...]
    next_page_token: str | None


class WebhookUseCases(Protocol):
    """What the api and the command line ask for. Every call may raise StoreUnavailable.

    Every call with an `endpoint_id` raises WebhookEndpointNotFound, every call with a `delivery_id`
    WebhookDeliveryNotFound.
    """

    async def create_endpoint(
        self, owner: Caller, url: str, *, name: str | None, events: Sequence[WebhookEvent], enabled: bool
    ) -> tuple[WebhookEndpoint, str]:
        """Return a new endpoint with its secret. No `events` are all. Raises WebhookEndpointLimitReached."""
        ...

    async def list_endpoints(self, owner: Caller) -> list[WebhookEndpoint]:
        """Return the endpoints, oldest first."""
        ...

    async def get_endpoint(self, owner: Caller, endpoint_id: str) -> WebhookEndpoint:
        """Return one endpoint."""
        ...

    async def update_endpoint(self, owner: Caller, endpoint_id: str, change: EndpointChange) -> WebhookEndpoint:
        """Change an endpoint, and return it as it is then."""
        ...

    async def rotate_secret(
        self, owner: Caller, endpoint_id: str, overlap_seconds: float
    ) -> tuple[WebhookEndpoint, str]:
        """Give the endpoint a new secret; the old one signs too for `overlap_seconds`."""
        ...

    async def delete_endpoint(self, owner: Caller, endpoint_id: str) -> WebhookEndpoint:
        """Delete an endpoint, and return it as it was."""
        ...

    async def send_test(self, owner: Caller, endpoint_id: str) -> WebhookDelivery:
        """Deliver a test. Raises WebhookEndpointDisabled."""
        ...

    async def list_deliveries(self, owner: Caller, wanted: DeliveryFilter) -> DeliveryPage:
        """Return a page of deliveries."""
        ...

    async def get_delivery(self, owner: Caller, endpoint_id: str | None, delivery_id: str) -> DeliveryWithAttempts:
        """Return one delivery, of any endpoint when `endpoint_id` is None."""
        ...

    async def redeliver(self, owner: Caller, endpoint_id: str, delivery_id: str) -> WebhookDelivery:
        """Deliver again. Raises WebhookEndpointDisabled."""
        ...

    async def redeliver_failed(self, owner: Caller, endpoint_id: str, since: Instant) -> int:
        """Deliver again what failed, and return how much that is. Raises WebhookEndpointDisabled."""
        ...
