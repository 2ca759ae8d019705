"""The one place where an error becomes an answer, and the only one that aborts a call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc.aio
import structlog
from grpc_status import rpc_status

from nova_server.api.call import Call
from nova_server.api.status import status_of
from nova_server.errors import NovaError, ServiceUnavailable

log = structlog.get_logger()


class ErrorInterceptor:
    """Turns exceptions into statuses, and logs what callers are not told.

    An error of the catalogue says what it says. Anything else is a fault of ours: the caller gets INTERNAL_ERROR with
    the trace id, the log gets the exception's class and frames. Its text goes to neither, because it may quote the
    request. Cancellation is no `Exception` and passes through untouched.
    """

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncIterator[None]:
        """Serve `call`, and answer it with the status of the error that it ends with."""
        try:
            yield
        except (grpc.aio.AbortError, grpc.aio.InternalError):
            # A library service chose its own status, or the caller hung up while we wrote: grpc.aio deals with both.
            raise
        except Exception as error:
            refusal = refusal_of(error)
            _log(error, refusal, call)
            await call.context.abort_with_status(rpc_status.to_status(status_of(refusal, call.trace_id)))


def refusal_of(error: Exception) -> NovaError:
    """Return the error of the catalogue that stands for `error`."""
    return error if isinstance(error, NovaError) else NovaError()


def _log(error: Exception, refusal: NovaError, call: Call) -> None:
    if error is not refusal:
        log.error("call_failed", method=call.method, exc_info=error)
    elif isinstance(refusal, ServiceUnavailable):
        log.warning("call_unavailable", method=call.method, exc_info=error)
    else:
        log.debug("call_refused", method=call.method, refusal=type(refusal).__name__)
