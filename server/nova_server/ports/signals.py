"""How one part tells another that there is something to look at. A missed signal costs time and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Signals(Protocol):
    """Told by the store after each commit."""

    def queue_grew(self) -> None:
        """Say that there may be jobs to claim."""
        ...

    def batches_changed(self, batch_ids: Iterable[str]) -> None:
        """Say that jobs of these batches ended."""
        ...

    def deliveries_grew(self) -> None:
        """Say that there may be webhooks to deliver."""
        ...
