"""Leases after the claim: renewed, or ended by completion, return or rescue, each step for many jobs at once.

Every step that ends a lease first locks the jobs of which `attempt` is still the latest, and touches no other: a worker
that lost its lease cannot write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, null, select, update

from nova_server.ports.clock import Instant
from nova_server.ports.queue import Completion, Extension, Failed, Lease, Requeue, Succeeded, Sweep, Swept
from nova_server.ports.scorer import ScoreResult
from nova_server.ports.scoring import JobState
from nova_server.storage.prepared import Prepared, Values, insert_where_free
from nova_server.storage.schema import PENDING, RUNNING, scoring_jobs, scoring_results
from nova_server.storage.scoring_batches import count_ended_jobs
from nova_server.storage.scoring_jobs import dump_assessment

_jobs = scoring_jobs.c

_LOCK_RUNNING = (
    select(_jobs.id, _jobs.attempt)
    .where(_jobs.id.in_(bindparam("job_ids", expanding=True)), _jobs.state == RUNNING)
    .order_by(_jobs.id)
    .with_for_update()
)

_held = (_jobs.id == bindparam("held_id"), _jobs.attempt == bindparam("held_attempt"), _jobs.state == RUNNING)
_NO_LEASE = {"lease_owner": null(), "lease_expires_at": null()}

_EXTEND = Prepared(
    update(scoring_jobs).where(*_held).values(lease_expires_at=bindparam("expires_at")),
    ("held_id", "held_attempt", "expires_at"),
)

_END = Prepared(
    update(scoring_jobs).where(*_held).values(state=bindparam("new_state"), finished_at=bindparam("now"), **_NO_LEASE),
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
        **_NO_LEASE,
    ),
    ("held_id", "held_attempt", "when", "starts_given_back"),
)

_FIND_EXPIRED = (
    select(_jobs.id, _jobs.attempt, _jobs.starts)
    .where(_jobs.state == RUNNING, _jobs.lease_expires_at < bindparam("expired_before"))
    # The order of the index of running jobs. In the order of ids SQLite would read every job there is.
    .order_by(_jobs.tenant_id, _jobs.lease_expires_at, _jobs.id)
    .with_for_update(skip_locked=True)
)


class ExtendLeases:
    """The operation that renews leases."""

    def apply(self, connection: Connection, intents: Sequence[Extension]) -> Sequence[Sequence[Lease]]:
        """Renew each lease that is still held. Returns those that are not."""
        held = _lock_held(connection, [lease for intent in intents for lease in intent.leases])
        rows = [
            (lease.job_id, lease.attempt, intent.lease_expires_at)
            for intent in intents
            for lease in intent.leases
            if held.get(lease.job_id) == lease.attempt
        ]
        _EXTEND.run(connection, rows)
        return [[lease for lease in intent.leases if held.get(lease.job_id) != lease.attempt] for intent in intents]


class CompleteJobs:
    """The operation that ends jobs: state, result and counters of batches in one transaction."""

    def apply(
        self, connection: Connection, intents: Sequence[tuple[Completion, Instant]]
    ) -> Sequence[frozenset[str] | None]:
        """End each job whose lease is held. Returns None where it was lost.

        The batches that changed are returned once, with the first job that ended: they are told of once for the group.
        """
        accepted = _accept(connection, [completion for completion, _ in intents])
        ending = {intent[0].job_id: intent for intent, held in zip(intents, accepted, strict=True) if held}
        changed = iter([_end(connection, ending)])
        return [next(changed, frozenset()) if held else None for held in accepted]


def _end(connection: Connection, completions: Mapping[str, tuple[Completion, Instant]]) -> frozenset[str]:
    """Write the end of jobs whose leases are locked."""
    if not completions:
        return frozenset()
    _END.run(connection, [_end_row(completion, now) for completion, now in completions.values()])
    _INSERT_RESULT.run(connection, [_result_row(completion) for completion, _ in completions.values()])
    outcomes = {job_id: isinstance(completion.outcome, Succeeded) for job_id, (completion, _) in completions.items()}
    return frozenset(count_ended_jobs(connection, outcomes, max(now for _, now in completions.values())))


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
        accepted = _accept(connection, intents)
        rows = [
            (requeue.job_id, requeue.attempt, requeue.available_at, int(requeue.give_back_start))
            for requeue, held in zip(intents, accepted, strict=True)
            if held
        ]
        _REQUEUE.run(connection, rows)
        return accepted


class SweepJobs:
    """The operation that rescues jobs whose worker went silent."""

    def apply(self, connection: Connection, intents: Sequence[Sweep]) -> Sequence[tuple[Swept, frozenset[str]]]:
        """Sweep once for each intent. Returns what was done, and the batches that changed."""
        return [_sweep(connection, sweep) for sweep in intents]


def _sweep(connection: Connection, sweep: Sweep) -> tuple[Swept, frozenset[str]]:
    expired = list(connection.execute(_FIND_EXPIRED, {"expired_before": sweep.expired_before}))
    stuck = {
        row.id: (Completion(row.id, row.attempt, sweep.failure), sweep.now)
        for row in expired
        if row.starts >= sweep.max_starts
    }
    rescued = [(row.id, row.attempt, sweep.now, 0) for row in expired if row.starts < sweep.max_starts]
    _REQUEUE.run(connection, rescued)
    changed = _end(connection, stuck)
    return Swept(len(rescued), len(stuck)), changed


def _accept(connection: Connection, requests: Sequence[Completion | Requeue]) -> list[bool]:
    """Say of each request whether its lease is held. Of several under one lease the first ends it for the others."""
    held = _lock_held(connection, requests)
    accepted = []
    for request in requests:
        accepted.append(held.get(request.job_id) == request.attempt)
        if accepted[-1]:
            del held[request.job_id]
    return accepted


def _lock_held(connection: Connection, leases: Sequence[Lease | Completion | Requeue]) -> dict[str, int]:
    """Lock those of these jobs that are running. Returns the latest attempt of each."""
    if not leases:
        return {}
    rows = connection.execute(_LOCK_RUNNING, {"job_ids": sorted({lease.job_id for lease in leases})})
    return {row.id: row.attempt for row in rows}
