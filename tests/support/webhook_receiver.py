"""A receiver of webhooks on a real socket that remembers what arrived."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.server_log import PATIENCE_SECONDS

LARGEST_BODY = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request: its headers with names in lower case, and its body."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["x-webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    @property
    def subject(self) -> tuple[str, str]:
        """What is told of what: the event, and the id of the scoring job or the batch."""
        event = self.event
        return event["event"], event.get("scoringJobId") or event.get("batchId") or ""


@dataclass(slots=True)
class Receiver:
    """Answers every request with what `answer` returns, 204 unless a test says otherwise, and with `headers`."""

    url: str = ""
    arrivals: list[Arrival] = field(default_factory=list)
    answer: Callable[[Arrival], int] = lambda _arrival: 204
    headers: dict[str, str] = field(default_factory=dict)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        arrival = Arrival(headers, await request.read())
        self.arrivals.append(arrival)
        self._arrived.set()
        return web.Response(status=self.answer(arrival), headers=self.headers)

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until `reached`, which is asked after each arrival."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not reached():
                self._arrived.clear()
                await self._arrived.wait()

    def ids(self) -> dict[tuple[str, str], set[str]]:
        """Return the delivery ids under which each event arrived."""
        found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for arrival in self.arrivals:
            found[arrival.subject].add(arrival.id)
        return dict(found)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Yield a receiver on a free port of the loopback."""
    receiver = Receiver()
    application = web.Application(client_max_size=LARGEST_BODY)
    application.router.add_post("/{path:.*}", receiver.receive)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        receiver.url = f"http://{host}:{port}/webhooks"
        yield receiver
    finally:
        await runner.cleanup()
