"""What becomes of a list of criteria: pure functions from one set to the next.

Ids stay the same from version to version. The id of a new criterion follows from the job and the text, so that setting
a job's criteria back to what they were before gives the same ids, and with them the same version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256

from nova_server.errors import CriteriaLimitReached, CriterionNotFound
from nova_server.ports.clock import Instant
from nova_server.ports.criteria import Criterion
from nova_server.ports.scorer import MAX_CRITERIA, CriterionText, Importance

# As the ids of the public samples: `crit_` and 12 hex digits. They only have to differ within a job.
_PREFIX = "crit_"
_HEX_DIGITS = 12

CriteriaSet = tuple[Criterion, ...]


def derived(job_id: str, texts: Sequence[CriterionText], now: Instant) -> CriteriaSet:
    """Return the criteria that a scorer found in the texts of a job."""
    return replaced(job_id, (), texts, now)


def replaced(job_id: str, current: Sequence[Criterion], texts: Sequence[CriterionText], now: Instant) -> CriteriaSet:
    """Return a whole new set. A criterion with the exact text of a current one is that one, with its id."""
    kept = list(current)
    taken: set[str] = set()
    criteria = []
    for given in texts:
        same = next((one for one in kept if one.text == given.text), None)
        if same is not None:
            kept.remove(same)
            criteria.append(replace(same, importance=given.importance))
        else:
            criteria.append(_new(job_id, given, taken | {one.id for one in current}, now))
        taken.add(criteria[-1].id)
    return tuple(criteria)


def added(
    job_id: str, current: Sequence[Criterion], given: CriterionText, now: Instant
) -> tuple[CriteriaSet, Criterion]:
    """Return the set with one more at its end, and that one. Raises CriteriaLimitReached."""
    if len(current) >= MAX_CRITERIA:
        raise CriteriaLimitReached
    new = _new(job_id, given, {one.id for one in current}, now)
    return (*current, new), new


def updated(
    current: Sequence[Criterion], criterion_id: str, text: str | None, importance: Importance | None
) -> tuple[CriteriaSet, Criterion]:
    """Return the set with one changed in its place, and that one. Raises CriterionNotFound."""
    before = _find(current, criterion_id)
    after = replace(before, text=text or before.text, importance=importance or before.importance)
    return tuple(after if one is before else one for one in current), after


def removed(current: Sequence[Criterion], criterion_id: str) -> CriteriaSet:
    """Return the set without one. Raises CriterionNotFound."""
    gone = _find(current, criterion_id)
    return tuple(one for one in current if one is not gone)


def _find(current: Iterable[Criterion], criterion_id: str) -> Criterion:
    for criterion in current:
        if criterion.id == criterion_id:
            return criterion
    raise CriterionNotFound


def _new(job_id: str, given: CriterionText, taken: set[str], now: Instant) -> Criterion:
    """Make a criterion. The second of two with the same text, or with an id that is taken, gets the next id."""
    occurrence = 0
    while (new_id := _id(job_id, given.text, occurrence)) in taken:
        occurrence += 1
    return Criterion(new_id, given.text, given.importance, now)


def _id(job_id: str, text: str, occurrence: int) -> str:
    digest = sha256(f"{len(job_id)};{job_id};{occurrence};{text}".encode()).hexdigest()
    return _PREFIX + digest[:_HEX_DIGITS]
