"""The criteria of versions that follow from texts: derived when they are first asked for, and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from nova_server.ports.criteria import CriteriaStore, Criterion
from nova_server.ports.scorer import Scorer, ScorerFailed
from nova_server.scoring import criteria_edits


class DerivedCriteria:
    """Derives the criteria of a version once, however many jobs and callers wait for them."""

    def __init__(self, store: CriteriaStore, scorer: Scorer) -> None:
        self._store = store
        self._scorer = scorer
        self._running: dict[str, asyncio.Task[tuple[Criterion, ...]]] = {}

    async def derive(self, version_id: str) -> Sequence[Criterion]:
        """Return the criteria of a version, as they are stored then.

        Another process may derive them at the same time: what is stored first is what counts. Raises ScorerFailed
        (also when the texts are gone), ScorerTimedOut, ScorerBusy or StoreUnavailable.
        """
        task = self._running.get(version_id)
        if task is None:
            task = self._running[version_id] = asyncio.create_task(self._derive(version_id), name="derive criteria")
            task.add_done_callback(lambda ended: self._end(version_id, ended))
        return await asyncio.shield(task)  # the one who asked first may leave before the others

    async def _derive(self, version_id: str) -> tuple[Criterion, ...]:
        source = await self._store.read_texts(version_id)
        if source is None:
            raise ScorerFailed
        found = await self._scorer.derive_criteria(source.texts)
        return await self._store.save_derived(
            version_id, criteria_edits.derived(source.job_id, found, source.created_at)
        )

    def _end(self, version_id: str, ended: asyncio.Task[tuple[Criterion, ...]]) -> None:
        del self._running[version_id]
        if not ended.cancelled():
            ended.exception()  # seen, even if everybody who asked has left
