"""How long one tenant's application waits behind another tenant's ten thousand, beside the same on an idle server."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from nova.scoring.v1 import resume_pb2, scoring_service_pb2, scoring_service_pb2_grpc

from bench.machine import run
from bench.serving import Serving, serving

QUEUED = 10_000
APPLICATIONS = 25
ROUNDS = 20
TEXT = "Senior backend engineer. Python, Kafka and PostgreSQL in production since 2016. " * 20


def measure(data_dir: Path) -> None:
    """Print the median and the longest wait from submission to result, idle and behind the other tenant."""
    with serving(data_dir) as server, grpc.insecure_channel(server.address) as channel:
        stub = scoring_service_pb2_grpc.ScoringServiceStub(channel)
        idle = [_one(stub, server, f"idle-{number}") for number in range(ROUNDS)]
        _fill(stub, server)
        behind = [_one(stub, server, f"behind-{number}") for number in range(ROUNDS)]
    print(
        f"fairness: {statistics.median(idle) * 1000:.0f} ms from submit to completed on an idle server, "
        f"{statistics.median(behind) * 1000:.0f} ms (longest {max(behind) * 1000:.0f} ms) behind {QUEUED:,} jobs of "
        f"another tenant"
    )


def _one(stub: scoring_service_pb2_grpc.ScoringServiceStub, server: Serving, job_id: str) -> float:
    """Submit one application of the small tenant. Returns the seconds until it is scored."""
    metadata = _as_tenant(server, "small")
    began = time.perf_counter()
    accepted = stub.SubmitScoringBatch(_batch(job_id, 1), metadata=metadata)
    watch = scoring_service_pb2.WatchScoringBatchRequest(job_id=job_id, scoring_batch_id=accepted.batch.id)
    for _ in stub.WatchScoringBatch(watch, metadata=metadata):
        pass
    return time.perf_counter() - began


def _fill(stub: scoring_service_pb2_grpc.ScoringServiceStub, server: Serving) -> None:
    metadata = _as_tenant(server, "large")
    with ThreadPoolExecutor(16) as threads:
        requests = (_batch(f"large-{number}", APPLICATIONS) for number in range(QUEUED // APPLICATIONS))
        list(threads.map(lambda request: stub.SubmitScoringBatch(request, metadata=metadata), requests))


def _batch(job_id: str, applications: int) -> scoring_service_pb2.SubmitScoringBatchRequest:
    request = scoring_service_pb2.SubmitScoringBatchRequest(job_id=job_id, job_description="Backend engineer, Python.")
    for number in range(applications):
        application = request.applications.add(application_id=str(number))
        application.resume.type = resume_pb2.Resume.TEXT
        application.resume.content = f"{TEXT} {number}"
    return request


def _as_tenant(server: Serving, tenant: str) -> tuple[tuple[str, str], ...]:
    return (server.metadata[0], ("x-tenant-id", tenant))


if __name__ == "__main__":
    run(measure)
