"""The composition root: settings in, running services out."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog

from nova_server.data_folder import DataFolderInUse, DataFolderUnusable, exclusive
from nova_server.egress.policy import EgressPolicy
from nova_server.errors import NovaError
from nova_server.foundation import build_foundation
from nova_server.gateway.envoy import gateway_folder
from nova_server.lanes.api import ApiLane
from nova_server.lanes.local_scoring import LocalScoring
from nova_server.lanes.scoring import build_scoring_lane
from nova_server.lanes.webhooks import build_webhook_lane
from nova_server.observability.logs import configure_logging
from nova_server.observability.loop_lag import LoopLagMonitor
from nova_server.observability.metrics_server import MetricsServer
from nova_server.ports.lifecycle import Service
from nova_server.program import STORE_ADVICE, nothing, run_program
from nova_server.settings import Settings
from nova_server.supervisor import Supervisor

log = structlog.get_logger(__name__)


class Application:
    """Everything that one process runs, by its roles, and Envoy beside it when there is a `folder` for that.

    `exclusive_store` says that no other process works on the queues of the store. The api also listens at `api_socket`,
    for an Envoy that somebody else runs.
    """

    def __init__(
        self, settings: Settings, *, exclusive_store: bool, folder: Path | None = None, api_socket: str | None = None
    ) -> None:
        base = self._base = build_foundation(settings)
        policy = EgressPolicy(
            settings.allow_networks, on_denied=lambda reason: base.metrics.egress_denied.labels(reason).inc()
        )
        local, owner = LocalScoring(base), _owner()
        self._scoring = build_scoring_lane(base, policy, local, owner=owner, sole_process=exclusive_store)
        self._webhooks = build_webhook_lane(base, policy, owner=owner, sole_process=exclusive_store)
        self._calls = ApiLane(base, policy, local.derived, self._can_serve, folder=folder, socket=api_socket)
        self.api = self._calls.api
        self.metrics_server = MetricsServer(settings.metrics_address, base.metrics.registry, self._is_ready)
        loop_lag = LoopLagMonitor(base.clock, base.metrics.event_loop_lag_seconds)
        stages: Sequence[Sequence[Service]] = [
            base.parts,
            [self.metrics_server, loop_lag, *local.helpers, *self._scoring.helpers, *self._webhooks.helpers],
            [*self._scoring.parts, *self._webhooks.parts, *self._calls.parts],
            # Last, so that it is the first to stop, while the api still answers what it has let in.
            self._calls.edge,
        ]
        self._supervisor = Supervisor(stages, base.clock)

    def ports(self) -> dict[str, int | None]:
        """Return where the process listens, once it does."""
        return {**self._calls.ports(), "metrics_port": self.metrics_server.port}

    async def start(self) -> None:
        """Start every part. Raises OSError, RuntimeError or StoreUnavailable, with every part stopped again."""
        await self._supervisor.start()

    async def wait_for_death(self) -> str:
        """Return the name of the first part that dies."""
        return await self._supervisor.wait_for_death()

    async def stop(self) -> None:
        """End watches, then stop every part: the api and the worker together within the grace, the store last."""
        self._calls.stop_watching()
        await self._supervisor.stop()

    async def _is_ready(self) -> bool:
        """Tell whether the process does all of its work."""
        return self._supervisor.ready() and await self._can_serve() and self._webhooks.healthy()

    async def _can_serve(self) -> bool:
        """Tell whether calls can be served: the store answers, and its queue is worked on if that is done here."""
        try:
            await self._base.database.check()
        except NovaError:
            return False
        return self._base.database.ready() and self._scoring.healthy()


def _owner() -> str:
    """Return the name under which this process holds leases."""
    return f"{socket.gethostname()}:{os.getpid()}"


def serve(settings: Settings, *, api_socket: str | None = None, on_serving: Callable[[], None] = nothing) -> int:
    """Run one process until SIGTERM or SIGINT. Returns the exit code: 0, or 1 when a part could not start or died.

    The api also listens at `api_socket`. `on_serving` is called once every part runs.
    """
    configure_logging(settings.log_level)
    try:
        with exclusive(settings.store_url) as exclusive_store:
            return run_program(lambda: _application(settings, exclusive_store, api_socket), on_serving)
    except DataFolderInUse:
        log.error("store_in_use", advice="stop the other process, or set NOVA_DATA_DIR")
    except DataFolderUnusable:
        log.error("start_failed", error="DataFolderUnusable", advice=STORE_ADVICE)
    return 1


@contextmanager
def _application(settings: Settings, exclusive_store: bool, api_socket: str | None) -> Iterator[Application]:
    """Yield what is to run, with a folder for Envoy where Envoy is run."""
    if not settings.runs_gateway:
        yield Application(settings, exclusive_store=exclusive_store, api_socket=api_socket)
        return
    with gateway_folder() as folder:
        yield Application(settings, exclusive_store=exclusive_store, folder=folder)
