"""Tells load balancers whether to send calls here, by the standard `grpc.health.v1` service."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc.aio
import structlog
from grpc_health.v1 import health, health_pb2

from nova_server.observability.background import run_in_background
from nova_server.observability.readiness import Readiness, is_ready
from nova_server.ports.clock import Clock

log = structlog.get_logger()

POLL_SECONDS = 1.0


class HealthServicer(health.aio.HealthServicer):
    """The library's servicer, whose watchers are let go at shutdown.

    The library's own `Watch` goes on after the last status was told, so that a server with one watcher would always
    take the whole of its grace to stop.
    """

    def __init__(self) -> None:
        super().__init__()
        self._shutting_down = asyncio.Event()

    async def Watch(  # noqa: N802 - the contract's name
        self, request: health_pb2.HealthCheckRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> None:
        """Tell every change of a service's status, until the server shuts down."""
        watching = asyncio.create_task(super().Watch(request, context))
        ending = asyncio.create_task(self._shutting_down.wait())
        try:
            await asyncio.wait((watching, ending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            watching.cancel()
            ending.cancel()
            # Takes what the library raised along, which is that the watcher hung up: nobody is left to be told.
            await asyncio.gather(watching, ending, return_exceptions=True)

    async def enter_graceful_shutdown(self) -> None:
        """Say NOT_SERVING for good, and let go of whoever watches."""
        await super().enter_graceful_shutdown()
        self._shutting_down.set()


class HealthMonitor:
    """Asks every second whether the service is ready, and keeps `servicer` saying so for every name in `services`."""

    def __init__(self, servicer: HealthServicer, services: tuple[str, ...], readiness: Readiness, clock: Clock) -> None:
        self._servicer = servicer
        self._services = services
        self._readiness = readiness
        self._clock = clock
        self._ready: bool | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Say what is so now, and go on asking."""
        await self._ask()
        self._task = run_in_background(self._poll(), "health")

    async def stop(self) -> None:
        """Say NOT_SERVING for good."""
        await self._servicer.enter_graceful_shutdown()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _poll(self) -> None:
        while True:
            await self._clock.sleep(POLL_SECONDS)
            await self._ask()

    async def _ask(self) -> None:
        ready = await is_ready(self._readiness)
        if ready is self._ready:
            return
        log.info("health_changed", ready=ready)
        self._ready = ready
        status = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
        for service in self._services:
            await self._servicer.set(service, status)
