"""A service for all rules, with its two doors: one process on SQLite, and several on PostgreSQL behind one Envoy."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import aiohttp
import grpc.aio
import pytest

from tests.contract.rules.doors import Door, GrpcDoor, RestDoor
from tests.contract.rules.scene import Scene
from tests.support.cluster import cluster
from tests.support.running_server import new_key, started

_NUMBERS = count()


# On several processes the calls of one rule go to one api after the other, over gRPC as over REST.
IN_TURN = [("grpc.lb_policy_name", "round_robin")]


@dataclass(frozen=True, slots=True)
class Service:
    """A running service with the keys of two partners."""

    grpc_target: str
    rest_url: str
    secret: str
    other_secret: str


@contextmanager
def one_process(data: Path) -> Iterator[Service]:
    secret, other = new_key(data), new_key(data, partner="partner-2")
    with started(data, gateway=True, worker_processes=1) as server:
        server.log.wait_for("serving")
        yield Service(server.address, server.rest_url, secret, other)
        assert server.stop() == 0


@contextmanager
def many_processes(data: Path, url: str) -> Iterator[Service]:
    with cluster(url, apis=2, workers=3) as running:
        other = new_key(data, partner="partner-2", database_url=url)
        yield Service(f"ipv4:{','.join(running.addresses)}", running.rest_url, running.secret, other)
        running.stop()


@pytest.fixture(scope="session", params=["one process on SQLite", "2 apis and 3 workers on PostgreSQL"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = tmp_path_factory.mktemp("rules")
    if request.param == "one process on SQLite":
        running = one_process(data)
    else:
        running = many_processes(data, request.getfixturevalue("postgresql").empty())
    with running as found:
        yield found


@pytest.fixture(params=["grpc", "rest"])
async def door(request: pytest.FixtureRequest, service: Service) -> AsyncIterator[Door]:
    if request.param == "grpc":
        async with grpc.aio.insecure_channel(service.grpc_target, options=IN_TURN) as channel:
            yield GrpcDoor(channel)
    else:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            yield RestDoor(session, service.rest_url)


@pytest.fixture
def scene(door: Door, service: Service) -> Scene:
    """A job that no other test knows."""
    return Scene(door, f"job-{next(_NUMBERS)}", service.secret, service.other_secret)
