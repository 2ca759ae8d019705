"""What the deletion of old jobs will ask of the store, as far as it takes indexes.

Ids sort by time. So jobs that are old enough are found by walking through the primary key, a stretch at a time, with no
index of its own, whatever age each tenant wants its jobs to reach: those that are to stay are passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nova_server.storage.json_rows import among, texts_parameter
from nova_server.storage.schema import (
    scoring_batch_jobs,
    scoring_batches,
    scoring_inputs,
    scoring_jobs,
    scoring_results,
)
from sqlalchemy import Connection, bindparam, delete, select

_jobs = scoring_jobs.c
_members = scoring_batch_jobs.c
_WALK = (
    select(_jobs.id, _jobs.tenant_id, _jobs.state)
    .where(_jobs.id > bindparam("after"), _jobs.id < bindparam("before"))
    .order_by(_jobs.id)
    .limit(bindparam("length"))
)
_FIND_BATCHES = select(_members.batch_id).where(among(_members.scoring_job_id, "ids")).distinct()
_DELETE = (
    delete(scoring_results).where(among(scoring_results.c.scoring_job_id, "ids")),
    delete(scoring_inputs).where(among(scoring_inputs.c.scoring_job_id, "ids")),
    delete(scoring_batch_jobs).where(among(_members.scoring_job_id, "ids")),
    delete(scoring_jobs).where(among(_jobs.id, "ids")),
)
_has_members = select(_members.position).where(_members.batch_id == scoring_batches.c.id).exists()
_DELETE_EMPTY = delete(scoring_batches).where(among(scoring_batches.c.id, "ids"), ~_has_members)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The next jobs after an id, as far as they are from before a time, which is the beginning of an id."""

    after: str
    before: str
    length: int


class DeleteEnded:
    """An operation that deletes the jobs of a stretch that have ended. Returns how many."""

    def apply(self, connection: Connection, intents: Sequence[Stretch]) -> Sequence[int]:
        return [_delete(connection, one) for one in intents]


def _delete(connection: Connection, stretch: Stretch) -> int:
    parameters = {"after": stretch.after, "before": stretch.before, "length": stretch.length}
    rows = connection.execute(_WALK, parameters)
    ended = texts_parameter("ids", [row.id for row in rows if row.state in ("completed", "failed")])
    batches = list(connection.execute(_FIND_BATCHES, ended).scalars())
    *_, deleted = [connection.execute(statement, ended).rowcount for statement in _DELETE]
    connection.execute(_DELETE_EMPTY, texts_parameter("ids", batches))
    return deleted
