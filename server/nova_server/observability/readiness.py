"""Asks whether a process does its work, so that the question itself cannot hang or fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)

# A store that does not answer within this time is not ready, whatever it would have said.
READINESS_TIMEOUT_SECONDS = 2.0

Readiness = Callable[[], Awaitable[bool]]


async def is_ready(readiness: Readiness) -> bool:
    """Return what `readiness` says. One that fails, or says nothing in time, is a no."""
    try:
        async with asyncio.timeout(READINESS_TIMEOUT_SECONDS):
            return await readiness()
    except Exception as error:
        log.warning("readiness_failed", exc_info=error)
        return False
