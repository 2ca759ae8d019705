"""Counts calls by method and status, and measures how long they take."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import grpc.aio
from google.rpc import code_pb2

from nova_server.api.call import Call
from nova_server.api.interceptors.errors import refusal_of
from nova_server.errors import CATALOGUE
from nova_server.observability.metrics import Metrics
from nova_server.ports.clock import Clock


class MetricsInterceptor:
    """Observes every call, including those that are refused or hung up on."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        # Finding the child of a metric takes a lock and a search each time. There are as many as methods and statuses.
        self._requests = cache(metrics.grpc_requests.labels)
        self._seconds = cache(metrics.grpc_request_seconds.labels)
        self._clock = clock

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncIterator[None]:
        """Serve `call` and count it."""
        began = self._clock.monotonic()
        code = "OK"
        try:
            yield
        except BaseException as error:
            code = _code_name(error, call)
            raise
        finally:
            self._requests(call.method, code).inc()
            self._seconds(call.method).observe(self._clock.monotonic() - began)


def _code_name(error: BaseException, call: Call) -> str:
    """Return the name of the status that `error` becomes further out."""
    if isinstance(error, grpc.aio.AbortError):
        return call.context.code().name
    if isinstance(error, Exception) and not isinstance(error, grpc.aio.InternalError):
        return code_pb2.Code.Name(CATALOGUE[refusal_of(error).reason].grpc_code)
    return "CANCELLED"
