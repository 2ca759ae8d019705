"""What a failed fetch means for the scoring job: its code, and whether another try may succeed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

import aiohttp
from nova.errors.v1 import error_reason_pb2

from nova_server.egress.denied import EgressDenied
from nova_server.ports.resumes import ResumeFailed

_PASSING_STATUSES: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_NO_SUCH_NAME: Final = frozenset({socket.EAI_NONAME, socket.EAI_NODATA})

# A refused address, a certificate that does not verify, an answer that is not HTTP: each would be the same next time.
_LASTING: Final = (EgressDenied, aiohttp.ClientSSLError, aiohttp.ClientResponseError, aiohttp.InvalidURL)


def fetch_failed(*, passing: bool) -> ResumeFailed:
    """Return the failure of a fetch that brought no document."""
    return ResumeFailed(error_reason_pb2.RESUME_FETCH_FAILED, passing=passing)


def status_failure(status: int) -> ResumeFailed:
    """Return the failure that an HTTP status other than success stands for."""
    return fetch_failed(passing=status in _PASSING_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR)


@contextmanager
def failures_as_resume_failed() -> Iterator[None]:
    """Turn what an HTTP client or the disk raises into ResumeFailed.

    The cause is cut off: its text may hold the URL, which must not reach a log.
    """
    try:
        yield
    except (EgressDenied, aiohttp.ClientError, OSError) as error:
        raise fetch_failed(passing=_may_pass(error)) from None


def _may_pass(error: Exception) -> bool:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return error.os_error.errno not in _NO_SUCH_NAME
    return not isinstance(error, _LASTING)
