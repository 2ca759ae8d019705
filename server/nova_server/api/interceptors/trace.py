"""Gives every call a trace id: on the answer as `x-trace-id`, and on every log line."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from nova_server.api.call import Call

TRACE_ID_METADATA = "x-trace-id"
# What Envoy sends: a UUID.
_REQUEST_ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
# W3C Trace Context, section 3.2: version, trace id, parent id, flags; versions after 00 may add parts at the end.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
_ALL_ZERO = "0" * 32


def new_trace_id() -> str:
    """Return 32 random hex digits."""
    return secrets.token_hex(16)


class TraceInterceptor:
    """Takes the trace id that the caller brings when it is well-formed, and makes one otherwise."""

    def __init__(self, new_id: Callable[[], str] = new_trace_id) -> None:
        self._new_id = new_id

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncIterator[None]:
        """Serve `call` with its trace id known to the caller and to the log, however it ends."""
        call.trace_id = brought_trace_id(call) or self._new_id()
        structlog.contextvars.bind_contextvars(trace_id=call.trace_id)
        if call.streams:
            await _tell(call)
            yield
            return
        # Not before there is an answer: once a gateway has passed on the beginning of one, all that it can do when this
        # process dies is to break off, which callers take for INTERNAL and not for a call to be repeated.
        try:
            yield
        except Exception:
            await _tell(call)
            raise
        await _tell(call)


async def _tell(call: Call) -> None:
    await call.context.send_initial_metadata(((TRACE_ID_METADATA, call.trace_id),))


def brought_trace_id(call: Call) -> str | None:
    """Return the trace id in `x-request-id`, or else in `traceparent`, in 32 lower-case hex digits."""
    request_id = call.text("x-request-id")
    if request_id and _REQUEST_ID.fullmatch(request_id):
        return request_id.replace("-", "").lower()
    parent = _TRACEPARENT.fullmatch(call.text("traceparent") or "")
    return parent[1] if parent and parent[1] != _ALL_ZERO else None
