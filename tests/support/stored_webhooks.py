"""The verbs of tests about webhooks in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nova_server.identifiers import RandomIdentifiers
from nova_server.ports.clock import Instant, plus_seconds
from nova_server.ports.queue import Claim, Completion, Lease, Requeue, Succeeded, Sweep, Swept
from nova_server.ports.tenancy import Caller, Environment
from nova_server.ports.webhooks import (
    FILTERED_EVENTS,
    Attempt,
    DeliveryFilter,
    DeliveryWithAttempts,
    DeliveryWork,
    FailureReason,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from nova_server.storage.schema import webhook_deliveries, webhook_endpoints, webhook_events
from sqlalchemy import Row, select

from tests.support.clock import START
from tests.support.store import LEASE_SECONDS, STUCK, StoreUnderTest

OWNER = Caller("partner-1", Environment.SANDBOX)
SECRET = "whsec_first"
URL = "https://receiver.example/hooks"
DELIVERED = Attempt(START, 12, 200, None)
REFUSED = Attempt(START, 34, 500, FailureReason.STATUS)
WELL = (None, 0, None)

_identifiers = RandomIdentifiers()


async def add_endpoint(
    store: StoreUnderTest,
    *events: WebhookEvent,
    owner: Caller = OWNER,
    url: str = URL,
    name: str | None = None,
    enabled: bool = True,
) -> WebhookEndpoint:
    """Store an endpoint for these events, or for all, and return it."""
    now = store.clock.now()
    endpoint = WebhookEndpoint(
        _identifiers.new(now), owner, url, name, events or FILTERED_EVENTS, enabled, created_at=now, updated_at=now
    )
    assert await store.webhooks.create_endpoint(endpoint, SECRET)
    return endpoint


async def add_test(store: StoreUnderTest, endpoint: WebhookEndpoint, body: str = "a test") -> WebhookDelivery:
    """Store a delivery of a test."""
    now = store.clock.now()
    return await store.webhooks.add_test(endpoint.id, _identifiers.new(now), body, now)


async def add_tests(store: StoreUnderTest, endpoint: WebhookEndpoint, count: int) -> list[WebhookDelivery]:
    """Store deliveries of tests, each a second after the other."""
    deliveries = []
    for number in range(count):
        deliveries.append(await add_test(store, endpoint, f"test {number}"))
        store.clock.advance(1)
    return deliveries


async def claim(store: StoreUnderTest, limit: int = 100, *, group_limit: int = 100) -> list[Lease]:
    now = store.clock.now()
    wanted = Claim(limit, "dispatcher", now, plus_seconds(now, LEASE_SECONDS), group_limit)
    return list(await store.deliveries.claim(wanted))


async def claim_one(store: StoreUnderTest) -> Lease:
    (lease,) = await claim(store, 1)
    return lease


async def end(store: StoreUnderTest, lease: Lease, attempt: Attempt = DELIVERED) -> bool:
    """End a delivery with its last attempt."""
    return await store.deliveries.complete(Completion(lease.job_id, lease.attempt, Succeeded(attempt)))


async def retry(store: StoreUnderTest, lease: Lease, attempt: Attempt = REFUSED, *, seconds: float = 60) -> bool:
    """Put a delivery back after an attempt."""
    available_at = plus_seconds(store.clock.now(), seconds)
    return await store.deliveries.requeue(Requeue(lease.job_id, lease.attempt, available_at, False, attempt))


async def release(store: StoreUnderTest, lease: Lease, *, seconds: float = 0) -> bool:
    """Put a delivery back without an attempt."""
    available_at = plus_seconds(store.clock.now(), seconds)
    return await store.deliveries.requeue(Requeue(lease.job_id, lease.attempt, available_at, True))


async def sweep(store: StoreUnderTest) -> Swept:
    now = store.clock.now()
    return await store.deliveries.sweep(Sweep(now, now, 1, STUCK))


def work_of(lease: Lease) -> DeliveryWork:
    assert isinstance(lease.work, DeliveryWork)
    return lease.work


def bodies_of(leases: Sequence[Lease]) -> list[str]:
    """Return what is sent."""
    return [work_of(lease).payload.decode() for lease in leases]


async def read(store: StoreUnderTest, delivery_id: str, owner: Caller = OWNER) -> DeliveryWithAttempts:
    """Return a delivery that must be there."""
    found = await store.webhooks.read_delivery(owner, None, delivery_id)
    assert found is not None
    return found


async def listed(store: StoreUnderTest, wanted: DeliveryFilter | None = None, owner: Caller = OWNER) -> list[str]:
    """Return the ids of deliveries, newest first."""
    found = await store.webhooks.list_deliveries(owner, wanted or DeliveryFilter())
    return [delivery.id for delivery in found]


async def endpoint_row(store: StoreUnderTest, endpoint: WebhookEndpoint) -> Row[Any]:
    statement = select(webhook_endpoints).where(webhook_endpoints.c.id == endpoint.id)
    return await store.database.read(lambda connection: connection.execute(statement).one())


async def health(store: StoreUnderTest, endpoint: WebhookEndpoint) -> tuple[Instant | None, int, Instant | None]:
    """Return since when an endpoint fails, how many attempts have, and when it is probed next."""
    row = await endpoint_row(store, endpoint)
    return row.failing_since, row.failures, row.probe_at


async def news(store: StoreUnderTest, endpoint: WebhookEndpoint | None = None) -> list[str]:
    """Return the bodies of what is to be delivered, to one endpoint or to all, in the order of their ids."""
    statement = (
        select(webhook_events.c.body)
        .join_from(webhook_deliveries, webhook_events, webhook_events.c.id == webhook_deliveries.c.event_id)
        .order_by(webhook_deliveries.c.id)
    )
    if endpoint is not None:
        statement = statement.where(webhook_deliveries.c.endpoint_id == endpoint.id)
    return await store.database.read(lambda connection: list(connection.execute(statement).scalars()))


def of_another_owner(owner: Caller) -> list[Caller]:
    """Return owners who share one half of what makes an owner."""
    return [replace(owner, partner_id="partner-2"), replace(owner, environment=Environment.PRODUCTION)]
