"""Calls to the scoring service."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import grpc.aio
from nova.scoring.v1.scoring_service_pb2 import (
    GetScoringBatchRequest,
    GetScoringBatchResponse,
    SubmitScoringBatchRequest,
    SubmitScoringBatchResponse,
    WatchScoringBatchRequest,
    WatchScoringBatchResponse,
)
from nova.scoring.v1.scoring_service_pb2_grpc import ScoringServiceStub

from nova_server.cli.call_failure import read_failure
from nova_server.cli.failures import UsageFault

if TYPE_CHECKING:  # the stub of an asyncio channel has a type of its own, and no class
    from nova.scoring.v1.scoring_service_pb2_grpc import ScoringServiceAsyncStub

DEADLINE_SECONDS = 30.0

# Both calls are idempotent, so the channel may repeat them when the server is away for a moment.
SERVICE_CONFIG = {
    "methodConfig": [
        {
            "name": [
                {"service": "nova.scoring.v1.ScoringService", "method": "SubmitScoringBatch"},
                {"service": "nova.scoring.v1.ScoringService", "method": "GetScoringBatch"},
            ],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.2s",
                "maxBackoff": "2s",
                "backoffMultiplier": 3,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}

Metadata = tuple[tuple[str, str], ...]


class ScoringClient:
    """The rpcs that the commands use. Every method raises CallFailed."""

    def __init__(self, stub: ScoringServiceAsyncStub, metadata: Metadata) -> None:
        self._stub = stub
        self._metadata = metadata

    async def submit(self, request: SubmitScoringBatchRequest) -> SubmitScoringBatchResponse:
        """Submit a batch, or find the one that it already is."""
        with _failures_read():
            return await self._stub.SubmitScoringBatch(request, metadata=self._metadata, timeout=DEADLINE_SECONDS)

    async def read(self, job_id: str, batch_id: str) -> GetScoringBatchResponse:
        """Return a batch with its jobs."""
        request = GetScoringBatchRequest(job_id=job_id, scoring_batch_id=batch_id)
        with _failures_read():
            return await self._stub.GetScoringBatch(request, metadata=self._metadata, timeout=DEADLINE_SECONDS)

    async def watch(self, job_id: str, batch_id: str) -> AsyncIterator[WatchScoringBatchResponse]:
        """Yield the changes of a batch until it ended, or the stream broke."""
        request = WatchScoringBatchRequest(job_id=job_id, scoring_batch_id=batch_id)
        with _failures_read():
            async for change in self._stub.WatchScoringBatch(request, metadata=self._metadata):
                yield change


@asynccontextmanager
async def connect(
    address: str, api_key: str, tenant: str, credentials: grpc.ChannelCredentials | None = None
) -> AsyncIterator[ScoringClient]:
    """Open a channel to the service at `address` (host and port) for one tenant of the key's partner.

    Raises UsageFault when the key or the tenant cannot be sent in metadata.
    """
    metadata = _metadata(api_key, tenant)
    options = [("grpc.service_config", json.dumps(SERVICE_CONFIG))]
    async with _channel(address, credentials, options) as channel:
        yield ScoringClient(ScoringServiceStub(channel), metadata)


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


def _channel(
    address: str, credentials: grpc.ChannelCredentials | None, options: list[tuple[str, str]]
) -> grpc.aio.Channel:
    if credentials is None:
        return grpc.aio.insecure_channel(address, options=options)
    return grpc.aio.secure_channel(address, credentials, options=options)


def _metadata(api_key: str, tenant: str) -> Metadata:
    """Metadata holds printable ASCII only. A key that was pasted with a line break is the common fault."""
    for name, value in (("API key", api_key), ("tenant", tenant)):
        if not (value.isascii() and value.isprintable()):
            raise UsageFault(f"The {name} may only hold printable ASCII characters.")
    return (("authorization", f"Bearer {api_key}"), ("x-tenant-id", tenant))


@contextmanager
def _failures_read() -> Iterator[None]:
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise read_failure(error) from error
