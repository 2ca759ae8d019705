"""A worker and a sweeper on a real queue, with time that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from nova_server.ports.clock import plus_seconds
from nova_server.ports.queue import Failed, Sweep
from nova_server.queue.sweeper import Sweeper
from nova_server.queue.worker import Worker, WorkerOptions
from nova_server.signals import ProcessSignals

from tests.support.queue import Handling, ObservedQueue, RecordedMetrics
from tests.support.store import STUCK, StoreUnderTest
from tests.support.submissions import submission

HEARTBEAT_SECONDS = 10
SWEEP_SECONDS = 10
EXHAUSTED = Failed("MAX_RETRIES_EXCEEDED", "Scoring the application kept failing.")


@pytest.fixture
def queue(store: StoreUnderTest) -> ObservedQueue:
    return ObservedQueue(store.queue)


@pytest.fixture
async def handling() -> Handling:
    return Handling()


@pytest.fixture
def metrics() -> RecordedMetrics:
    return RecordedMetrics()


@dataclass(slots=True)
class Work:
    """A worker and everything around it."""

    store: StoreUnderTest
    signals: ProcessSignals
    queue: ObservedQueue
    handling: Handling
    metrics: RecordedMetrics
    worker: Worker

    async def submit(self, *names: str) -> None:
        await self.store.submit(submission(*names))

    async def elapse(self, seconds: float, sleepers: int = 1) -> None:
        """Let time pass once the heartbeat, and whoever else is expected to, sleeps; then have the queue looked at."""
        await self.store.clock.until_asleep(sleepers)
        self.store.clock.advance(seconds)
        self.signals.queue_grew()

    async def lose_leases(self) -> None:
        """Give every running job to another worker, as if this one had been silent for too long."""
        now = self.store.clock.now()
        await self.store.queue.sweep(Sweep(now, plus_seconds(now, 3_600), 100, STUCK))
        await self.store.claim()


StartWork = Callable[..., Awaitable[Work]]


@pytest.fixture
async def start_work(
    store: StoreUnderTest,
    signals: ProcessSignals,
    queue: ObservedQueue,
    handling: Handling,
    metrics: RecordedMetrics,
) -> AsyncIterator[StartWork]:
    """Start a worker, by default one with four places. What still runs at the end is let on, or stopped."""
    started: list[Worker] = []

    async def start(
        *, concurrency: int = 4, group_limit: int = 100, max_starts: int = 5, grace_seconds: float = 0.05
    ) -> Work:
        options = WorkerOptions(
            owner="worker-1",
            concurrency=concurrency,
            group_limit=group_limit,
            lease_seconds=30,
            heartbeat_seconds=HEARTBEAT_SECONDS,
            max_starts=max_starts,
            grace_seconds=grace_seconds,
            exhausted=EXHAUSTED,
        )
        worker = Worker(queue, handling, options, store.clock, signals.queue, metrics, random=lambda: 0.5)
        started.append(worker)
        await worker.start()
        return Work(store, signals, queue, handling, metrics, worker)

    yield start
    queue.come_back()
    for worker in started:
        await worker.stop()


@pytest.fixture
async def sweeper(store: StoreUnderTest, queue: ObservedQueue, metrics: RecordedMetrics) -> AsyncIterator[Sweeper]:
    sweeper = Sweeper(queue, store.clock, metrics, interval_seconds=SWEEP_SECONDS, max_starts=2, stuck=STUCK)
    yield sweeper
    await sweeper.stop()
