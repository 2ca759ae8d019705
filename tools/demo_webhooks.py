"""Receives the webhooks of a demonstration, and checks that everything was told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from nova_server.cli.webhook_receiver import Arrival, Receiver, receiving
from nova_server.clock import SystemClock

from tools.demo_server import Server, Unexpected

ARRIVAL_SECONDS = 30
EVENTS = ("score.completed", "score.failed", "batch.completed")


@dataclass(slots=True)
class Webhooks:
    """What arrived, by its id: a webhook may come more than once."""

    arrivals: dict[str, Arrival] = field(default_factory=dict)
    _grew: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, arrival: Arrival) -> None:
        """Remember an arrival."""
        self.arrivals[arrival.id] = arrival
        self._grew.set()

    def counts(self) -> Counter[str]:
        """Return how many arrived of each event."""
        return Counter(arrival.event for arrival in self.arrivals.values())

    async def all_of(self, jobs: Mapping[str, Mapping[str, Any]]) -> None:
        """Wait until as many arrived as `jobs`, by application id, and their batch make. Raises Unexpected."""
        try:
            async with asyncio.timeout(ARRIVAL_SECONDS):
                while len(self.arrivals) <= len(jobs):
                    self._grew.clear()
                    await self._grew.wait()
        except TimeoutError:
            raise Unexpected(f"{len(self.arrivals)} webhooks came of {len(jobs) + 1}") from None


@asynccontextmanager
async def receiving_webhooks(server: Server) -> AsyncIterator[Webhooks]:
    """Receive the webhooks of the sandbox in this process, at an endpoint made for it."""
    webhooks = Webhooks()
    receiver = Receiver([], webhooks.note, SystemClock())
    async with receiving(receiver) as url:
        url += "nova"
        print(f"Receiving webhooks here: nova webhooks create --environment sandbox --url {url}")
        _, secret = server.run("webhooks", "create", "--environment", "sandbox", "--url", url).split()
        receiver.secrets.append(secret)
        yield webhooks


async def show_webhooks(webhooks: Webhooks, jobs: Mapping[str, Mapping[str, Any]]) -> None:
    """Wait for the webhooks of `jobs`, by application id, check them, and show one of each event."""
    await webhooks.all_of(jobs)
    check_webhooks(webhooks, jobs)
    counts = webhooks.counts()
    told = ", ".join(f"{counts[event]} {event}" for event in EVENTS)
    print(f"\nWebhooks that arrived and were verified: {told}. One of each:\n")
    examples = {arrival.event: arrival for arrival in webhooks.arrivals.values()}
    print("\n".join(f"  {examples[event].line()}" for event in EVENTS))


def check_webhooks(webhooks: Webhooks, jobs: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise Unexpected unless each of `jobs` was told of as it ended, and their batch once, and all was verified."""
    faults = [arrival.line() for arrival in webhooks.arrivals.values() if arrival.fault is not None]
    if faults:
        raise Unexpected(f"a webhook was not verified: {faults[0]}")
    ended = Counter(f"score.{job['status']}" for job in jobs.values())
    if webhooks.counts() != ended + Counter({"batch.completed": 1}):
        raise Unexpected(f"the webhooks are {dict(webhooks.counts())}")
    if _ends_told(webhooks) != {name: (job["score"], job["errorCode"]) for name, job in jobs.items()}:
        raise Unexpected("a webhook tells of another end than the batch")


def _ends_told(webhooks: Webhooks) -> dict[str, tuple[int | None, str | None]]:
    """Return score and error code of each application."""
    bodies = [arrival.body for arrival in webhooks.arrivals.values() if "applicationId" in arrival.body]
    return {
        body["applicationId"]: (body.get("result", {}).get("score"), body.get("error", {}).get("code"))
        for body in bodies
    }
