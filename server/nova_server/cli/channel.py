"""The channel to the service, and what all calls over it have in common."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc.aio

from nova_server.cli.call_failure import read_failure
from nova_server.cli.failures import UsageFault

DEADLINE_SECONDS = 30.0

SCORING_SERVICE = "nova.scoring.v1.ScoringService"
CRITERIA_SERVICE = "nova.criteria.v1.CriteriaService"

Metadata = tuple[tuple[str, str], ...]


def _repeated(service: str, *methods: str, statuses: tuple[str, ...] = ("UNAVAILABLE",)) -> dict[str, Any]:
    return {
        "name": [{"service": service, "method": method} for method in methods],
        "retryPolicy": {
            "maxAttempts": 4,
            "initialBackoff": "0.2s",
            "maxBackoff": "2s",
            "backoffMultiplier": 3,
            "retryableStatusCodes": list(statuses),
        },
    }


# All of these are idempotent, SetCriteria by the key that it always carries, so the channel may repeat them when the
# server is away for a moment. ABORTED tells that the call which had the key first is still running.
SERVICE_CONFIG = {
    "methodConfig": [
        _repeated(SCORING_SERVICE, "SubmitScoringBatch", "GetScoringBatch"),
        _repeated(SCORING_SERVICE, "SubmitScoringJob", "GetScoringJob", "GetLatestScore"),
        _repeated(CRITERIA_SERVICE, "GetCurrentCriteriaVersion", "GetCriteriaVersion", "ListCriteriaVersions"),
        _repeated(CRITERIA_SERVICE, "SetCriteria", statuses=("UNAVAILABLE", "ABORTED")),
    ]
}


@dataclass(frozen=True, slots=True)
class Connection:
    """An open channel, and the metadata that says whose calls go over it."""

    channel: grpc.aio.Channel
    metadata: Metadata = field(repr=False)


@asynccontextmanager
async def connect(
    address: str, api_key: str, tenant: str, credentials: grpc.ChannelCredentials | None = None
) -> AsyncIterator[Connection]:
    """Open a channel to the service at `address` (host and port) for one tenant of the key's partner.

    Raises UsageFault when the key or the tenant cannot be sent in metadata.
    """
    require_sendable(api_key, "API key")
    require_sendable(tenant, "tenant")
    metadata = (("authorization", f"Bearer {api_key}"), ("x-tenant-id", tenant))
    async with _channel(address, credentials) as channel:
        yield Connection(channel, metadata)


def channel_credentials(
    authority: Path | None, certificate: Path | None, key: Path | None
) -> grpc.ChannelCredentials | None:
    """Return what TLS is spoken with, or None without an authority. Raises UsageFault, or OSError when unreadable."""
    if (certificate is None) != (key is None) or (certificate and not authority):
        raise UsageFault("--tls-certificate comes with --tls-key and --tls-ca.")
    if authority is None:
        return None
    return grpc.ssl_channel_credentials(
        authority.read_bytes(), key.read_bytes() if key else None, certificate.read_bytes() if certificate else None
    )


def require_sendable(value: str, what: str) -> None:
    """Raise UsageFault when `value` cannot be sent in metadata, which holds printable ASCII only.

    A key that was pasted with a line break is the common fault. `what` is what the value is, without an article.
    """
    if not (value.isascii() and value.isprintable()):
        raise UsageFault(f"The {what} may only hold printable ASCII characters.")


@contextmanager
def failures_read() -> Iterator[None]:
    """Turn what a failed call raises into CallFailed."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise read_failure(error) from error


def _channel(address: str, credentials: grpc.ChannelCredentials | None) -> grpc.aio.Channel:
    options = [("grpc.service_config", json.dumps(SERVICE_CONFIG))]
    if credentials is None:
        return grpc.aio.insecure_channel(address, options=options)
    return grpc.aio.secure_channel(address, credentials, options=options)
