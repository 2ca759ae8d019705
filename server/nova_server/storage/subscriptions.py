"""Who wants to hear of what: the enabled endpoints of the partners of some tenants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, select

from nova_server.ports.webhooks import WebhookEvent
from nova_server.storage.json_rows import among, texts_parameter
from nova_server.storage.schema import tenants, webhook_endpoints

_endpoints = webhook_endpoints.c
# The smallest id is one step into the index, whether there are endpoints or not.
_ANY_ENDPOINT = select(func.min(_endpoints.id))
_FIND = (
    select(tenants.c.id, tenants.c.external_id, _endpoints.id.label("endpoint_id"), _endpoints.events)
    .join_from(
        tenants,
        webhook_endpoints,
        and_(
            _endpoints.partner_id == tenants.c.partner_id,
            _endpoints.environment == tenants.c.environment,
            _endpoints.enabled,
        ),
    )
    .where(among(tenants.c.id, "tenant_ids"))
    .order_by(_endpoints.id)
    # Whoever deletes an endpoint waits until what is written for it now can be deleted too.
    .with_for_update(of=webhook_endpoints, read=True, key_share=True)
)


class Subscribers(NamedTuple):
    """Endpoints that want an event, and the partner's own id of the tenant that it is about."""

    tenant_id: str
    endpoint_ids: tuple[str, ...]


class Subscriptions:
    """The endpoints of the partners of some tenants, read once for a group."""

    def __init__(self, connection: Connection, tenant_ids: Collection[str]) -> None:
        self._external_ids: dict[str, str] = {}
        self._endpoints: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for row in connection.execute(_FIND, texts_parameter("tenant_ids", tenant_ids)) if tenant_ids else ():
            self._external_ids[row.id] = row.external_id
            for event in row.events.split():
                self._endpoints[row.id, event].append(row.endpoint_id)

    def of(self, tenant_id: str, event: WebhookEvent) -> Subscribers | None:
        """Return who wants to hear of an event of a tenant, or None when nobody does."""
        endpoint_ids = self._endpoints.get((tenant_id, event.value))
        return Subscribers(self._external_ids[tenant_id], tuple(endpoint_ids)) if endpoint_ids else None


def has_endpoints(connection: Connection) -> bool:
    """Tell whether anybody could want to hear of anything."""
    return connection.scalar(_ANY_ENDPOINT) is not None
