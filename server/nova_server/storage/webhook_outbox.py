"""Events, written in the transaction in which they happen, with a delivery for each endpoint that wants them.

Nothing is written, rendered or even looked up for a partner that has no endpoint.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, select

from nova_server.ports.clock import Instant
from nova_server.ports.identifiers import Identifiers
from nova_server.ports.queue import Completion, Failed, Succeeded
from nova_server.ports.scorer import ScoreResult
from nova_server.ports.webhooks import DeliveryState, EndedBatch, EndedJob, EventBodies, WebhookEvent
from nova_server.storage.prepared import insert_where_free
from nova_server.storage.schema import (
    scoring_batches,
    scoring_jobs,
    tenants,
    webhook_deliveries,
    webhook_endpoints,
    webhook_events,
)

_endpoints = webhook_endpoints.c
# The smallest id is one step into the index, whether there are endpoints or not.
_ANY_ENDPOINT = select(func.min(_endpoints.id))

_subscribed = tenants.join(
    webhook_endpoints,
    and_(
        _endpoints.partner_id == tenants.c.partner_id,
        _endpoints.environment == tenants.c.environment,
        _endpoints.enabled,
    ),
)
_of_endpoint = (_endpoints.id.label("endpoint_id"), _endpoints.events)

_FIND_JOBS = (
    select(scoring_jobs, tenants.c.external_id, *_of_endpoint)
    .select_from(scoring_jobs.join(_subscribed, tenants.c.id == scoring_jobs.c.tenant_id))
    .where(scoring_jobs.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_endpoints.id)
)

_FIND_BATCHES = (
    select(scoring_batches, tenants.c.external_id, *_of_endpoint)
    .select_from(scoring_batches.join(_subscribed, tenants.c.id == scoring_batches.c.tenant_id))
    .where(scoring_batches.c.id.in_(bindparam("ids", expanding=True)), scoring_batches.c.completed_at.is_not(None))
    .order_by(_endpoints.id)
)

_INSERT_EVENTS = insert_where_free(webhook_events, ("id", "event", "tenant_id", "body", "created_at"))
_INSERT_DELIVERIES = insert_where_free(webhook_deliveries, ("id", "endpoint_id", "event_id", "state", "available_at"))


@dataclass(frozen=True, slots=True)
class News:
    """An event that somebody wants to hear of."""

    event: WebhookEvent
    tenant_id: str | None
    body: str
    endpoint_ids: tuple[str, ...]


class Outbox:
    """Writes what is to be delivered. Every call belongs to the transaction of its connection."""

    def __init__(self, bodies: EventBodies, identifiers: Identifiers) -> None:
        self._bodies = bodies
        self._identifiers = identifiers

    def jobs_ended(
        self,
        connection: Connection,
        completions: Sequence[tuple[Completion, Instant]],
        counted: Collection[str],
        now: Instant,
    ) -> bool:
        """Tell of jobs that ended, and after them of those batches that ended with them.

        `counted` are the batches in which the jobs were counted just now. Every job counts once, so that none of them
        can have ended before. Returns whether there is anything to deliver.
        """
        if not completions or not _has_endpoints(connection):
            return False
        news = [*self._of_jobs(connection, completions), *self._of_batches(connection, counted)]
        return self._write(connection, news, now)

    def batches_ended(self, connection: Connection, batch_ids: Collection[str], now: Instant) -> bool:
        """Tell of batches that ended in this transaction. Returns whether there is anything to deliver."""
        if not batch_ids or not _has_endpoints(connection):
            return False
        return self._write(connection, list(self._of_batches(connection, batch_ids)), now)

    def _of_jobs(self, connection: Connection, completions: Sequence[tuple[Completion, Instant]]) -> Iterator[News]:
        subscriptions = _find(connection, _FIND_JOBS, [completion.job_id for completion, _ in completions])
        for completion, now in completions:
            event = _event_of(completion)
            rows = _that_want(event, subscriptions[completion.job_id])
            if rows:
                body = self._bodies.of_job(_ended_job(rows[0], completion, now))
                yield _news(event, rows, body)

    def _of_batches(self, connection: Connection, counted: Collection[str]) -> Iterator[News]:
        subscriptions = _find(connection, _FIND_BATCHES, sorted(counted))
        for found in subscriptions.values():
            rows = _that_want(WebhookEvent.BATCH_COMPLETED, found)
            if rows:
                yield _news(WebhookEvent.BATCH_COMPLETED, rows, self._bodies.of_batch(_ended_batch(rows[0])))

    def _write(self, connection: Connection, news: Sequence[News], now: Instant) -> bool:
        told = list(zip(self._new_ids(len(news), now), news, strict=True))
        targets = [(endpoint_id, event_id) for event_id, one in told for endpoint_id in one.endpoint_ids]
        pending = DeliveryState.PENDING.value
        delivery_ids = self._new_ids(len(targets), now)
        deliveries = [(new_id, *target, pending, now) for new_id, target in zip(delivery_ids, targets, strict=True)]
        events = [(event_id, one.event.value, one.tenant_id, one.body, now) for event_id, one in told]
        _INSERT_EVENTS.run(connection, events)
        _INSERT_DELIVERIES.run(connection, deliveries)
        return bool(deliveries)

    def _new_ids(self, count: int, now: Instant) -> list[str]:
        """Return ids in their order: those of one millisecond are random, and a batch is told of after its jobs."""
        return sorted(self._identifiers.new(now) for _ in range(count))


def _has_endpoints(connection: Connection) -> bool:
    return connection.scalar(_ANY_ENDPOINT) is not None


def _find(
    connection: Connection, statement: Select[*tuple[Any, ...]], ids: Sequence[str]
) -> defaultdict[str, list[Row[Any]]]:
    """Return a row for each enabled endpoint of the partner, by the id of the job or batch."""
    found: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    if ids:
        for row in connection.execute(statement, {"ids": list(ids)}):
            found[row.id].append(row)
    return found


def _that_want(event: WebhookEvent, rows: Iterable[Row[Any]]) -> list[Row[Any]]:
    return [row for row in rows if event.value in row.events.split()]


def _news(event: WebhookEvent, rows: Sequence[Row[Any]], body: str) -> News:
    return News(event, rows[0].external_id, body, tuple(row.endpoint_id for row in rows))


def _event_of(completion: Completion) -> WebhookEvent:
    succeeded = isinstance(completion.outcome, Succeeded)
    return WebhookEvent.SCORE_COMPLETED if succeeded else WebhookEvent.SCORE_FAILED


def _ended_job(row: Row[Any], completion: Completion, now: Instant) -> EndedJob:
    job = EndedJob(
        tenant_id=row.external_id,
        scoring_job_id=row.id,
        criteria_version_id=row.criteria_version_id,
        job_id=row.job_id,
        application_id=row.application_id,
        finished_at=now,
    )
    match completion.outcome:
        case Failed(code, message):
            return replace(job, error_code=code, error_message=message)
        case Succeeded(ScoreResult(score, assessment)):
            return replace(job, score=score, assessment=assessment)
        case Succeeded(other):
            raise TypeError(f"a scoring job cannot end with a {type(other).__name__}")


def _ended_batch(row: Row[Any]) -> EndedBatch:
    return EndedBatch(
        tenant_id=row.external_id,
        batch_id=row.id,
        job_id=row.job_id,
        total_jobs=row.total_jobs,
        completed_jobs=row.completed_jobs,
        failed_jobs=row.failed_jobs,
        completed_at=row.completed_at,
    )
