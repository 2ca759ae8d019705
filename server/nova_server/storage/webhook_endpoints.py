"""Webhook endpoints: how they come, change and go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    Connection,
    Executable,
    Row,
    String,
    bindparam,
    case,
    delete,
    func,
    insert,
    null,
    select,
    update,
)

from nova_server.ports.clock import Instant
from nova_server.ports.tenancy import Caller, Environment
from nova_server.ports.webhooks import MAX_ENDPOINTS, EndpointChange, WebhookEndpoint, WebhookEvent
from nova_server.storage.announcements import announce
from nova_server.storage.dialects import dialect_of
from nova_server.storage.json_rows import among, texts_parameter
from nova_server.storage.schema import (
    NEWEST_FIRST,
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
    webhook_events,
)

_endpoints = webhook_endpoints.c
_OF_OWNER = (_endpoints.partner_id == bindparam("owner_partner"), _endpoints.environment == bindparam("owner_world"))
_ONE = (_endpoints.id == bindparam("endpoint"), *_OF_OWNER)

_COUNT = select(func.count()).select_from(webhook_endpoints).where(*_OF_OWNER)
_LIST = select(webhook_endpoints).where(*_OF_OWNER).order_by(_endpoints.created_at, _endpoints.id)
_READ = select(webhook_endpoints).where(*_ONE)
_LOCK = _READ.with_for_update()

# Whoever changes where an endpoint is, or switches it on, has done something about its failures.
_begins_anew = bindparam("begins_anew", type_=Boolean)
_CHANGE = (
    update(webhook_endpoints)
    .where(*_ONE)
    .values(
        url=func.coalesce(bindparam("new_url", type_=String), _endpoints.url),
        name=func.coalesce(bindparam("new_name", type_=String), _endpoints.name),
        events=func.coalesce(bindparam("new_events", type_=String), _endpoints.events),
        enabled=func.coalesce(bindparam("new_enabled", type_=Boolean), _endpoints.enabled),
        failing_since=case((_begins_anew, null()), else_=_endpoints.failing_since),
        failures=case((_begins_anew, 0), else_=_endpoints.failures),
        probe_at=case((_begins_anew, null()), else_=_endpoints.probe_at),
        updated_at=bindparam("now"),
    )
    .returning(webhook_endpoints)
)

# A secret that does not sign any more is not kept.
_ends_at = bindparam("overlap_ends_at", type_=_endpoints.updated_at.type)
_overlap = _ends_at > bindparam("now")
_ROTATE = (
    update(webhook_endpoints)
    .where(*_ONE)
    .values(
        secret=bindparam("new_secret"),
        previous_secret=case((_overlap, _endpoints.secret), else_=null()),
        previous_secret_expires_at=case((_overlap, _ends_at), else_=null()),
        updated_at=bindparam("now"),
    )
    .returning(webhook_endpoints)
)

_deliveries = webhook_deliveries.c
_of_endpoint = _deliveries.endpoint_id == bindparam("endpoint")
_other = webhook_deliveries.alias("other")
_told_elsewhere = select(_other.c.id).where(_other.c.event_id == webhook_events.c.id).exists()

_STRETCH = 1_000  # deliveries that are deleted together, so that no statement takes long
_FIND_DELIVERIES = (
    select(_deliveries.id, _deliveries.event_id).where(_of_endpoint).order_by(NEWEST_FIRST).limit(bindparam("stretch"))
)
_DELETE_DELIVERIES = (
    delete(webhook_attempts).where(among(webhook_attempts.c.delivery_id, "delivery_ids")),
    delete(webhook_deliveries).where(among(_deliveries.id, "delivery_ids")),
    delete(webhook_events).where(among(webhook_events.c.id, "event_ids"), ~_told_elsewhere),
)
_DELETE = delete(webhook_endpoints).where(_endpoints.id == bindparam("endpoint"))


@dataclass(frozen=True, slots=True)
class EndpointKey:
    """An endpoint, as its owner names it."""

    owner: Caller
    endpoint_id: str

    @property
    def parameters(self) -> dict[str, object]:
        return {"endpoint": self.endpoint_id} | _of(self.owner)


@dataclass(frozen=True, slots=True)
class Changed:
    """A change of an endpoint."""

    key: EndpointKey
    change: EndpointChange
    now: Instant


@dataclass(frozen=True, slots=True)
class Rotated:
    """A new secret of an endpoint."""

    key: EndpointKey
    secret: str
    overlap_ends_at: Instant
    now: Instant


class CreateEndpoints:
    """The operation that stores endpoints: no more of an owner than it may have, however many come at once."""

    def apply(self, connection: Connection, intents: Sequence[tuple[WebhookEndpoint, str]]) -> Sequence[bool]:
        dialect_of(connection).serialize(connection, "new webhook endpoints")
        return [_create(connection, endpoint, secret) for endpoint, secret in intents]


class ChangeEndpoints:
    """The operation that changes endpoints. Returns each as it is then, or None."""

    def apply(self, connection: Connection, intents: Sequence[Changed]) -> Sequence[WebhookEndpoint | None]:
        changed = [
            _one(connection, _CHANGE, intent.key.parameters | _change_parameters(intent.change) | {"now": intent.now})
            for intent in intents
        ]
        announce(connection, deliveries=any(endpoint is not None and endpoint.enabled for endpoint in changed))
        return changed


class RotateSecrets:
    """The operation that gives endpoints new secrets. Returns each endpoint as it is then, or None."""

    def apply(self, connection: Connection, intents: Sequence[Rotated]) -> Sequence[WebhookEndpoint | None]:
        return [_one(connection, _ROTATE, _rotation_parameters(intent)) for intent in intents]


class DeleteEndpoints:
    """The operation that deletes endpoints with all that was for them alone. Returns each as it was, or None."""

    def apply(self, connection: Connection, intents: Sequence[EndpointKey]) -> Sequence[WebhookEndpoint | None]:
        return [_delete(connection, key) for key in intents]


def list_endpoints(connection: Connection, owner: Caller) -> list[WebhookEndpoint]:
    """Return the endpoints of an owner, oldest first."""
    return [_to_endpoint(row) for row in connection.execute(_LIST, _of(owner))]


def read_endpoint(connection: Connection, key: EndpointKey) -> WebhookEndpoint | None:
    """Return an endpoint, or None."""
    return _one(connection, _READ, key.parameters)


def _create(connection: Connection, endpoint: WebhookEndpoint, secret: str) -> bool:
    if connection.execute(_COUNT, _of(endpoint.owner)).scalar_one() >= MAX_ENDPOINTS:
        return False
    connection.execute(insert(webhook_endpoints), _row(endpoint, secret))
    return True


def _delete(connection: Connection, key: EndpointKey) -> WebhookEndpoint | None:
    endpoint = _one(connection, _LOCK, key.parameters)
    if endpoint is not None:
        while _delete_some_deliveries(connection, key.endpoint_id):
            pass
        connection.execute(_DELETE, {"endpoint": key.endpoint_id})
    return endpoint


def _delete_some_deliveries(connection: Connection, endpoint_id: str) -> bool:
    """Delete deliveries of an endpoint, with the events that nobody else is told of. Returns whether there were any."""
    rows = connection.execute(_FIND_DELIVERIES, {"endpoint": endpoint_id, "stretch": _STRETCH}).all()
    ids = texts_parameter("delivery_ids", (row.id for row in rows))
    event_ids = texts_parameter("event_ids", (row.event_id for row in rows))
    for statement, parameters in zip(_DELETE_DELIVERIES, (ids, ids, event_ids), strict=True):
        connection.execute(statement, parameters)
    return bool(rows)


def _one(connection: Connection, statement: Executable, parameters: Mapping[str, object]) -> WebhookEndpoint | None:
    row = connection.execute(statement, parameters).one_or_none()
    return None if row is None else _to_endpoint(row)


def _of(owner: Caller) -> dict[str, object]:
    return {"owner_partner": owner.partner_id, "owner_world": owner.environment.value}


def _change_parameters(change: EndpointChange) -> dict[str, object]:
    return {
        "new_url": change.url,
        "new_name": change.name,
        "new_events": None if change.events is None else _join(change.events),
        "new_enabled": change.enabled,
        "begins_anew": change.url is not None or change.enabled is not None,
    }


def _rotation_parameters(rotated: Rotated) -> dict[str, object]:
    times = {"overlap_ends_at": rotated.overlap_ends_at, "now": rotated.now}
    return rotated.key.parameters | times | {"new_secret": rotated.secret}


def _join(events: Sequence[WebhookEvent]) -> str:
    return " ".join(event.value for event in events)


def _row(endpoint: WebhookEndpoint, secret: str) -> dict[str, object]:
    return {
        "id": endpoint.id,
        "partner_id": endpoint.owner.partner_id,
        "environment": endpoint.owner.environment.value,
        "url": endpoint.url,
        "name": endpoint.name,
        "events": _join(endpoint.events),
        "enabled": endpoint.enabled,
        "secret": secret,
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
    }


def _to_endpoint(row: Row[Any]) -> WebhookEndpoint:
    return WebhookEndpoint(
        id=row.id,
        owner=Caller(row.partner_id, Environment(row.environment)),
        url=row.url,
        name=row.name,
        events=tuple(WebhookEvent(name) for name in row.events.split()),
        enabled=row.enabled,
        created_at=row.created_at,
        updated_at=row.updated_at,
        failing_since=row.failing_since,
        previous_secret_expires_at=row.previous_secret_expires_at,
    )
