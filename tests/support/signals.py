"""Signals that a test can look at."""

from __future__ import annotations

from collections.abc import Iterable


class RecordedSignals:
    """A `Signals` that remembers what it was told."""

    def __init__(self) -> None:
        self.growths = 0
        self.deliveries = 0
        self.changed: list[str] = []

    def queue_grew(self) -> None:
        self.growths += 1

    def batches_changed(self, batch_ids: Iterable[str]) -> None:
        self.changed.extend(sorted(batch_ids))

    def deliveries_grew(self) -> None:
        self.deliveries += 1
