"""The gRPC server: its options, its services, and its life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import grpc.aio
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from nova.criteria.v1 import criteria_service_pb2, criteria_service_pb2_grpc
from nova.scoring.v1 import scoring_service_pb2, scoring_service_pb2_grpc
from nova.webhooks.v1 import webhook_service_pb2, webhook_service_pb2_grpc

from nova_server.api.credentials import server_credentials
from nova_server.api.criteria_servicer import CriteriaServicer
from nova_server.api.criteria_validation import CriteriaValidator
from nova_server.api.health import HealthMonitor, HealthServicer
from nova_server.api.interceptors import build_interceptors
from nova_server.api.interceptors.chain import CallChain
from nova_server.api.interceptors.closing import ClosingInterceptor
from nova_server.api.scoring_servicer import ScoringServicer
from nova_server.api.validation import RequestValidator
from nova_server.api.webhook_servicer import WebhookServicer
from nova_server.api.webhook_validation import WebhookValidator
from nova_server.observability.metrics import Metrics
from nova_server.observability.readiness import Readiness
from nova_server.ports.clock import Clock
from nova_server.ports.criteria import CriteriaUseCases
from nova_server.ports.resumes import ResumeUrlPolicy
from nova_server.ports.scoring import ScoringUseCases
from nova_server.ports.tenancy import Authenticator
from nova_server.ports.webhook_administration import WebhookUseCases
from nova_server.settings import Settings

SCORING_SERVICE = scoring_service_pb2.DESCRIPTOR.services_by_name["ScoringService"].full_name
WEBHOOK_SERVICE = webhook_service_pb2.DESCRIPTOR.services_by_name["WebhookService"].full_name
CRITERIA_SERVICE = criteria_service_pb2.DESCRIPTOR.services_by_name["CriteriaService"].full_name
OWN_SERVICES = (SCORING_SERVICE, CRITERIA_SERVICE, WEBHOOK_SERVICE)
# The empty name stands for the server as a whole.
HEALTH_NAMES = ("", *OWN_SERVICES)

# Callers that were refused this long ago have stopped calling, or have gone elsewhere.
QUIET_SECONDS = 0.2

MIB = 1024 * 1024
OPTIONS: Sequence[tuple[str, int]] = (
    # Above the 4.5 MiB of the contract, so that a body a little over it still gets our answer, PAYLOAD_TOO_LARGE with
    # its details. Past this, the transport refuses it with a bare RESOURCE_EXHAUSTED before it is in
    # memory, and also before a compressed one is unpacked any further.
    ("grpc.max_receive_message_length", 6 * MIB),
    # Metadata is a key, a tenant and what proxies add. Past the first number calls are refused more and more often,
    # past the second always.
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.absolute_max_metadata_size", 32 * 1024),
    # Each stream may hold a whole body, so one connection may not open them without end. Hundreds at once are normal.
    ("grpc.max_concurrent_streams", 1024),
    # Ask quiet connections once a minute whether they live, and drop them 20 s later: watchers may be quiet for long,
    # and a vanished one would hold its stream for hours.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # Callers may ask the same of us every 10 s. The default of five minutes ends connections of clients that are set up
    # for the idle time-outs of common load balancers.
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
)


@dataclass(frozen=True, slots=True)
class ApiParts:
    """What the api asks of the rest of the service."""

    use_cases: ScoringUseCases
    criteria: CriteriaUseCases
    webhooks: WebhookUseCases
    authenticator: Authenticator
    url_policy: ResumeUrlPolicy
    metrics: Metrics
    readiness: Readiness
    clock: Clock


def build_server(
    settings: Settings, parts: ApiParts, health: HealthServicer, closing: ClosingInterceptor | None = None
) -> grpc.aio.Server:
    """Return a server with every service in it, not yet bound to an address. Needs a running event loop."""
    interceptors = build_interceptors(
        parts.authenticator,
        parts.metrics,
        parts.clock,
        settings.default_deadline_seconds,
        closing or ClosingInterceptor(),
    )
    # Unless that is wanted, a second server on the same port must fail at start: by default the kernel shares it.
    options = (*OPTIONS, ("grpc.so_reuseport", int(settings.grpc_reuse_port)))
    server = grpc.aio.server(interceptors=[CallChain(interceptors)], options=options)
    _add_own_services(server, parts)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    if settings.reflection:
        names = (*OWN_SERVICES, "grpc.health.v1.Health", reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, server)
    return server


def _add_own_services(server: grpc.aio.Server, parts: ApiParts) -> None:
    scoring = ScoringServicer(parts.use_cases, RequestValidator(parts.url_policy), parts.metrics)
    scoring_service_pb2_grpc.add_ScoringServiceServicer_to_server(scoring, server)
    criteria = CriteriaServicer(parts.criteria, CriteriaValidator())
    criteria_service_pb2_grpc.add_CriteriaServiceServicer_to_server(criteria, server)
    webhooks = WebhookServicer(parts.webhooks, WebhookValidator(parts.url_policy))
    webhook_service_pb2_grpc.add_WebhookServiceServicer_to_server(webhooks, server)


class GrpcApi:
    """A `Service` that answers gRPC calls at `settings.grpc_address`, and at `other_address` when there is one.

    An address is `host:port`, where port 0 picks a free one, or `unix:path`. `port` is the port in use. It closes once
    no call has come for `quiet_seconds`.
    """

    name = "grpc"

    def __init__(
        self,
        settings: Settings,
        parts: ApiParts,
        quiet_seconds: float = QUIET_SECONDS,
        other_address: str | None = None,
    ) -> None:
        self._settings = settings
        self._parts = parts
        self._quiet_seconds = quiet_seconds
        self._other_address = other_address
        self._closing = ClosingInterceptor()
        self._server: grpc.aio.Server | None = None
        self._monitor: HealthMonitor | None = None
        self._listening = False
        self.port: int | None = None

    async def start(self) -> None:
        """Listen. Raises RuntimeError when the address is taken or the certificate is none."""
        health = HealthServicer()
        self._monitor = HealthMonitor(health, HEALTH_NAMES, self._parts.readiness, self._parts.clock)
        self._server = build_server(self._settings, self._parts, health, self._closing)
        self.port = self._bind(self._server)
        if self._other_address is not None:
            self._server.add_insecure_port(self._other_address)
        # Before the first call can arrive, so that none is told SERVING unasked.
        await self._monitor.start()
        await self._server.start()
        self._listening = True

    def _bind(self, server: grpc.aio.Server) -> int:
        credentials = server_credentials(self._settings)
        if credentials is None:
            return server.add_insecure_port(self._settings.grpc_address)
        return server.add_secure_port(self._settings.grpc_address, credentials)

    def ready(self) -> bool:
        """Tell whether calls are being answered."""
        return self._listening

    async def stop(self) -> None:
        """Say NOT_SERVING, take no new calls, and give running ones the grace to end."""
        self._listening = False
        server, self._server = self._server, None
        monitor, self._monitor = self._monitor, None
        if monitor is not None:
            await monitor.stop()
        if server is not None:
            await self._closing.close(self._quiet_seconds)
            await server.stop(self._settings.shutdown_grace_seconds)
