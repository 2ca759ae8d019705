"""One service for all rules, with its two doors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count

import aiohttp
import grpc.aio
import pytest

from tests.contract.rules.doors import Door, GrpcDoor, RestDoor
from tests.contract.rules.scene import Scene
from tests.support.running_server import RunningServer, new_key, started

_NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Service:
    """A running service with the keys of two partners."""

    server: RunningServer
    secret: str
    other_secret: str


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = tmp_path_factory.mktemp("rules")
    secret, other = new_key(data), new_key(data, partner="partner-2")
    with started(data, gateway=True, worker_processes=1) as server:
        server.log.wait_for("serving")
        yield Service(server, secret, other)
        assert server.stop() == 0


@pytest.fixture(params=["grpc", "rest"])
async def door(request: pytest.FixtureRequest, service: Service) -> AsyncIterator[Door]:
    if request.param == "grpc":
        async with grpc.aio.insecure_channel(service.server.address) as channel:
            yield GrpcDoor(channel)
    else:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            yield RestDoor(session, service.server.rest_url)


@pytest.fixture
def scene(door: Door, service: Service) -> Scene:
    """A job that no other test knows."""
    return Scene(door, f"job-{next(_NUMBERS)}", service.secret, service.other_secret)
