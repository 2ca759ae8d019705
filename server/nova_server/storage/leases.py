"""Leases after the claim: ended by completion, return or rescue, each step for many jobs at once.

What a worker wrote whose lease is lost by then is refused, see `fences`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from nova_server.ports.clock import Instant
from nova_server.ports.queue import Completion, Failed, Requeue, Succeeded, Sweep, Swept
from nova_server.ports.scorer import ScoreResult
from nova_server.ports.scoring import JobState
from nova_server.storage.announcements import announce
from nova_server.storage.fences import NO_LEASE, Fence, held
from nova_server.storage.prepared import Prepared, insert_where_free
from nova_server.storage.row_statements import Values
from nova_server.storage.schema import BEFORE_ALL, PENDING, RUNNING, scoring_jobs, scoring_results
from nova_server.storage.scoring_batches import count_ended_jobs
from nova_server.storage.scoring_jobs import dump_assessment
from nova_server.storage.webhook_outbox import Outbox

_jobs = scoring_jobs.c

_FENCE = Fence(scoring_jobs)
_held = held(scoring_jobs)

_END = Prepared(
    update(scoring_jobs).where(*_held).values(state=bindparam("new_state"), finished_at=bindparam("now"), **NO_LEASE),
    ("held_id", "held_attempt", "new_state", "now"),
)

_INSERT_RESULT = insert_where_free(
    scoring_results,
    ("scoring_job_id", "score", "assessment", "scorer_id", "scorer_version", "error_code", "error_message"),
)

_REQUEUE = Prepared(
    update(scoring_jobs)
    .where(*_held)
    .values(
        state=PENDING,
        available_at=bindparam("when"),
        starts=_jobs.starts - bindparam("starts_given_back"),
        **NO_LEASE,
    ),
    ("held_id", "held_attempt", "when", "starts_given_back"),
)

_FIND_EXPIRED = (
    select(_jobs.id, _jobs.attempt, _jobs.starts)
    .where(
        _jobs.state == RUNNING,
        _jobs.tenant_id > BEFORE_ALL,
        _jobs.lease_expires_at < bindparam("expired_before"),
    )
    # The order of the index of running jobs. In the order of ids SQLite would read every job there is.
    .order_by(_jobs.tenant_id, _jobs.lease_expires_at, _jobs.id)
    .with_for_update(skip_locked=True)
)


class Consequences(NamedTuple):
    """What to tell of once it is committed: the batches that changed, and whether there are webhooks to deliver."""

    batches: frozenset[str] = frozenset()
    deliveries: bool = False


class CompleteJobs:
    """The operation that ends jobs: state, result, counters of batches and webhooks in one transaction."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def apply(
        self, connection: Connection, intents: Sequence[tuple[Completion, Instant]]
    ) -> Sequence[Consequences | None]:
        """End each job whose lease is held. Returns None where it was lost.

        The consequences are returned once, with the first job that ended: they are told of once for the group.
        """
        accepted = _FENCE.accept(connection, [completion for completion, _ in intents])
        ending = [intent for intent, holds in zip(intents, accepted, strict=True) if holds]
        first = iter([_end(connection, ending, self._outbox)])
        return [next(first, Consequences()) if holds else None for holds in accepted]


def _end(connection: Connection, completions: Sequence[tuple[Completion, Instant]], outbox: Outbox) -> Consequences:
    """Write the end of jobs whose leases are locked."""
    if not completions:
        return Consequences()
    _END.run(connection, [_end_row(completion, now) for completion, now in completions])
    _INSERT_RESULT.run(connection, [_result_row(completion) for completion, _ in completions])
    outcomes = {completion.job_id: isinstance(completion.outcome, Succeeded) for completion, _ in completions}
    now = max(now for _, now in completions)
    counted = count_ended_jobs(connection, outcomes, now)
    consequences = Consequences(frozenset(counted), outbox.jobs_ended(connection, completions, counted, now))
    announce(connection, batches=consequences.batches, deliveries=consequences.deliveries)
    return consequences


def _end_row(completion: Completion, now: Instant) -> Values:
    state = JobState.COMPLETED if isinstance(completion.outcome, Succeeded) else JobState.FAILED
    return (completion.job_id, completion.attempt, state.value, now)


def _result_row(completion: Completion) -> Values:
    match completion.outcome:
        case Failed(code, message):
            return (completion.job_id, None, None, None, None, code, message)
        case Succeeded(ScoreResult(score, assessment, scorer_id, scorer_version)):
            words = dump_assessment(assessment)
            return (completion.job_id, score, words, scorer_id, scorer_version, None, None)
        case Succeeded(other):
            raise TypeError(f"a scoring job cannot end with a {type(other).__name__}")


class RequeueJobs:
    """The operation that returns jobs to the queue."""

    def apply(self, connection: Connection, intents: Sequence[Requeue]) -> Sequence[bool]:
        """Return each job whose lease is held. Says of each whether it was."""
        accepted = _FENCE.accept(connection, intents)
        rows = [
            (requeue.job_id, requeue.attempt, requeue.available_at, int(requeue.give_back_start))
            for requeue, holds in zip(intents, accepted, strict=True)
            if holds
        ]
        _REQUEUE.run(connection, rows)
        return accepted


class SweepJobs:
    """The operation that rescues jobs whose worker went silent."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def apply(self, connection: Connection, intents: Sequence[Sweep]) -> Sequence[tuple[Swept, Consequences]]:
        """Sweep once for each intent. Returns what was done, and what to tell of."""
        return [self._sweep(connection, sweep) for sweep in intents]

    def _sweep(self, connection: Connection, sweep: Sweep) -> tuple[Swept, Consequences]:
        expired = connection.execute(_FIND_EXPIRED, {"expired_before": sweep.expired_before}).all()
        stuck = [
            (Completion(row.id, row.attempt, sweep.failure), sweep.now)
            for row in expired
            if row.starts >= sweep.max_starts
        ]
        rescued = [(row.id, row.attempt, sweep.now, 0) for row in expired if row.starts < sweep.max_starts]
        _REQUEUE.run(connection, rescued)
        announce(connection, queue=bool(rescued))
        return Swept(len(rescued), len(stuck)), _end(connection, stuck, self._outbox)
