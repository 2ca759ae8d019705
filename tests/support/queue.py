"""A queue that tells what was asked of it, a handler that waits to be let on, and metrics that remember."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nova_server.errors import StoreUnavailable
from nova_server.ports.queue import (
    Claim,
    Completion,
    Extension,
    JobQueue,
    Lease,
    Outcome,
    QueueDepth,
    Requeue,
    Sweep,
    Swept,
)

from tests.support.clock import PATIENCE_SECONDS
from tests.support.store import SCORED

Answer = TypeVar("Answer")


class ObservedQueue:
    """A `JobQueue` that passes everything on to another.

    `faults` are raised, by verb, instead. While the event of a verb in `held` is not set, its answers are kept back.
    """

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue
        self._asked: defaultdict[str, asyncio.Queue[Any]] = defaultdict(asyncio.Queue)
        self.faults: dict[str, Exception] = {}
        self.held: dict[str, asyncio.Event] = {}

    def go_away(self, *verbs: str) -> None:
        self.faults |= {verb: StoreUnavailable() for verb in verbs}

    def come_back(self) -> None:
        self.faults.clear()

    async def next(self, verb: str) -> Any:
        """Return the next request of this kind, once it was answered or refused."""
        return await asyncio.wait_for(self._asked[verb].get(), PATIENCE_SECONDS)

    def asked(self, verb: str) -> int:
        """Return how many requests of this kind nobody has looked at."""
        return self._asked[verb].qsize()

    async def claim(self, claim: Claim) -> Sequence[Lease]:
        return await self._pass("claim", claim, self._queue.claim)

    async def extend(self, extension: Extension) -> Sequence[Lease]:
        return await self._pass("extend", extension, self._queue.extend)

    async def complete(self, completion: Completion) -> bool:
        return await self._pass("complete", completion, self._queue.complete)

    async def requeue(self, requeue: Requeue) -> bool:
        return await self._pass("requeue", requeue, self._queue.requeue)

    async def sweep(self, sweep: Sweep) -> Swept:
        return await self._pass("sweep", sweep, self._queue.sweep)

    async def depth(self) -> QueueDepth:
        return await self._pass("depth", None, lambda _: self._queue.depth())

    async def _pass(self, verb: str, request: Any, ask: Callable[[Any], Awaitable[Answer]]) -> Answer:
        try:
            if verb in self.faults:
                raise self.faults[verb]
            answer = await ask(request)
        finally:
            self._asked[verb].put_nowait(request)
        if verb in self.held:
            await self.held[verb].wait()
        return answer


class Handling:
    """A handler. Each job waits until `open` is set, then has the outcome of `outcome`, which may raise."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.outcome: Callable[[Lease], Outcome] = lambda _lease: SCORED
        self.running = 0
        self.most_running = 0
        self.cancelled = asyncio.Event()
        self._started: asyncio.Queue[Lease] = asyncio.Queue()

    async def __call__(self, lease: Lease) -> Outcome:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self._started.put_nowait(lease)
        try:
            await self.open.wait()
            return self.outcome(lease)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        finally:
            self.running -= 1

    async def next(self) -> Lease:
        """Return the next job that was begun."""
        return await asyncio.wait_for(self._started.get(), PATIENCE_SECONDS)


@dataclass(slots=True)
class RecordedMetrics:
    """What a worker and a sweeper reported."""

    finished: list[str] = field(default_factory=list)
    retried: int = 0
    lost: int = 0
    swept: list[Swept] = field(default_factory=list)
    measured: list[tuple[QueueDepth, float]] = field(default_factory=list)

    def job_finished(self, outcome: str) -> None:
        self.finished.append(outcome)

    def job_retried(self) -> None:
        self.retried += 1

    def lease_lost(self) -> None:
        self.lost += 1

    def leases_swept(self, swept: Swept) -> None:
        self.swept.append(swept)

    def queue_measured(self, depth: QueueDepth, oldest_age_seconds: float) -> None:
        self.measured.append((depth, oldest_age_seconds))
