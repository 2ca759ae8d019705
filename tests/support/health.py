"""The health of a server, as a load balancer follows it."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.support.server_log import PATIENCE_SECONDS

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def health(channel: grpc.aio.Channel) -> int:
    """Return what the server says of itself now."""
    return int((await _stub(channel).Check(health_pb2.HealthCheckRequest())).status)


async def until_health_is(channel: grpc.aio.Channel, wanted: int) -> None:
    """Wait until the server says so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for state in _stub(channel).Watch(health_pb2.HealthCheckRequest()):
            if state.status == wanted:
                return


def _stub(channel: grpc.aio.Channel) -> Any:
    """Return the library's stub, which has no types for streams."""
    return health_pb2_grpc.HealthStub(channel)
