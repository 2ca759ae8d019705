"""Runs the work of a command against the service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from nova_server.cli.client import ScoringClient, connect
from nova_server.cli.configuration import read_settings
from nova_server.cli.failures import end, failures_reported

# The shell's code for a command that was ended by Ctrl-C.
INTERRUPTED = 130
STOPPED = (
    "Stopped looking. A batch that was accepted goes on: see it with `nova watch`. "
    "Documents that it has not fetched from here yet can no longer be fetched."
)

Work = Callable[[ScoringClient], Awaitable[None]]


def run(work: Work, address: str | None, api_key: str, tenant: str) -> None:
    """Do `work` with a client of the service at `address`, or where the settings say that it listens."""
    with failures_reported():
        try:
            asyncio.run(_connected(work, address or read_settings().grpc_address, api_key, tenant))
        except KeyboardInterrupt:
            end(STOPPED, INTERRUPTED)


async def _connected(work: Work, address: str, api_key: str, tenant: str) -> None:
    async with connect(address, api_key, tenant) as client:
        await work(client)
