"""Deliveries after the claim: ended, put back or rescued, with the health of their endpoints kept beside.

What a worker wrote whose lease is lost by then is refused, see `fences`. That of a deleted endpoint's delivery is lost.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    Connection,
    Integer,
    Update,
    bindparam,
    func,
    literal_column,
    null,
    select,
    update,
)

from nova_server.ports.clock import Instant, plus_seconds
from nova_server.ports.queue import Completion, Failed, Requeue, Succeeded, Sweep, Swept
from nova_server.ports.webhooks import PROBE_SECONDS, Attempt, DeliveryState
from nova_server.storage.fences import NO_LEASE, Fence, held
from nova_server.storage.json_rows import among, texts_parameter
from nova_server.storage.prepared import Prepared
from nova_server.storage.row_statements import RowInsertion, Values
from nova_server.storage.schema import (
    BEFORE_ALL,
    ONE,
    PENDING,
    RUNNING,
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
)

_deliveries = webhook_deliveries.c
_FENCE = Fence(webhook_deliveries)
_held = held(webhook_deliveries)
_made = _deliveries.attempts + bindparam("made")

_END = Prepared(
    update(webhook_deliveries)
    .where(*_held)
    .values(state=bindparam("new_state"), attempts=_made, finished_at=bindparam("now"), **NO_LEASE),
    ("held_id", "held_attempt", "new_state", "made", "now"),
)

_PUT_BACK = Prepared(
    update(webhook_deliveries)
    .where(*_held)
    .values(state=PENDING, attempts=_made, available_at=bindparam("when"), **NO_LEASE),
    ("held_id", "held_attempt", "made", "when"),
)

# Literals, because a prepared statement has no parameters but those of its rows.
_earlier = webhook_attempts.alias("earlier")
_next_number = (
    select(func.coalesce(func.max(_earlier.c.number), literal_column("0", Integer)) + ONE)
    .where(_earlier.c.delivery_id == bindparam("delivery_id"))
    .scalar_subquery()
)
_ATTEMPT = ("delivery_id", "started_at", "duration_ms", "http_status", "failure_reason")
_INSERT_ATTEMPT = Prepared(
    RowInsertion(webhook_attempts, {"number": _next_number} | {name: bindparam(name) for name in _ATTEMPT}), _ATTEMPT
)

_endpoints = webhook_endpoints.c
_of_deliveries = _endpoints.id.in_(select(_deliveries.endpoint_id).where(among(_deliveries.id, "delivery_ids")))
_more_failures = (
    select(func.count())
    .where(among(_deliveries.id, "delivery_ids"), _deliveries.endpoint_id == _endpoints.id)
    .scalar_subquery()
)
_NOTE_FAILURES = (
    update(webhook_endpoints)
    .where(_of_deliveries)
    .values(
        failing_since=func.coalesce(_endpoints.failing_since, bindparam("now")),
        failures=_endpoints.failures + _more_failures,
        probe_at=bindparam("next_probe"),
    )
)
_NOTE_SUCCESSES = (
    update(webhook_endpoints)
    .where(_of_deliveries, _endpoints.failing_since.is_not(None))
    .values(failing_since=null(), failures=0, probe_at=null())
)

_FIND_EXPIRED = (
    select(_deliveries.id, _deliveries.attempt)
    .where(
        _deliveries.state == RUNNING,
        _deliveries.endpoint_id > BEFORE_ALL,
        _deliveries.lease_expires_at < bindparam("expired_before"),
    )
    # The order of the index of running deliveries. In the order of ids SQLite would read every delivery there is.
    .order_by(_deliveries.endpoint_id, _deliveries.lease_expires_at, _deliveries.id)
    .with_for_update(skip_locked=True)
)


class CompleteDeliveries:
    """The operation that ends deliveries."""

    def apply(self, connection: Connection, intents: Sequence[tuple[Completion, Instant]]) -> Sequence[bool]:
        """End each delivery whose lease is held. Says of each whether it was."""
        accepted = _FENCE.accept(connection, [completion for completion, _ in intents])
        ending = [intent for intent, holds in zip(intents, accepted, strict=True) if holds]
        _END.run(connection, [_end_row(completion, now) for completion, now in ending])
        _note(connection, [(one.job_id, _attempt_of(one), now) for one, now in ending])
        return accepted


class PutBackDeliveries:
    """The operation that returns deliveries to the queue."""

    def apply(self, connection: Connection, intents: Sequence[tuple[Requeue, Instant]]) -> Sequence[bool]:
        """Return each delivery whose lease is held. Says of each whether it was."""
        accepted = _FENCE.accept(connection, [requeue for requeue, _ in intents])
        returned = [intent for intent, holds in zip(intents, accepted, strict=True) if holds]
        made = [(one.job_id, _note_of(one), now) for one, now in returned]
        _PUT_BACK.run(
            connection,
            [(one.job_id, one.attempt, int(one.note is not None), one.available_at) for one, _ in returned],
        )
        _note(connection, made)
        return accepted


class SweepDeliveries:
    """The operation that rescues deliveries whose worker went silent. None fails by it, for no receiver refused."""

    def apply(self, connection: Connection, intents: Sequence[Sweep]) -> Sequence[Swept]:
        return [_sweep(connection, sweep) for sweep in intents]


def _sweep(connection: Connection, sweep: Sweep) -> Swept:
    expired = connection.execute(_FIND_EXPIRED, {"expired_before": sweep.expired_before}).all()
    _PUT_BACK.run(connection, [(row.id, row.attempt, 0, sweep.now) for row in expired])
    return Swept(requeued=len(expired), failed=0)


def _end_row(completion: Completion, now: Instant) -> Values:
    attempt = _attempt_of(completion)
    delivered = attempt is not None and attempt.failure is None
    state = DeliveryState.DELIVERED if delivered else DeliveryState.FAILED
    return (completion.job_id, completion.attempt, state.value, int(attempt is not None), now)


def _attempt_of(completion: Completion) -> Attempt | None:
    """Return the attempt that ended a delivery, or None when it ended without one."""
    match completion.outcome:
        case Failed():
            return None
        case Succeeded(Attempt() as attempt):
            return attempt
        case Succeeded(other):
            raise TypeError(f"a delivery cannot end with a {type(other).__name__}")


def _note_of(requeue: Requeue) -> Attempt | None:
    """Return the attempt after which a delivery is put back, or None when none was made."""
    if requeue.note is None or isinstance(requeue.note, Attempt):
        return requeue.note
    raise TypeError(f"a delivery cannot be put back with a {type(requeue.note).__name__}")


def _note(connection: Connection, made: Sequence[tuple[str, Attempt | None, Instant]]) -> None:
    """Store attempts, and what they say of their endpoints. One success outweighs the failures beside it."""
    known = [(delivery_id, attempt, now) for delivery_id, attempt, now in made if attempt is not None]
    _INSERT_ATTEMPT.run(connection, [_attempt_row(delivery_id, attempt) for delivery_id, attempt, _ in known])
    failures = [one for one in known if one[1].failure is not None]
    if failures:
        now = max(now for _, _, now in failures)
        _tell(connection, _NOTE_FAILURES, failures, now=now, next_probe=plus_seconds(now, PROBE_SECONDS))
    if successes := [one for one in known if one[1].failure is None]:
        _tell(connection, _NOTE_SUCCESSES, successes)


def _tell(
    connection: Connection, statement: Update, made: Sequence[tuple[str, Attempt, Instant]], **parameters: object
) -> None:
    connection.execute(statement, texts_parameter("delivery_ids", (one[0] for one in made)) | parameters)


def _attempt_row(delivery_id: str, attempt: Attempt) -> Values:
    reason = attempt.failure and attempt.failure.value
    return (delivery_id, attempt.started_at, attempt.duration_ms, attempt.http_status, reason)
