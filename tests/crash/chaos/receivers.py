"""Receivers of webhooks that fail now and then, and what each of them has to hear."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random

from nova_server.foundation import open_webhooks
from nova_server.ports.tenancy import Caller, Environment
from nova_server.settings import Settings

from tests.crash.chaos.doors import Promise
from tests.support.webhook_receiver import Arrival, Receiver, receiving

RECEIVERS = 2
FAILING = 0.1  # of all requests
MOST_FAILURES = 2  # of one event at one receiver: after five the service gives it up
OWNER = Caller("partner-1", Environment.SANDBOX)
Subject = tuple[str, str]


@dataclass
class Receivers:
    """Endpoints of one partner, each with a receiver of its own. `failures` counts the refusals of each event."""

    all: list[Receiver]
    random: Random
    failures: Counter[tuple[str, str]] = field(default_factory=Counter)

    def answer(self, receiver: Receiver, arrival: Arrival) -> int:
        """Return the status with which a request is answered."""
        event = (receiver.url, arrival.id)
        if self.random.random() < FAILING and self.failures[event] < MOST_FAILURES:
            self.failures[event] += 1
            return 500
        return 204

    async def until_told(self, promises: Iterable[Promise]) -> set[Subject]:
        """Wait until every receiver has heard of every end of a promised batch, and return what that is."""
        expected = events_of(promises)
        for receiver in self.all:
            await receiver.until(partial(_has_heard, receiver, expected))
        return expected

    def arrivals(self) -> int:
        """Return how many requests came."""
        return sum(len(receiver.arrivals) for receiver in self.all)

    def assert_told(self, expected: set[Subject]) -> None:
        """Check that every receiver heard of just this, of each event under one id, and with one body."""
        for receiver in self.all:
            assert receiver.ids().keys() == expected
            assert {len(ids) for ids in receiver.ids().values()} <= {1}
            bodies = {(arrival.subject, arrival.body) for arrival in receiver.arrivals}
            assert len(bodies) == len(expected)


def _has_heard(receiver: Receiver, expected: set[Subject]) -> bool:
    return expected <= receiver.ids().keys()


@asynccontextmanager
async def failing_receivers(url: str, random: Random) -> AsyncIterator[Receivers]:
    """Run receivers, and make them endpoints of the partner in the store at `url`."""
    async with AsyncExitStack() as stack:
        running = [await stack.enter_async_context(receiving()) for _ in range(RECEIVERS)]
        receivers = Receivers(running, random)
        webhooks = await stack.enter_async_context(open_webhooks(Settings(database_url=url)))
        for receiver in receivers.all:
            receiver.answer = partial(receivers.answer, receiver)
            await webhooks.create_endpoint(OWNER, receiver.url, name=None, events=(), enabled=True)
        yield receivers


def events_of(promises: Iterable[Promise]) -> set[Subject]:
    """Return what has to be told of promised batches: each score once, and the end of each batch."""
    batches = list(promises)
    scores = {("score.completed", job) for batch in batches for job in batch.scoring_job_ids.values()}
    return scores | {("batch.completed", batch.batch_id) for batch in batches}
