"""Which reason a failed attempt is recorded under. The text of an error, which may hold the URL, is not kept."""

from __future__ import annotations

import ssl
from http import HTTPStatus
from typing import Final

import aiohttp

from nova_server.egress.denied import EgressDenied
from nova_server.ports.webhooks import FailureReason

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

# What the HTTP client may raise before it has an answer. ValueError is for headers that it cannot make sense of.
FAULTS: Final = (EgressDenied, aiohttp.ClientError, OSError, ValueError)

# The first kind that an error is of names the reason. Most of them are kinds of OSError, which stands for the rest.
_REASONS: Final[tuple[tuple[type[Exception], FailureReason], ...]] = (
    (EgressDenied, FailureReason.ADDRESS_REFUSED),
    (TimeoutError, FailureReason.TIMEOUT),
    (aiohttp.ClientConnectorDNSError, FailureReason.NAME_NOT_RESOLVED),
    (aiohttp.ClientSSLError, FailureReason.TLS_FAILED),
    (ssl.SSLError, FailureReason.TLS_FAILED),
    (aiohttp.ClientConnectionError, FailureReason.CONNECTION_FAILED),
    (OSError, FailureReason.CONNECTION_FAILED),
)


def reason_of_fault(error: Exception) -> FailureReason:
    """Return why there was no answer."""
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), FailureReason.MALFORMED_ANSWER)


def reason_of_status(status: int) -> FailureReason | None:
    """Return why an answer with this status is a failure, or None when it is none."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    if status in _REDIRECTS:
        return FailureReason.REDIRECT
    return FailureReason.GONE if status == HTTPStatus.GONE else FailureReason.STATUS
