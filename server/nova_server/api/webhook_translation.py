"""Turns the messages of WebhookService into the records of its use cases, and back. All was validated before."""

from __future__ import annotations

from collections.abc import Iterable

from nova.webhooks.v1 import webhook_delivery_pb2, webhook_endpoint_pb2, webhook_service_pb2

from nova_server.api.timestamps import instant_of, timestamp_of
from nova_server.ports.webhook_administration import DeliveryPage
from nova_server.ports.webhooks import (
    FILTERED_EVENTS,
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

DEFAULT_OVERLAP_SECONDS = 86_400
DEFAULT_PAGE_SIZE = 20
# In the place of an endpoint's id, where deliveries are listed.
ANY_ENDPOINT = "-"

# Callers are not told whether a delivery waits or is being attempted.
STATUS = {
    DeliveryState.PENDING: webhook_delivery_pb2.WebhookDelivery.PENDING,
    DeliveryState.RUNNING: webhook_delivery_pb2.WebhookDelivery.PENDING,
    DeliveryState.DELIVERED: webhook_delivery_pb2.WebhookDelivery.DELIVERED,
    DeliveryState.FAILED: webhook_delivery_pb2.WebhookDelivery.FAILED,
}


def to_events(names: Iterable[str]) -> tuple[WebhookEvent, ...]:
    """Return the events of these names, each once and in their usual order."""
    given = set(names)
    return tuple(event for event in FILTERED_EVENTS if event in given)


def to_change(request: webhook_service_pb2.UpdateWebhookEndpointRequest) -> EndpointChange:
    """Return what `request` changes. A list has no presence, so that an empty one changes nothing."""
    return EndpointChange(
        url=request.url if request.HasField("url") else None,
        name=request.name if request.HasField("name") else None,
        events=to_events(request.events) or None,
        enabled=request.enabled if request.HasField("enabled") else None,
    )


def to_filter(request: webhook_service_pb2.ListWebhookDeliveriesRequest) -> DeliveryFilter:
    """Return which deliveries `request` asks for."""
    any_endpoint = request.webhook_endpoint_id == ANY_ENDPOINT
    return DeliveryFilter(
        endpoint_id=None if any_endpoint else request.webhook_endpoint_id,
        status=DeliveryState(request.status) if request.HasField("status") else None,
        event=WebhookEvent(request.event) if request.HasField("event") else None,
        created_after=instant_of(request.created_after) if request.HasField("created_after") else None,
        created_before=instant_of(request.created_before) if request.HasField("created_before") else None,
        before_id=request.page_token if request.HasField("page_token") else None,
        limit=request.page_size if request.HasField("page_size") else DEFAULT_PAGE_SIZE,
    )


def from_endpoint(endpoint: WebhookEndpoint) -> webhook_endpoint_pb2.WebhookEndpoint:
    """Return the message of an endpoint."""
    return webhook_endpoint_pb2.WebhookEndpoint(
        id=endpoint.id,
        url=endpoint.url,
        name=endpoint.name,
        events=endpoint.events,
        enabled=endpoint.enabled,
        failing_since=timestamp_of(endpoint.failing_since),
        previous_secret_expires_at=timestamp_of(endpoint.previous_secret_expires_at),
        created_at=timestamp_of(endpoint.created_at),
        updated_at=timestamp_of(endpoint.updated_at),
    )


def from_delivery(delivery: WebhookDelivery) -> webhook_delivery_pb2.WebhookDelivery:
    """Return the message of a delivery."""
    return webhook_delivery_pb2.WebhookDelivery(
        id=delivery.id,
        webhook_endpoint_id=delivery.endpoint_id,
        event=delivery.event,
        tenant_id=delivery.tenant_id,
        status=STATUS[delivery.state],
        attempts=delivery.attempts,
        created_at=timestamp_of(delivery.created_at),
        next_attempt_at=timestamp_of(delivery.next_attempt_at),
        finished_at=timestamp_of(delivery.finished_at),
    )


def from_page(page: DeliveryPage) -> webhook_service_pb2.ListWebhookDeliveriesResponse:
    """Return a page of deliveries, as ListWebhookDeliveries answers."""
    return webhook_service_pb2.ListWebhookDeliveriesResponse(
        webhook_deliveries=[from_delivery(delivery) for delivery in page.deliveries],
        next_page_token=page.next_page_token,
    )


def from_found(found: DeliveryWithAttempts) -> webhook_service_pb2.GetWebhookDeliveryResponse:
    """Return a delivery with its body and its attempts, as GetWebhookDelivery answers."""
    return webhook_service_pb2.GetWebhookDeliveryResponse(
        webhook_delivery=from_delivery(found.delivery),
        payload=found.payload,
        attempts=[_attempt(stored) for stored in found.attempts],
    )


def _attempt(stored: StoredAttempt) -> webhook_delivery_pb2.WebhookAttempt:
    attempt = stored.attempt
    return webhook_delivery_pb2.WebhookAttempt(
        number=stored.number,
        started_at=timestamp_of(attempt.started_at),
        duration_ms=attempt.duration_ms,
        http_status=attempt.http_status,
        failure_reason=_failure(attempt.failure),
    )


def _failure(reason: FailureReason | None) -> webhook_delivery_pb2.WebhookAttempt.FailureReason.ValueType | None:
    return None if reason is None else webhook_delivery_pb2.WebhookAttempt.FailureReason.Value(reason.name)
