"""The system's clock."""

from __future__ import annotations

import asyncio
import time

from nova_server.ports.clock import Instant


class SystemClock:
    """The real `Clock`."""

    def now(self) -> Instant:
        return Instant(time.time_ns() // 1000)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
