"""The rpcs of WebhookService: check, translate, ask the use case, translate back."""

from __future__ import annotations

from typing import Any

import grpc.aio
from nova.webhooks.v1 import webhook_service_pb2, webhook_service_pb2_grpc

from nova_server.api.call import current_caller
from nova_server.api.timestamps import instant_of
from nova_server.api.webhook_translation import (
    DEFAULT_OVERLAP_SECONDS,
    from_delivery,
    from_endpoint,
    from_found,
    from_page,
    to_change,
    to_events,
    to_filter,
)
from nova_server.api.webhook_validation import WebhookValidator
from nova_server.ports.webhook_administration import WebhookUseCases

Context = grpc.aio.ServicerContext[Any, Any]


class WebhookServicer(webhook_service_pb2_grpc.WebhookServiceServicer):
    """Serves every rpc of the service. Each may raise ValidationFailed and StoreUnavailable.

    What names an endpoint may raise WebhookEndpointNotFound, and what names a delivery WebhookDeliveryNotFound.
    """

    def __init__(self, use_cases: WebhookUseCases, validator: WebhookValidator) -> None:
        self._use_cases = use_cases
        self._validator = validator

    async def CreateWebhookEndpoint(  # noqa: N802 - the contract's name
        self, request: webhook_service_pb2.CreateWebhookEndpointRequest, _context: Context
    ) -> webhook_service_pb2.CreateWebhookEndpointResponse:
        """Create an endpoint. Raises WebhookEndpointLimitReached."""
        self._validator.check(request)
        endpoint, secret = await self._use_cases.create_endpoint(
            current_caller(),
            request.url,
            name=request.name if request.HasField("name") else None,
            events=to_events(request.events),
            enabled=request.enabled if request.HasField("enabled") else True,
        )
        return webhook_service_pb2.CreateWebhookEndpointResponse(
            webhook_endpoint=from_endpoint(endpoint), secret=secret
        )

    async def ListWebhookEndpoints(  # noqa: N802 - the contract's name
        self, request: webhook_service_pb2.ListWebhookEndpointsRequest, _context: Context
    ) -> webhook_service_pb2.ListWebhookEndpointsResponse:
        """Return the endpoints."""
        self._validator.check(request)
        endpoints = await self._use_cases.list_endpoints(current_caller())
        return webhook_service_pb2.ListWebhookEndpointsResponse(
            webhook_endpoints=[from_endpoint(endpoint) for endpoint in endpoints]
        )

    async def GetWebhookEndpoint(  # noqa: N802 - the contract's name
        self, request: webhook_service_pb2.GetWebhookEndpointRequest, _context: Context
    ) -> webhook_service_pb2.GetWebhookEndpointResponse:
        """Return an endpoint."""
        self._validator.check(request)
        endpoint = await self._use_cases.get_endpoint(current_caller(), request.webhook_endpoint_id)
        return webhook_service_pb2.GetWebhookEndpointResponse(webhook_endpoint=from_endpoint(endpoint))

    async def UpdateWebhookEndpoint(  # noqa: N802 - the contract's name
        self, request: webhook_service_pb2.UpdateWebhookEndpointRequest, _context: Context
    ) -> webhook_service_pb2.UpdateWebhookEndpointResponse:
        """Change an endpoint."""
        self._validator.check(request)
        change = to_change(request)
        endpoint = await self._use_cases.update_endpoint(current_caller(), request.webhook_endpoint_id, change)
        return webhook_service_pb2.UpdateWebhookEndpointResponse(webhook_endpoint=from_endpoint(endpoint))

    async def RotateWebhookSecret(  # noqa: N802 - the contract's name
        self, request: webhook_service_pb2.RotateWebhookSecretRequest, _context: Context
    ) -> webhook_service_pb2.RotateWebhookSecretResponse:
        """Give an endpoint a new secret."""
        self._validator.check(request)
        overlap = request.overlap_seconds if request.HasField("overlap_seconds") else DEFAULT_OVERLAP_SECONDS
        endpoint, secret = await self._use_cases.rotate_secret(current_caller(), request.webhook_endpoint_id, overlap)
        return webhook_service_pb2.RotateWebhookSecretResponse(webhook_endpoint=from_endpoint(endpoint), secret=secret)

    async def DeleteWebhookEndpoint(  # noqa: N802 - the contract's name
        self, request: webhook_service_pb2.DeleteWebhookEndpointRequest, _context: Context
    ) -> webhook_service_pb2.DeleteWebhookEndpointResponse:
        """Delete an endpoint."""
        self._validator.check(request)
        endpoint = await self._use_cases.delete_endpoint(current_caller(), request.webhook_endpoint_id)
        return webhook_service_pb2.DeleteWebhookEndpointResponse(webhook_endpoint=from_endpoint(endpoint))

    async def SendTestWebhook(  # noqa: N802 - the contract's name
        self, request: webhook_service_pb2.SendTestWebhookRequest, _context: Context
    ) -> webhook_service_pb2.SendTestWebhookResponse:
        """Deliver a test. Raises WebhookEndpointDisabled."""
        self._validator.check(request)
        delivery = await self._use_cases.send_test(current_caller(), request.webhook_endpoint_id)
        return webhook_service_pb2.SendTestWebhookResponse(webhook_delivery=from_delivery(delivery))

    async def ListWebhookDeliveries(  # noqa: N802 - the contract's name
        self, request: webhook_service_pb2.ListWebhookDeliveriesRequest, _context: Context
    ) -> webhook_service_pb2.ListWebhookDeliveriesResponse:
        """Return a page of deliveries."""
        self._validator.check(request)
        return from_page(await self._use_cases.list_deliveries(current_caller(), to_filter(request)))

    async def GetWebhookDelivery(  # noqa: N802 - the contract's name
        self, request: webhook_service_pb2.GetWebhookDeliveryRequest, _context: Context
    ) -> webhook_service_pb2.GetWebhookDeliveryResponse:
        """Return a delivery with its body and its attempts."""
        self._validator.check(request)
        found = await self._use_cases.get_delivery(
            current_caller(), request.webhook_endpoint_id, request.webhook_delivery_id
        )
        return from_found(found)

    async def RedeliverWebhook(  # noqa: N802 - the contract's name
        self, request: webhook_service_pb2.RedeliverWebhookRequest, _context: Context
    ) -> webhook_service_pb2.RedeliverWebhookResponse:
        """Deliver again. Raises WebhookEndpointDisabled."""
        self._validator.check(request)
        delivery = await self._use_cases.redeliver(
            current_caller(), request.webhook_endpoint_id, request.webhook_delivery_id
        )
        return webhook_service_pb2.RedeliverWebhookResponse(webhook_delivery=from_delivery(delivery))

    async def RedeliverFailedWebhooks(  # noqa: N802 - the contract's name
        self, request: webhook_service_pb2.RedeliverFailedWebhooksRequest, _context: Context
    ) -> webhook_service_pb2.RedeliverFailedWebhooksResponse:
        """Deliver again what failed. Raises WebhookEndpointDisabled."""
        self._validator.check(request)
        since = instant_of(request.since)
        count = await self._use_cases.redeliver_failed(current_caller(), request.webhook_endpoint_id, since)
        return webhook_service_pb2.RedeliverFailedWebhooksResponse(redelivered=count)
