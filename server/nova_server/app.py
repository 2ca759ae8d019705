"""The composition root: settings in, running services out."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import structlog
import uvloop
from nova.errors.v1 import error_reason_pb2

from nova_server.api.server import ApiParts, GrpcApi
from nova_server.children.pool import ChildPool
from nova_server.data_folder import DataFolderInUse, DataFolderUnusable, exclusive
from nova_server.egress.policy import EgressPolicy
from nova_server.errors import NovaError
from nova_server.foundation import build_foundation, build_webhooks
from nova_server.garbage import settle
from nova_server.gateway.envoy import API_SOCKET, build_gateway, gateway_folder
from nova_server.observability.logs import configure_logging
from nova_server.observability.loop_lag import LoopLagMonitor
from nova_server.observability.metrics_server import MetricsServer
from nova_server.observability.queue_metrics import QueueMetrics
from nova_server.ports.lifecycle import Service
from nova_server.queue.sweeper import Sweeper
from nova_server.queue.worker import Worker, WorkerOptions
from nova_server.resumes.fetch import ResumeFetcher
from nova_server.resumes.reader import FetchingResumeReader
from nova_server.scorers.local_scorer import LocalScorer
from nova_server.scoring.criteria import Criteria
from nova_server.scoring.derived_criteria import DerivedCriteria
from nova_server.scoring.score_job import ScoreJob, failed
from nova_server.scoring.use_cases import Scoring
from nova_server.settings import Settings
from nova_server.storage.key_store import SqlKeyStore
from nova_server.supervisor import Supervisor
from nova_server.tenancy.authentication import CachedAuthenticator
from nova_server.warm_up import warm_up
from nova_server.webhook_lane import WebhookLane

log = structlog.get_logger(__name__)

STORE_ADVICE = "check NOVA_DATABASE_URL and NOVA_DATA_DIR"

# The right to do a call once outlives the call, so that nobody else does it while it may be running still.
_DEADLINES_OF_A_LEASE = 2


class Application:
    """Everything that `nova serve` runs in one process, and Envoy beside it when there is a `folder` for that.

    `exclusive_store` says that no other process works on the queue of the store.
    """

    def __init__(self, settings: Settings, *, exclusive_store: bool, folder: Path | None = None) -> None:
        base = self._base = build_foundation(settings)
        self._queue_metrics = QueueMetrics(base.metrics)
        policy = EgressPolicy(
            settings.allow_networks, on_denied=lambda reason: base.metrics.egress_denied.labels(reason).inc()
        )
        fetcher = ResumeFetcher(policy, folder=settings.data_dir / "documents")
        children = ChildPool(size=settings.worker_processes, warm_up=warm_up)
        self._scoring = Scoring(base.store, base.signals)
        self._sweeper = self._build_sweeper(sole_process=exclusive_store)
        scorer = LocalScorer(children)
        derived = DerivedCriteria(base.criteria, scorer)
        lease_seconds = _DEADLINES_OF_A_LEASE * settings.default_deadline_seconds
        self._criteria = Criteria(base.criteria, derived, base.clock, lease_seconds=lease_seconds)
        resumes = FetchingResumeReader(fetcher, children)
        self._worker = self._build_worker(ScoreJob(base.store, resumes, scorer, derived, base.clock))
        webhooks = WebhookLane(base, policy, owner=_owner(), sole_process=exclusive_store)
        api_socket = f"unix:{folder / API_SOCKET}" if folder else None
        self.api = GrpcApi(settings, self._build_api_parts(policy), other_address=api_socket)
        self.gateway = build_gateway(settings, folder, base.clock) if folder else None
        self.metrics_server = MetricsServer(settings.metrics_address, base.metrics.registry)
        loop_lag = LoopLagMonitor(base.clock, base.metrics.event_loop_lag_seconds)
        stages: list[list[Service]] = [
            [base.database],
            [self.metrics_server, loop_lag, children, fetcher, webhooks.sender],
            [self._sweeper, self._worker, *webhooks.parts, self.api],
            # Last, so that it is the first to stop, while the api still answers what it has let in.
            [self.gateway] if self.gateway else [],
        ]
        self._supervisor = Supervisor(stages, base.clock)

    async def start(self) -> None:
        """Start every part. Raises OSError, RuntimeError or StoreUnavailable, with every part stopped again."""
        await self._supervisor.start()

    async def wait_for_death(self) -> str:
        """Return the name of the first part that dies."""
        return await self._supervisor.wait_for_death()

    async def stop(self) -> None:
        """End watches, then stop every part: the api and the worker together within the grace, the store last."""
        self._scoring.stop_watching()
        self._base.signals.wake_all()
        await self._supervisor.stop()

    async def _is_ready(self) -> bool:
        """Tell whether calls can be served: the store answers, and the queue is being worked on."""
        try:
            await self._base.database.check()
        except NovaError:
            return False
        return self._base.database.ready() and self._worker.ready() and self._sweeper.healthy()

    def _build_sweeper(self, *, sole_process: bool) -> Sweeper:
        settings = self._base.settings
        return Sweeper(
            self._base.queue,
            self._base.clock,
            self._queue_metrics,
            interval_seconds=settings.sweep_seconds,
            max_starts=settings.max_starts,
            stuck=failed(error_reason_pb2.TASK_STUCK),
            sole_process=sole_process,
        )

    def _build_worker(self, handler: ScoreJob) -> Worker:
        settings = self._base.settings
        options = WorkerOptions(
            owner=_owner(),
            concurrency=settings.worker_concurrency,
            group_limit=settings.tenant_in_flight_limit,
            lease_seconds=settings.lease_seconds,
            heartbeat_seconds=settings.heartbeat_seconds,
            max_starts=settings.max_starts,
            grace_seconds=settings.shutdown_grace_seconds,
            exhausted=failed(error_reason_pb2.MAX_RETRIES_EXCEEDED),
        )
        base = self._base
        return Worker(base.queue, handler, options, base.clock, base.signals.queue, self._queue_metrics)

    def _build_api_parts(self, policy: EgressPolicy) -> ApiParts:
        base = self._base
        return ApiParts(
            use_cases=self._scoring,
            criteria=self._criteria,
            webhooks=build_webhooks(base),
            authenticator=CachedAuthenticator(SqlKeyStore(base.database), base.clock),
            url_policy=policy,
            metrics=base.metrics,
            readiness=self._is_ready,
            clock=base.clock,
        )


def _owner() -> str:
    """Return the name under which this process holds leases."""
    return f"{socket.gethostname()}:{os.getpid()}"


def serve(settings: Settings) -> int:
    """Run the service until SIGTERM or SIGINT. Returns the exit code: 0, or 1 when a part could not start or died."""
    configure_logging(settings.log_level)
    try:
        with (
            exclusive(settings.store_url) as exclusive_store,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            return runner.run(_serve(settings, exclusive_store=exclusive_store))
    except DataFolderInUse:
        log.error("store_in_use", advice="stop the other process, or set NOVA_DATA_DIR")
    except DataFolderUnusable:
        log.error("start_failed", error="DataFolderUnusable", advice=STORE_ADVICE)
    return 1


async def _serve(settings: Settings, *, exclusive_store: bool) -> int:
    stopping = _stop_signals()
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(gateway_folder()) if settings.gateway else None
            application = Application(settings, exclusive_store=exclusive_store, folder=folder)
            await application.start()
        except (OSError, RuntimeError, NovaError) as error:
            log.error("start_failed", error=type(error).__name__, advice=_advice(error))
            return 1
        settle()
        return await run(application, stopping)


async def run(application: Application, stopping: asyncio.Event) -> int:
    """Run an application that is started until `stopping` is set or a part dies, and stop it. Returns the exit code."""
    rest_port = application.gateway.port if application.gateway else None
    metrics_port = application.metrics_server.port
    log.info("serving", grpc_port=application.api.port, rest_port=rest_port, metrics_port=metrics_port)
    dead = await _first_death(application, stopping)
    log.info("stopping") if dead is None else log.error("part_died", part=dead)
    await application.stop()
    log.info("stopped")
    return 0 if dead is None else 1


def _stop_signals() -> asyncio.Event:
    """Return an event that is set by the first SIGTERM or SIGINT. A second one ends the process at once."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set():
            os._exit(1)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return stopping


async def _first_death(application: Application, stopping: asyncio.Event) -> str | None:
    """Return the name of the part that died, or None once the process is asked to stop."""
    asked = asyncio.create_task(stopping.wait())
    death = asyncio.create_task(application.wait_for_death())
    await asyncio.wait([asked, death], return_when=asyncio.FIRST_COMPLETED)
    dead = None if asked.done() else death.result()
    for task in (asked, death):
        task.cancel()
    return dead


def _advice(error: BaseException) -> str:
    if isinstance(error, NovaError):
        return STORE_ADVICE
    return "check that NOVA_GRPC_ADDRESS, NOVA_REST_ADDRESS and NOVA_METRICS_ADDRESS are free, and TLS files are PEM"
