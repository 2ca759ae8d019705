"""A server process to measure: the real api on a real store, with one rpc more that does nothing.

Prints its port and an API key on standard output, and runs until it is killed.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import grpc
import uvloop
from nova.scoring.v1 import scoring_service_pb2
from nova_server.api.health import HealthServicer
from nova_server.api.server import ApiParts, build_server
from nova_server.children.pool import ChildPool
from nova_server.egress.policy import EgressPolicy
from nova_server.foundation import build_foundation, build_webhooks
from nova_server.garbage import settle
from nova_server.identifiers import RandomIdentifiers
from nova_server.ports.tenancy import Environment
from nova_server.scorers.local_scorer import LocalScorer
from nova_server.scoring.criteria import Criteria
from nova_server.scoring.derived_criteria import DerivedCriteria
from nova_server.scoring.use_cases import Scoring
from nova_server.settings import Settings
from nova_server.storage.key_store import SqlKeyStore
from nova_server.tenancy.authentication import CachedAuthenticator
from nova_server.tenancy.keys import KeyAdministration

NOOP = "/nova.bench.v1.NoopService/Noop"


async def main(data_dir: Path) -> None:
    """Serve the store in `data_dir`: intake only, nothing is claimed."""
    base = build_foundation(Settings(data_dir=data_dir))
    await base.database.start()
    keys = SqlKeyStore(base.database)
    derived = DerivedCriteria(base.criteria, LocalScorer(ChildPool(size=1)))  # never asked, and so never started
    parts = ApiParts(
        use_cases=Scoring(base.store, base.signals),
        criteria=Criteria(base.criteria, derived, base.clock, lease_seconds=60),
        webhooks=build_webhooks(base),
        authenticator=CachedAuthenticator(keys, base.clock),
        url_policy=EgressPolicy(),
        metrics=base.metrics,
        readiness=_ready,
        clock=base.clock,
    )
    server = build_server(base.settings, parts, HealthServicer())
    server.add_generic_rpc_handlers((noop_handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    _, secret = await KeyAdministration(keys, base.clock, RandomIdentifiers()).create("bench", Environment.SANDBOX)
    settle()
    print(port, secret, flush=True)
    await server.wait_for_termination()


async def _ready() -> bool:
    return True


def noop_handler() -> grpc.GenericRpcHandler:
    """Return an rpc that reads a submission and answers with nothing, behind the same interceptors as every other."""

    async def noop(_request: object, _context: object) -> scoring_service_pb2.SubmitScoringBatchResponse:
        return scoring_service_pb2.SubmitScoringBatchResponse()

    handler = grpc.unary_unary_rpc_method_handler(
        noop,
        request_deserializer=scoring_service_pb2.SubmitScoringBatchRequest.FromString,
        response_serializer=scoring_service_pb2.SubmitScoringBatchResponse.SerializeToString,
    )
    return grpc.method_handlers_generic_handler("nova.bench.v1.NoopService", {"Noop": handler})


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(Path(sys.argv[1])))
