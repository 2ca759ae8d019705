"""Hears what other processes announce, and passes it on as signals.

What is missed while the connection is away costs time and nothing else, because everybody looks by himself as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import asyncpg
import structlog

from nova_server.observability.background import run_in_background
from nova_server.ports.clock import Clock
from nova_server.ports.signals import Signals
from nova_server.storage.announcements import BATCHES_CHANGED, DELIVERIES_GREW, QUEUE_GREW
from nova_server.storage.postgresql.faults import is_unavailable

log = structlog.get_logger(__name__)

CHECK_SECONDS = 10.0  # between two questions whether the connection is still one
CHECK_TIMEOUT_SECONDS = 5.0
RECONNECT_SECONDS = 1.0


class Listener:
    """A `Service` with one connection. `url` has to lead to the server itself: a pooler forgets who listens."""

    name = "listener"

    def __init__(self, url: str, signals: Signals, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._hear: Mapping[str, Callable[[str], None]] = {
            QUEUE_GREW: lambda _nothing: signals.queue_grew(),
            DELIVERIES_GREW: lambda _nothing: signals.deliveries_grew(),
            BATCHES_CHANGED: lambda ids: signals.batches_changed(ids.split()),
        }
        self._listening: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()

    async def start(self) -> None:
        self._listening = run_in_background(self._listen_forever(), self.name)

    def ready(self) -> bool:
        """Tell whether it listens, or tries to."""
        return self._listening is not None and not self._listening.done()

    async def stop(self) -> None:
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.cancel()
            await asyncio.wait([listening])

    async def _listen_forever(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:
                if not (is_unavailable(error) or isinstance(error, OSError)):
                    raise
                log.warning("listener_lost", error=type(error).__name__)
            finally:
                self.connected.clear()
            await self._clock.sleep(RECONNECT_SECONDS)

    async def _listen(self) -> None:
        """Listen until the connection is lost, and then raise why."""
        connection = await asyncpg.connect(self._url, timeout=CHECK_TIMEOUT_SECONDS)
        try:
            for channel in self._hear:
                await connection.add_listener(channel, self._pass_on)
            self.connected.set()
            self._catch_up()
            while True:
                await self._clock.sleep(CHECK_SECONDS)
                await connection.execute("SELECT 1", timeout=CHECK_TIMEOUT_SECONDS)
        finally:
            connection.terminate()

    def _catch_up(self) -> None:
        """Let everybody look for what was not heard."""
        self._hear[QUEUE_GREW]("")
        self._hear[DELIVERIES_GREW]("")

    def _pass_on(self, _connection: Any, _process: int, channel: str, payload: object) -> None:
        self._hear[channel](str(payload))
