"""Deliveries as their owner sees them: listed, read and begun anew. Their way to receivers is in `webhook_leases`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    String,
    Update,
    bindparam,
    insert,
    literal,
    literal_column,
    null,
    select,
    update,
)

from nova_server.ports.clock import Instant
from nova_server.ports.tenancy import Caller
from nova_server.ports.webhooks import (
    Attempt,
    DeliveryFilter,
    DeliveryState,
    DeliveryWithAttempts,
    FailureReason,
    StoredAttempt,
    WebhookDelivery,
    WebhookEvent,
)
from nova_server.storage.announcements import announce
from nova_server.storage.schema import (
    NEWEST_FIRST,
    PENDING,
    RUNNING,
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
    webhook_events,
)
from nova_server.storage.webhook_endpoints import EndpointKey, list_endpoints, read_endpoint

_deliveries = webhook_deliveries.c
_events = webhook_events.c
_endpoints = webhook_endpoints.c
_SELECT = select(webhook_deliveries, _events.event, _events.tenant_id, _events.created_at).join_from(
    webhook_deliveries, webhook_events, _events.id == _deliveries.event_id
)
_READ = (
    _SELECT.add_columns(_events.body)
    .join(webhook_endpoints, _endpoints.id == _deliveries.endpoint_id)
    .where(
        _deliveries.id == bindparam("delivery_id"),
        _endpoints.partner_id == bindparam("partner_id"),
        _endpoints.environment == bindparam("environment"),
    )
)
_READ_ATTEMPTS = (
    select(webhook_attempts)
    .where(webhook_attempts.c.delivery_id == bindparam("delivery_id"))
    .order_by(webhook_attempts.c.number)
)

_ANEW = {"state": PENDING, "available_at": bindparam("now"), "attempts": 0, "finished_at": null()}
# What is running will end by itself, and its end would be written over a beginning.
_BEGIN_ANEW = (
    update(webhook_deliveries)
    .where(
        _deliveries.id == bindparam("delivery_id"),
        _deliveries.endpoint_id == bindparam("of_endpoint"),
        _deliveries.state != RUNNING,
    )
    .values(_ANEW)
)
_FAILED = literal_column("'failed'", String)
# A value and no EXISTS: PostgreSQL would look through all events for those that happened since.
_happened_at = select(_events.created_at).where(_events.id == _deliveries.event_id).scalar_subquery()
_BEGIN_FAILED_ANEW = (
    update(webhook_deliveries)
    .where(
        _deliveries.endpoint_id == bindparam("of_endpoint"),
        _deliveries.state == _FAILED,
        _happened_at >= bindparam("since"),
    )
    .values(_ANEW)
)

# Whoever deletes the endpoint waits until the test is written, and deletes it too.
_ENDPOINT_EXISTS = (
    select(_endpoints.id).where(_endpoints.id == bindparam("endpoint_id")).with_for_update(read=True, key_share=True)
)

# Callers see what is on its way as waiting.
_STATES = {DeliveryState.PENDING: (DeliveryState.PENDING, DeliveryState.RUNNING)}


@dataclass(frozen=True, slots=True)
class NewTest:
    """A delivery of a test."""

    endpoint_id: str
    delivery_id: str
    body: str
    now: Instant


@dataclass(frozen=True, slots=True)
class Redelivery:
    """A request to begin one delivery of an endpoint anew."""

    key: EndpointKey
    delivery_id: str
    now: Instant


@dataclass(frozen=True, slots=True)
class FailedRedelivery:
    """A request to begin all failed deliveries of an endpoint anew that are no older than `since`."""

    key: EndpointKey
    since: Instant
    now: Instant


class AddTests:
    """The operation that stores deliveries of tests. Nothing is stored for an endpoint that is gone by now."""

    def apply(self, connection: Connection, intents: Sequence[NewTest]) -> Sequence[WebhookDelivery]:
        added = [_add_test(connection, test) for test in intents]
        announce(connection, deliveries=True)
        return added


class Redeliver:
    """The operation that begins deliveries anew. Returns each as it is then, or None."""

    def apply(self, connection: Connection, intents: Sequence[Redelivery]) -> Sequence[WebhookDelivery | None]:
        begun = [_redeliver(connection, one) for one in intents]
        announce(connection, deliveries=any(begun))
        return begun


class RedeliverFailed:
    """The operation that begins failed deliveries anew. Returns how many."""

    def apply(self, connection: Connection, intents: Sequence[FailedRedelivery]) -> Sequence[int]:
        counts = [_redeliver_failed(connection, one) for one in intents]
        announce(connection, deliveries=any(counts))
        return counts


def list_deliveries(connection: Connection, owner: Caller, wanted: DeliveryFilter) -> list[WebhookDelivery]:
    """Return deliveries of an owner, newest first.

    Each state of each endpoint is a list of its own in the index, of which no more than one page is read.
    """
    statement = _SELECT.where(*_conditions(wanted)).order_by(NEWEST_FIRST).limit(wanted.limit)
    rows = [
        row for of_list in _lists(connection, owner, wanted) for row in connection.execute(statement.where(*of_list))
    ]
    rows.sort(key=lambda row: row.id, reverse=True)
    return [_to_delivery(row) for row in rows[: wanted.limit]]


def read_delivery(
    connection: Connection, owner: Caller, endpoint_id: str | None, delivery_id: str
) -> DeliveryWithAttempts | None:
    """Return a delivery of an endpoint, or of any of the owner's."""
    parameters = {
        "partner_id": owner.partner_id,
        "environment": owner.environment.value,
        "delivery_id": delivery_id,
    }
    row = connection.execute(_READ, parameters).one_or_none()
    if row is None or endpoint_id not in (None, row.endpoint_id):
        return None
    attempts = connection.execute(_READ_ATTEMPTS, {"delivery_id": delivery_id})
    return DeliveryWithAttempts(_to_delivery(row), row.body, tuple(_to_attempt(attempt) for attempt in attempts))


def _lists(connection: Connection, owner: Caller, wanted: DeliveryFilter) -> Iterator[Sequence[ColumnElement[bool]]]:
    """Yield the condition of each list in the index that the wanted deliveries are in."""
    for endpoint in list_endpoints(connection, owner):
        if wanted.endpoint_id not in (None, endpoint.id):
            continue
        of_endpoint = _deliveries.endpoint_id == endpoint.id
        if wanted.status is None:
            yield (of_endpoint,)
            continue
        for state in _STATES.get(wanted.status, (wanted.status,)):
            # Looked up, or PostgreSQL might read all pending ones from their own index to sort them.
            yield (of_endpoint, _deliveries.state == select(literal(state.value, String)).scalar_subquery())


def _conditions(wanted: DeliveryFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.event is not None:
        yield _events.event == wanted.event.value
    if wanted.created_after is not None:
        yield _events.created_at >= wanted.created_after
    if wanted.created_before is not None:
        yield _events.created_at < wanted.created_before
    if wanted.before_id is not None:
        yield _deliveries.id < wanted.before_id


def _add_test(connection: Connection, test: NewTest) -> WebhookDelivery:
    if connection.scalar(_ENDPOINT_EXISTS, {"endpoint_id": test.endpoint_id}) is not None:
        _insert_test(connection, test)
    return WebhookDelivery(
        id=test.delivery_id,
        endpoint_id=test.endpoint_id,
        event=WebhookEvent.TEST,
        tenant_id=None,
        state=DeliveryState.PENDING,
        attempts=0,
        created_at=test.now,
        next_attempt_at=test.now,
        finished_at=None,
    )


def _insert_test(connection: Connection, test: NewTest) -> None:
    """Store a test as an event with one delivery. Ids are unique within their table, so one serves both."""
    event = {"id": test.delivery_id, "event": WebhookEvent.TEST.value, "body": test.body, "created_at": test.now}
    delivery = {
        "id": test.delivery_id,
        "endpoint_id": test.endpoint_id,
        "event_id": test.delivery_id,
        "state": DeliveryState.PENDING.value,
        "available_at": test.now,
    }
    connection.execute(insert(webhook_events), event)
    connection.execute(insert(webhook_deliveries), delivery)


def _redeliver(connection: Connection, one: Redelivery) -> WebhookDelivery | None:
    if read_delivery(connection, one.key.owner, one.key.endpoint_id, one.delivery_id) is None:
        return None
    _begin_anew(connection, _BEGIN_ANEW, one.key, delivery_id=one.delivery_id, now=one.now)
    found = read_delivery(connection, one.key.owner, one.key.endpoint_id, one.delivery_id)
    return None if found is None else found.delivery


def _redeliver_failed(connection: Connection, one: FailedRedelivery) -> int:
    if read_endpoint(connection, one.key) is None:
        return 0
    return _begin_anew(connection, _BEGIN_FAILED_ANEW, one.key, since=one.since, now=one.now)


def _begin_anew(connection: Connection, statement: Update, key: EndpointKey, **parameters: object) -> int:
    return connection.execute(statement, {"of_endpoint": key.endpoint_id, **parameters}).rowcount


def _to_delivery(row: Row[Any]) -> WebhookDelivery:
    state = DeliveryState(row.state)
    return WebhookDelivery(
        id=row.id,
        endpoint_id=row.endpoint_id,
        event=WebhookEvent(row.event),
        tenant_id=row.tenant_id,
        state=state,
        attempts=row.attempts,
        created_at=row.created_at,
        next_attempt_at=row.available_at if state is DeliveryState.PENDING else None,
        finished_at=row.finished_at,
    )


def _to_attempt(row: Row[Any]) -> StoredAttempt:
    failure = None if row.failure_reason is None else FailureReason(row.failure_reason)
    return StoredAttempt(row.number, Attempt(row.started_at, row.duration_ms, row.http_status, failure))
