"""A small model of a queue, which a history either follows or not.

A row is queued with attempt 0. Whoever claims it raises the attempt and has it until he ends it or returns it, or until
it is rescued from him. Nobody else ends it, and nothing happens to it after its end. The end of a scoring job has one
result, written with it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.support.queue_history import DELIVERIES, JOBS, RESULTS, Change

ENDS = {JOBS: ("completed", "failed"), DELIVERIES: ("delivered", "failed")}


class IllegalHistory(AssertionError):
    """A change that the model does not allow, with all that happened to the row before."""


@dataclass(slots=True)
class Row:
    """A row as the model knows it. `holder` is who claimed it last, `ended_in` the transaction of its end."""

    past: list[Change] = field(default_factory=list)
    state: str = ""
    attempt: int = 0
    holder: str = ""
    ended_in: int | None = None
    results: int = 0

    def follow(self, change: Change) -> str:
        """Take the next change. Returns what it was. Raises IllegalHistory when it may not happen."""
        self.past.append(change)
        verdict = self._result(change) if change.place == RESULTS else self._step(change)
        if verdict is None:
            raise IllegalHistory("\n".join(map(str, self.past)))
        return verdict

    def _result(self, change: Change) -> str | None:
        self.results += 1
        return "scored" if change.operation == "INSERT" and self.results == 1 else None

    def _step(self, change: Change) -> str | None:
        """Return what a change was, or None when there is no such step from here."""
        step, before = (self.state, change.state), self.attempt
        same, new = change.attempt == before, change.attempt == before + 1
        self.state, self.attempt = change.state or "", change.attempt or 0
        if change.operation == "INSERT":
            return "queued" if step == ("", "pending") and same else None
        if change.operation != "UPDATE" or self.ended_in is not None:
            return None
        if step == ("pending", "running") and new and change.owner:
            self.holder = change.writer
            return "claimed"
        return self._leased_step(change, step) if same else None

    def _leased_step(self, change: Change, step: tuple[str, str | None]) -> str | None:
        mine = change.writer == self.holder
        if step == ("running", "running") and mine and change.owner:
            return "renewed"
        if step == ("running", "pending") and not change.owner:
            return "returned" if mine else "rescued"
        if step[0] == "running" and step[1] in ENDS[change.place] and mine and not change.owner:
            self.ended_in = change.transaction
            return "ended"
        return None


def follow(changes: Sequence[Change]) -> dict[str, Counter[str]]:
    """Follow a history from its beginning. Returns how often what happened in each queue.

    Raises IllegalHistory when it departs from the model, and when a scoring job has not exactly the result of its end.
    """
    rows: defaultdict[tuple[str, str], Row] = defaultdict(Row)
    counts = {JOBS: Counter[str](), DELIVERIES: Counter[str]()}
    for change in changes:
        queue = JOBS if change.place == RESULTS else change.place
        counts[queue][rows[queue, change.id].follow(change)] += 1
    for (queue, _), row in rows.items():
        if queue == JOBS and _transactions_of_results(row) != ([] if row.ended_in is None else [row.ended_in]):
            raise IllegalHistory("\n".join(map(str, row.past)))
    return counts


def unended(changes: Sequence[Change], queue: str) -> set[str]:
    """Return the ids of those rows of a queue whose last change was no end."""
    last = {change.id: change.state for change in changes if change.place == queue}
    return {id_ for id_, state in last.items() if state not in ENDS[queue]}


def _transactions_of_results(row: Row) -> list[int]:
    return [change.transaction for change in row.past if change.place == RESULTS]
