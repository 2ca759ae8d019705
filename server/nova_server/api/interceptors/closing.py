"""Refuses new calls while the server closes.

The transport answers a call that arrives while it shuts down with CANCELLED, which callers take for their own doing and
do not repeat. So calls are refused here first, as SERVICE_UNAVAILABLE, until no more of them come.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from nova_server.api.call import Call
from nova_server.api.interceptors.authentication import PROTECTED_PREFIX
from nova_server.errors import ServiceUnavailable

# Callers that keep calling although they are refused cannot hold up the end for longer than this.
MAX_CLOSING_SECONDS = 2.0


class ClosingInterceptor:
    """Lets every call pass until `close`. Calls that are being served then are left alone, and so is health."""

    def __init__(self) -> None:
        self._closing = False
        self._refused = asyncio.Event()

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncIterator[None]:
        """Serve `call`. Raises ServiceUnavailable after `close`."""
        if self._closing and call.method.startswith(PROTECTED_PREFIX):
            self._refused.set()
            raise ServiceUnavailable
        yield

    async def close(self, quiet_seconds: float) -> None:
        """Refuse calls from now on, and return when none has come for `quiet_seconds`."""
        self._closing = True
        with suppress(TimeoutError):
            async with asyncio.timeout(MAX_CLOSING_SECONDS):
                while True:
                    self._refused.clear()
                    await asyncio.wait_for(self._refused.wait(), quiet_seconds)
