"""Which deliveries are claimed next: those due for longest, of every endpoint in turn.

An endpoint may have any number of deliveries waiting, and be slow or dead. So a claim walks from endpoint to endpoint,
however much each has waiting, and no further than until it has what it wants.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice, takewhile
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, Select, bindparam, case, func, select, update

from nova_server.ports.clock import Instant
from nova_server.ports.queue import Claim, Lease
from nova_server.ports.webhooks import FAILING_ATTEMPTS, DeliveryWork, WebhookEvent
from nova_server.storage.dialects import dialect_of
from nova_server.storage.json_rows import Among, among, json_rows, rows_parameter, texts_parameter
from nova_server.storage.schema import ONE, PENDING, RUNNING, webhook_deliveries, webhook_endpoints, webhook_events

_STEPS = 100  # endpoints that one statement walks to
_BEFORE_ALL = ""

_deliveries = webhook_deliveries.c
_endpoints = webhook_endpoints.c

_other = webhook_deliveries.alias("other")


def _first(column: ColumnElement[Any], *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    """Return the least value of pending deliveries. In words that are not answered by reading them all."""
    return select(column).where(_other.c.state == PENDING, *conditions).order_by(column).limit(ONE).scalar_subquery()


# Jumps from endpoint to endpoint through the index of pending deliveries, without touching those between.
_first_endpoint = _first(_other.c.endpoint_id, _other.c.endpoint_id > bindparam("after"))
_waiting = select(_first_endpoint.label("endpoint_id"), ONE.label("step")).cte("waiting", recursive=True)
_waiting = _waiting.union_all(
    select(_first(_other.c.endpoint_id, _other.c.endpoint_id > _waiting.c.endpoint_id), _waiting.c.step + 1).where(
        _waiting.c.endpoint_id.is_not(None), _waiting.c.step < bindparam("steps")
    )
)
_due_at = _first(_other.c.available_at, _other.c.endpoint_id == _endpoints.id)
_running = (
    select(func.count())
    .select_from(_other)
    .where(_other.c.endpoint_id == _endpoints.id, _other.c.state == RUNNING)
    .scalar_subquery()
)
_failing = _endpoints.failures >= FAILING_ATTEMPTS
_allowed = case(
    (~_endpoints.enabled, 0),
    (~_failing, bindparam("group_limit")),
    (_endpoints.probe_at > bindparam("now"), 0),
    else_=1,
)
_WALK: Select[*tuple[Any, ...]] = (
    select(_endpoints.id, _due_at.label("due_at"), (_allowed - _running).label("places"))
    .join_from(_waiting, webhook_endpoints, _endpoints.id == _waiting.c.endpoint_id)
    .order_by(_waiting.c.step)
)

_chosen = json_rows("chosen", "endpoint_id")
_first_of_endpoint = (
    select(_other.c.id)
    .where(
        _other.c.endpoint_id == _chosen.c.endpoint_id,
        _other.c.state == PENDING,
        _other.c.available_at <= bindparam("now"),
    )
    .order_by(_other.c.available_at, _other.c.id)
    .limit(bindparam("limit"))
)
_FIND_DUE = (
    select(_deliveries.id, _deliveries.endpoint_id)
    .select_from(_chosen.join(webhook_deliveries, Among(_deliveries.id, _first_of_endpoint.correlate(_chosen))))
    .order_by(_deliveries.endpoint_id, _deliveries.available_at, _deliveries.id)
)

_CLAIM = (
    update(webhook_deliveries)
    .where(among(_deliveries.id, "ids"), _deliveries.state == PENDING)
    .values(
        state=RUNNING,
        attempt=_deliveries.attempt + 1,
        lease_owner=bindparam("owner"),
        lease_expires_at=bindparam("expires_at"),
    )
)
_READ: Select[*tuple[Any, ...]] = (
    select(
        _deliveries.id,
        _deliveries.attempt,
        _deliveries.attempts,
        webhook_events.c.event,
        webhook_events.c.body,
        _deliveries.endpoint_id,
        _endpoints.url,
        _endpoints.secret,
        _endpoints.previous_secret,
        _endpoints.previous_secret_expires_at,
    )
    .join_from(webhook_deliveries, webhook_events, webhook_events.c.id == _deliveries.event_id)
    .join(webhook_endpoints, _endpoints.id == _deliveries.endpoint_id)
    .where(among(_deliveries.id, "ids"))
)


class ClaimDeliveries:
    """The operation that leases deliveries. It remembers which endpoint was served last: the turn is the next one's."""

    def __init__(self) -> None:
        self._last_served = _BEFORE_ALL

    def apply(self, connection: Connection, intents: Sequence[Claim]) -> Sequence[Sequence[Lease]]:
        """Answer one claim after the other, over all processes: what one takes, the next can neither have nor miss."""
        dialect_of(connection).serialize(connection, "claims of deliveries")
        return [self._claim(connection, claim) for claim in intents]

    def _claim(self, connection: Connection, claim: Claim) -> list[Lease]:
        rows = list(islice(_in_turn(connection, claim, self._last_served), claim.limit))
        if not rows:
            return []
        self._last_served = rows[-1].id
        places = {row.id: row.places for row in sorted(rows, key=lambda row: (row.due_at, row.id))}
        due = _find_due(connection, claim, list(places))
        return _lease(connection, claim, _take_turns(due, places, claim.limit))


def _in_turn(connection: Connection, claim: Claim, last_served: str) -> Iterator[Row[Any]]:
    """Yield the endpoints that may have more deliveries now, from the one after `last_served` on and around to it."""
    for row in chain(
        _walk(connection, claim, last_served),
        takewhile(lambda row: row.id <= last_served, _walk(connection, claim, _BEFORE_ALL)),
    ):
        if row.places > 0 and row.due_at <= claim.now:
            yield row


def _walk(connection: Connection, claim: Claim, after: str) -> Iterator[Row[Any]]:
    """Yield every endpoint with something pending, in the order of their ids, as far as the caller wants to go."""
    parameters = {
        "now": claim.now,
        "group_limit": claim.group_limit,
        "steps": _STEPS,
    }
    while True:
        rows = connection.execute(_WALK, {**parameters, "after": after}).all()
        yield from rows
        if len(rows) < _STEPS:
            return
        after = rows[-1].id


def _find_due(connection: Connection, claim: Claim, endpoint_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return the deliveries of each endpoint that are due for longest, no more than can be claimed at once."""
    chosen = rows_parameter("chosen", [(endpoint_id,) for endpoint_id in endpoint_ids])
    parameters = {"now": claim.now, "limit": min(claim.limit, claim.group_limit)}
    due: defaultdict[str, list[str]] = defaultdict(list)
    for row in connection.execute(_FIND_DUE, parameters | chosen):
        due[row.endpoint_id].append(row.id)
    return due


def _take_turns(due: Mapping[str, Sequence[str]], places: Mapping[str, int], limit: int) -> list[str]:
    """Return which deliveries to take: the first of each endpoint in line, then the second of each."""
    ranked = [
        (rank, turn, delivery_id)
        for turn, (endpoint_id, free) in enumerate(places.items())
        for rank, delivery_id in enumerate(due[endpoint_id][:free])
    ]
    return [delivery_id for _, _, delivery_id in sorted(ranked)[:limit]]


def _lease(connection: Connection, claim: Claim, ids: Sequence[str]) -> list[Lease]:
    chosen = texts_parameter("ids", ids)
    connection.execute(_CLAIM, {"owner": claim.owner, "expires_at": claim.lease_expires_at, **chosen})
    leases = {row.id: _to_lease(row, claim.now) for row in connection.execute(_READ, chosen)}
    return [leases[delivery_id] for delivery_id in ids]


def _to_lease(row: Row[Any], now: Instant) -> Lease:
    work = DeliveryWork(
        endpoint_id=row.endpoint_id,
        url=row.url,
        secrets=_secrets(row, now),
        event=WebhookEvent(row.event),
        payload=row.body.encode(),
        attempts=row.attempts,
    )
    return Lease(row.id, row.attempt, row.attempts, work)


def _secrets(row: Row[Any], now: Instant) -> tuple[str, ...]:
    overlaps = row.previous_secret is not None and row.previous_secret_expires_at > now
    return (row.secret, row.previous_secret) if overlaps else (row.secret,)
