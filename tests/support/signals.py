"""Signals that a test can look at, and wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from tests.support.clock import PATIENCE_SECONDS


class RecordedSignals:
    """A `Signals` that remembers what it was told."""

    def __init__(self) -> None:
        self.growths = 0
        self.deliveries = 0
        self.changed: list[str] = []
        self._told = asyncio.Event()

    def queue_grew(self) -> None:
        self.growths += 1
        self._told.set()

    def batches_changed(self, batch_ids: Iterable[str]) -> None:
        self.changed.extend(sorted(batch_ids))
        self._told.set()

    def deliveries_grew(self) -> None:
        self.deliveries += 1
        self._told.set()

    async def until(self, holds: Callable[[RecordedSignals], bool]) -> None:
        """Wait until what it was told makes a condition hold. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds(self):
                self._told.clear()
                await self._told.wait()
