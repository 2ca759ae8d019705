"""Requests to WebhookService, and how they are called."""

from __future__ import annotations

from typing import Any

from nova.webhooks.v1 import webhook_service_pb2

from tests.support.api import SECRET, Served
from tests.support.recorded_webhooks import DELIVERY_ID, ENDPOINT_ID

KEY = (("authorization", f"Bearer {SECRET}"),)
URL = "https://example.com/webhooks"
COMPLETED, FAILED, BATCH = "score.completed", "score.failed", "batch.completed"

Create = webhook_service_pb2.CreateWebhookEndpointRequest
Update = webhook_service_pb2.UpdateWebhookEndpointRequest
ListDeliveries = webhook_service_pb2.ListWebhookDeliveriesRequest
Rotate = webhook_service_pb2.RotateWebhookSecretRequest
RedeliverFailed = webhook_service_pb2.RedeliverFailedWebhooksRequest
GET = webhook_service_pb2.GetWebhookEndpointRequest(webhook_endpoint_id=ENDPOINT_ID)
NAMED = {"webhook_endpoint_id": ENDPOINT_ID, "webhook_delivery_id": DELIVERY_ID}
ROTATE = Rotate(webhook_endpoint_id=ENDPOINT_ID)
DELETE = webhook_service_pb2.DeleteWebhookEndpointRequest(webhook_endpoint_id=ENDPOINT_ID)
TEST = webhook_service_pb2.SendTestWebhookRequest(webhook_endpoint_id=ENDPOINT_ID)
LIST_DELIVERIES = ListDeliveries(webhook_endpoint_id=ENDPOINT_ID)
GET_DELIVERY = webhook_service_pb2.GetWebhookDeliveryRequest(**NAMED)
REDELIVER = webhook_service_pb2.RedeliverWebhookRequest(**NAMED)
REDELIVER_FAILED = RedeliverFailed(webhook_endpoint_id=ENDPOINT_ID, since="2026-03-01T09:00:00Z")
LIST = webhook_service_pb2.ListWebhookEndpointsRequest()
ALL = (COMPLETED, FAILED, BATCH)


def call(served: Served, method: str, request: Any, metadata: Any = KEY) -> Any:
    """Call an rpc as a caller does who sends a key, and no tenant."""
    return getattr(served.webhook_stub, method)(request, metadata=metadata)
