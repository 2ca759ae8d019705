"""Ends unary calls that take too long, whether or not their caller set a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nova_server.api.call import Call
from nova_server.errors import ServiceUnavailable


class DeadlineInterceptor:
    """Gives a unary call the time that its caller gives it, but no more than `default_deadline_seconds`.

    A stream lasts as long as there is something to tell and its caller listens, so it is not cut.
    """

    def __init__(self, default_deadline_seconds: float) -> None:
        self._default_seconds = default_deadline_seconds

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncIterator[None]:
        """Serve `call`. Raises ServiceUnavailable when its time is over."""
        deadline = asyncio.timeout(None if call.streams else self._seconds(call))
        try:
            async with deadline:
                yield
        except TimeoutError as error:
            # A TimeoutError of the call's own doing is no deadline of ours.
            if not deadline.expired():
                raise
            raise ServiceUnavailable("The call did not end within its deadline. Try again shortly.") from error

    def _seconds(self, call: Call) -> float:
        # None when the caller set no deadline, although the annotation of grpc.aio does not say so.
        given: float | None = call.context.time_remaining()
        return self._default_seconds if given is None else min(given, self._default_seconds)
