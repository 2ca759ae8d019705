"""The parts of one queue in one process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nova_server.ports.lifecycle import Service
from nova_server.queue.sweeper import Sweeper
from nova_server.queue.worker import Worker


@dataclass(frozen=True, slots=True)
class QueueLane:
    """A sweeper and a worker, or only one of them, or none, as the roles say. `helpers` are what the worker needs."""

    sweeper: Sweeper | None = None
    worker: Worker | None = None
    helpers: Sequence[Service] = ()

    @property
    def parts(self) -> list[Service]:
        """The parts that run once the helpers do, the sweeper first: it must look before anything is claimed."""
        return [part for part in (self.sweeper, self.worker) if part is not None]

    def healthy(self) -> bool:
        """Tell whether the parts that there are do their work."""
        swept = self.sweeper is None or self.sweeper.healthy()
        return swept and (self.worker is None or self.worker.ready())
