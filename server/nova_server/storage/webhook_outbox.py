"""Events, written in the transaction in which they happen, with a delivery for each endpoint that wants them.

Nothing is written, rendered or even looked up for a partner that has no endpoint.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from nova_server.ports.clock import Instant
from nova_server.ports.identifiers import Identifiers
from nova_server.ports.queue import Completion, Failed, Succeeded
from nova_server.ports.scorer import ScoreResult
from nova_server.ports.webhooks import DeliveryState, EndedBatch, EndedJob, EventBodies, WebhookEvent
from nova_server.storage.json_rows import among, texts_parameter
from nova_server.storage.prepared import insert_where_free
from nova_server.storage.schema import scoring_batches, scoring_jobs, webhook_deliveries, webhook_events
from nova_server.storage.subscriptions import Subscribers, Subscriptions, has_endpoints

_jobs = scoring_jobs.c
_FIND_JOBS = select(_jobs.id, _jobs.tenant_id, _jobs.criteria_version_id, _jobs.job_id, _jobs.application_id).where(
    among(_jobs.id, "ids")
)
_FIND_BATCHES = select(scoring_batches).where(
    among(scoring_batches.c.id, "ids"), scoring_batches.c.completed_at.is_not(None)
)

_INSERT_EVENTS = insert_where_free(webhook_events, ("id", "event", "tenant_id", "body", "created_at"))
_INSERT_DELIVERIES = insert_where_free(webhook_deliveries, ("id", "endpoint_id", "event_id", "state", "available_at"))


@dataclass(frozen=True, slots=True)
class News:
    """An event that somebody wants to hear of."""

    event: WebhookEvent
    body: str
    subscribers: Subscribers


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
        if not completions or not has_endpoints(connection):
            return False
        news = [*self._of_jobs(connection, completions), *self._of_batches(connection, counted)]
        return self._write(connection, news, now)

    def batches_ended(self, connection: Connection, batch_ids: Collection[str], now: Instant) -> bool:
        """Tell of batches that ended in this transaction. Returns whether there is anything to deliver."""
        if not batch_ids or not has_endpoints(connection):
            return False
        return self._write(connection, list(self._of_batches(connection, batch_ids)), now)

    def _of_jobs(self, connection: Connection, completions: Sequence[tuple[Completion, Instant]]) -> Iterator[News]:
        jobs = _find(connection, _FIND_JOBS, [completion.job_id for completion, _ in completions])
        subscriptions = Subscriptions(connection, {job.tenant_id for job in jobs.values()})
        for completion, now in completions:
            job, event = jobs[completion.job_id], _event_of(completion)
            if subscribers := subscriptions.of(job.tenant_id, event):
                body = self._bodies.of_job(_ended_job(job, subscribers.tenant_id, completion, now))
                yield News(event, body, subscribers)

    def _of_batches(self, connection: Connection, counted: Collection[str]) -> Iterator[News]:
        batches = _find(connection, _FIND_BATCHES, sorted(counted))
        subscriptions = Subscriptions(connection, {batch.tenant_id for batch in batches.values()})
        for batch in batches.values():
            if subscribers := subscriptions.of(batch.tenant_id, WebhookEvent.BATCH_COMPLETED):
                body = self._bodies.of_batch(_ended_batch(batch, subscribers.tenant_id))
                yield News(WebhookEvent.BATCH_COMPLETED, body, subscribers)

    def _write(self, connection: Connection, news: Sequence[News], now: Instant) -> bool:
        told = list(zip(self._new_ids(len(news), now), news, strict=True))
        targets = [(endpoint_id, event_id) for event_id, one in told for endpoint_id in one.subscribers.endpoint_ids]
        pending = DeliveryState.PENDING.value
        delivery_ids = self._new_ids(len(targets), now)
        deliveries = [(new_id, *target, pending, now) for new_id, target in zip(delivery_ids, targets, strict=True)]
        events = [(event_id, one.event.value, one.subscribers.tenant_id, one.body, now) for event_id, one in told]
        _INSERT_EVENTS.run(connection, events)
        _INSERT_DELIVERIES.run(connection, deliveries)
        return bool(deliveries)

    def _new_ids(self, count: int, now: Instant) -> list[str]:
        """Return ids in their order: those of one millisecond are random, and a batch is told of after its jobs."""
        return sorted(self._identifiers.new(now) for _ in range(count))


def _find(connection: Connection, statement: Select[*tuple[Any, ...]], ids: Sequence[str]) -> dict[str, Row[Any]]:
    """Return a row of each job or batch by its id."""
    return {row.id: row for row in connection.execute(statement, texts_parameter("ids", ids))} if ids else {}


def _event_of(completion: Completion) -> WebhookEvent:
    succeeded = isinstance(completion.outcome, Succeeded)
    return WebhookEvent.SCORE_COMPLETED if succeeded else WebhookEvent.SCORE_FAILED


def _ended_job(job: Row[Any], tenant_id: str, completion: Completion, now: Instant) -> EndedJob:
    identity = (tenant_id, job.id, job.criteria_version_id, job.job_id, job.application_id, now)
    match completion.outcome:
        case Failed(code, message):
            return EndedJob(*identity, error_code=code, error_message=message)
        case Succeeded(ScoreResult(score, assessment)):
            return EndedJob(*identity, score=score, assessment=assessment)
        case Succeeded(other):
            raise TypeError(f"a scoring job cannot end with a {type(other).__name__}")


def _ended_batch(batch: Row[Any], tenant_id: str) -> EndedBatch:
    return EndedBatch(
        tenant_id=tenant_id,
        batch_id=batch.id,
        job_id=batch.job_id,
        total_jobs=batch.total_jobs,
        completed_jobs=batch.completed_jobs,
        failed_jobs=batch.failed_jobs,
        completed_at=batch.completed_at,
    )
