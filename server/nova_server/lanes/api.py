"""The parts that answer calls: the use cases, the gRPC api, and Envoy in front of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nova_server.api.server import ApiParts, GrpcApi
from nova_server.egress.policy import EgressPolicy
from nova_server.foundation import Foundation, build_webhooks
from nova_server.gateway.envoy import api_address, build_gateway
from nova_server.observability.readiness import Readiness
from nova_server.ports.lifecycle import Service
from nova_server.scoring.criteria import Criteria
from nova_server.scoring.derived_criteria import DerivedCriteria
from nova_server.scoring.use_cases import Scoring
from nova_server.settings import Role
from nova_server.storage.key_store import SqlKeyStore
from nova_server.tenancy.authentication import CachedAuthenticator

# The right to do a call once outlives the call, so that nobody else does it while it may be running still.
_DEADLINES_OF_A_LEASE = 2


class ApiLane:
    """Answers gRPC calls, also at `socket` when that is given, and REST calls when there is a `folder` for Envoy.

    `parts` are those that the roles ask for. The `edge` is what callers meet before them.
    """

    def __init__(
        self,
        base: Foundation,
        policy: EgressPolicy,
        derived: DerivedCriteria,
        readiness: Readiness,
        *,
        folder: Path | None = None,
        socket: str | None = None,
    ) -> None:
        self._base = base
        self._scoring = Scoring(base.store, base.signals)
        parts = self._build_parts(policy, derived, readiness)
        self.api = GrpcApi(base.settings, parts, other_address=api_address(folder) if folder else socket)
        self.gateway = build_gateway(base.settings, folder, base.clock) if folder else None
        self.parts: Sequence[Service] = [self.api] if Role.API in base.settings.roles else []
        self.edge: Sequence[Service] = [self.gateway] if self.gateway else []

    def ports(self) -> dict[str, int | None]:
        """Return where calls are answered."""
        return {"grpc_port": self.api.port, "rest_port": self.gateway.port if self.gateway else None}

    def stop_watching(self) -> None:
        """End every watch."""
        self._scoring.stop_watching()
        self._base.signals.wake_all()

    def _build_parts(self, policy: EgressPolicy, derived: DerivedCriteria, readiness: Readiness) -> ApiParts:
        base = self._base
        lease_seconds = _DEADLINES_OF_A_LEASE * base.settings.default_deadline_seconds
        return ApiParts(
            use_cases=self._scoring,
            criteria=Criteria(base.criteria, derived, base.clock, lease_seconds=lease_seconds),
            webhooks=build_webhooks(base),
            authenticator=CachedAuthenticator(SqlKeyStore(base.database), base.clock),
            url_policy=policy,
            metrics=base.metrics,
            readiness=readiness,
            clock=base.clock,
        )
