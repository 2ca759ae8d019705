"""One `nova serve` for all tests of a file, with callers of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
import pytest
from nova_server.ports.tenancy import Environment

from tests.support.held_site import LOOPBACK
from tests.support.running_server import RunningServer, new_key, started


@dataclass(frozen=True, slots=True)
class Service:
    """A running service with two partners, one of whom has keys for both environments."""

    server: RunningServer
    data: Path
    sandbox: str
    production: str
    other_partner: str


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = tmp_path_factory.mktemp("data")
    sandbox = new_key(data)
    production = new_key(data, environment=Environment.PRODUCTION)
    other_partner = new_key(data, partner="partner-2")
    with started(data, allow_networks=LOOPBACK, sweep_seconds=0.2, log_level="debug") as server:
        server.log.wait_for("serving")
        yield Service(server, data, sandbox, production, other_partner)
        assert server.stop() == 0


@pytest.fixture
async def channel(service: Service) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(service.server.address) as channel:
        yield channel
