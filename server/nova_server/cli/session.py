"""Runs the work of a command against the service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from nova_server.cli.channel import Connection, channel_credentials, connect
from nova_server.cli.configuration import read_settings
from nova_server.cli.failures import end, failures_reported

# The shell's code for a command that was ended by Ctrl-C.
INTERRUPTED = 130
BATCH_GOES_ON = (
    "Stopped looking. A batch that was accepted goes on: see it with `nova watch`. "
    "Documents that it has not fetched from here yet can no longer be fetched."
)

Work = Callable[[Connection], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Service:
    """The service as the options name it. Without an `address` it is where the settings say that it listens."""

    address: str | None
    api_key: str = field(repr=False)
    tenant: str
    tls_ca: Path | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None


def run(work: Work, service: Service, stopped: str = BATCH_GOES_ON) -> None:
    """Do `work` over a connection to the service. Ctrl-C ends it with the sentence `stopped`."""
    with failures_reported():
        try:
            asyncio.run(_connected(work, service))
        except KeyboardInterrupt:
            end(stopped, INTERRUPTED)


async def _connected(work: Work, service: Service) -> None:
    address = service.address or read_settings().grpc_address
    credentials = channel_credentials(service.tls_ca, service.tls_certificate, service.tls_key)
    async with connect(address, service.api_key, service.tenant, credentials) as connection:
        await work(connection)
