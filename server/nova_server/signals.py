"""Signals between the parts of one process."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class ProcessSignals:
    """Implements `ports.signals.Signals` for the worker and the watchers of this process."""

    def __init__(self) -> None:
        self.queue = asyncio.Event()
        self.deliveries = asyncio.Event()
        self._watchers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def queue_grew(self) -> None:
        self.queue.set()

    def deliveries_grew(self) -> None:
        self.deliveries.set()

    def batches_changed(self, batch_ids: Iterable[str]) -> None:
        for batch_id in batch_ids:
            for event in self._watchers.get(batch_id, ()):
                event.set()

    @contextmanager
    def watch(self, batch_id: str) -> Iterator[asyncio.Event]:
        """Yield an event that is set whenever a job of the batch ended."""
        event = asyncio.Event()
        self._watchers[batch_id].add(event)
        try:
            yield event
        finally:
            self._watchers[batch_id].discard(event)
            if not self._watchers[batch_id]:
                del self._watchers[batch_id]

    def wake_all(self) -> None:
        """Wake everybody who waits, so that they see that the process is stopping."""
        self.queue.set()
        self.deliveries.set()
        self.batches_changed(list(self._watchers))
