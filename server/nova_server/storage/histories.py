"""Which job of an application answers a submission of it alone, as far as one of its jobs does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from nova_server.ports.clock import Instant
from nova_server.storage.scoring_jobs import FIRST, ApplicationKey, FoundJob


class PastJob(NamedTuple):
    """A job of an application, as far as later submissions depend on it."""

    rescore_key: str
    criteria_version_id: str
    made_by_rescore: bool
    queued_at: Instant


class History:
    """What later submissions depend on: the first job, the latest, and for which versions it was scored again."""

    def __init__(self) -> None:
        self._first: PastJob | None = None
        self._latest: PastJob | None = None
        self._rescored: set[str] = set()

    def add(self, job: PastJob) -> None:
        """Add a job that was submitted after all others that were added."""
        self._first = self._first or job
        self._latest = job
        self._rescored.add(job.rescore_key)

    def know(self, rescore_key: str) -> None:
        """Take note of a job that was submitted at whatever time between the first and the latest."""
        self._rescored.add(rescore_key)

    def latest(self) -> str | None:
        """Return the rescore key of the job that was submitted last, or None when there is none."""
        return None if self._latest is None else self._latest.rescore_key

    def rescored(self, version_id: str) -> str | None:
        """Return the rescore key of the job that was made to score the application against a version, or None."""
        first = self._first
        if first is not None and first.made_by_rescore and first.criteria_version_id == version_id:
            return FIRST
        return version_id if version_id in self._rescored else None

    def next_key(self, version_id: str) -> str:
        """Return the rescore key of a new job: the first one is ordinary, also when it answers a rescore."""
        return FIRST if self._first is None else version_id

    def next_time(self, now: Instant) -> Instant:
        """Return when a new job counts as submitted: after all others, whatever the clock says."""
        return now if self._latest is None else max(now, Instant(self._latest.queued_at + 1))


def histories(jobs: Iterable[FoundJob]) -> defaultdict[ApplicationKey, History]:
    """Return the history of each application. `jobs` are the first and the latest of each, in this order."""
    found: defaultdict[ApplicationKey, History] = defaultdict(History)
    for job in jobs:
        past = PastJob(job.identity.rescore_key, job.criteria_version_id, job.made_by_rescore, job.queued_at)
        found[job.identity.application].add(past)
    return found
