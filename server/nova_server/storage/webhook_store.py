"""The store of what partners see of webhooks."""

from __future__ import annotations

from nova_server.ports.clock import Instant
from nova_server.ports.signals import Signals
from nova_server.ports.tenancy import Caller
from nova_server.ports.webhooks import (
    DeliveryFilter,
    DeliveryWithAttempts,
    EndpointChange,
    WebhookDelivery,
    WebhookEndpoint,
)
from nova_server.storage.database import Database
from nova_server.storage.webhook_deliveries import (
    AddTests,
    FailedRedelivery,
    NewTest,
    Redeliver,
    RedeliverFailed,
    Redelivery,
    list_deliveries,
    read_delivery,
)
from nova_server.storage.webhook_endpoints import (
    Changed,
    ChangeEndpoints,
    CreateEndpoints,
    DeleteEndpoints,
    EndpointKey,
    Rotated,
    RotateSecrets,
    list_endpoints,
    read_endpoint,
)


class SqlWebhookStore:
    """Implements `ports.webhook_administration.WebhookStore`."""

    def __init__(self, database: Database, signals: Signals) -> None:
        self._database = database
        self._signals = signals
        self._create = CreateEndpoints()
        self._change = ChangeEndpoints()
        self._rotate = RotateSecrets()
        self._delete = DeleteEndpoints()
        self._add_test = AddTests()
        self._redeliver = Redeliver()
        self._redeliver_failed = RedeliverFailed()

    async def create_endpoint(self, endpoint: WebhookEndpoint, secret: str) -> bool:
        return await self._database.writer.run(self._create, (endpoint, secret))

    async def list_endpoints(self, owner: Caller) -> list[WebhookEndpoint]:
        return await self._database.read(lambda connection: list_endpoints(connection, owner))

    async def read_endpoint(self, owner: Caller, endpoint_id: str) -> WebhookEndpoint | None:
        key = EndpointKey(owner, endpoint_id)
        return await self._database.read(lambda connection: read_endpoint(connection, key))

    async def update_endpoint(
        self, owner: Caller, endpoint_id: str, change: EndpointChange, now: Instant
    ) -> WebhookEndpoint | None:
        key = EndpointKey(owner, endpoint_id)
        endpoint = await self._database.writer.run(self._change, Changed(key, change, now))
        if endpoint is not None and endpoint.enabled:
            self._signals.deliveries_grew()
        return endpoint

    async def rotate_secret(
        self, owner: Caller, endpoint_id: str, secret: str, previous_expires_at: Instant, now: Instant
    ) -> WebhookEndpoint | None:
        rotated = Rotated(EndpointKey(owner, endpoint_id), secret, previous_expires_at, now)
        return await self._database.writer.run(self._rotate, rotated)

    async def delete_endpoint(self, owner: Caller, endpoint_id: str) -> WebhookEndpoint | None:
        return await self._database.writer.run(self._delete, EndpointKey(owner, endpoint_id))

    async def add_test(self, endpoint_id: str, delivery_id: str, body: str, now: Instant) -> WebhookDelivery:
        test = NewTest(endpoint_id, delivery_id, body, now)
        delivery = await self._database.writer.run(self._add_test, test)
        self._signals.deliveries_grew()
        return delivery

    async def list_deliveries(self, owner: Caller, wanted: DeliveryFilter) -> list[WebhookDelivery]:
        return await self._database.read(lambda connection: list_deliveries(connection, owner, wanted))

    async def read_delivery(
        self, owner: Caller, endpoint_id: str | None, delivery_id: str
    ) -> DeliveryWithAttempts | None:
        return await self._database.read(lambda connection: read_delivery(connection, owner, endpoint_id, delivery_id))

    async def redeliver(
        self, owner: Caller, endpoint_id: str, delivery_id: str, now: Instant
    ) -> WebhookDelivery | None:
        redelivery = Redelivery(EndpointKey(owner, endpoint_id), delivery_id, now)
        delivery = await self._database.writer.run(self._redeliver, redelivery)
        if delivery is not None:
            self._signals.deliveries_grew()
        return delivery

    async def redeliver_failed(self, owner: Caller, endpoint_id: str, since: Instant, now: Instant) -> int:
        redelivery = FailedRedelivery(EndpointKey(owner, endpoint_id), since, now)
        count = await self._database.writer.run(self._redeliver_failed, redelivery)
        if count:
            self._signals.deliveries_grew()
        return count
