"""Resident memory of `nova serve` and of its Envoy: idle, and at its peak while the largest valid batches arrive."""

from __future__ import annotations

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import grpc
import psutil
from google.protobuf import json_format
from nova.scoring.v1 import resume_pb2, scoring_service_pb2, scoring_service_pb2_grpc

from bench.machine import run
from bench.serving import Serving, serving

BATCHES = 20
APPLICATIONS = 25
RESUME_BYTES = 100 * 1024
MIB = 2**20


def measure(data_dir: Path) -> None:
    """Print both, of the server's own process and of its children."""
    _measure_server(data_dir / "server")
    _measure_envoy(data_dir / "envoy")


def _measure_server(data_dir: Path) -> None:
    with serving(data_dir) as server:
        process = psutil.Process(server.process.pid)
        idle = process.memory_info().rss
        children = [child.memory_info().rss for child in process.children(recursive=True)]
        sent = _flood(server)
        peak = _peak_bytes(server.process.pid)
    print(
        f"memory: idle {idle / MIB:.0f} MiB and {len(children)} children of {max(children) / MIB:.0f} MiB; "
        f"peak {peak / MIB:.0f} MiB while {BATCHES} batches of {APPLICATIONS} × 100 KiB arrived at once "
        f"({sent / MIB:.0f} MiB of requests): {(peak - idle) / sent:.1f} bytes a byte sent"
    )


def _measure_envoy(data_dir: Path) -> None:
    with serving(data_dir, gateway=True) as server:
        (envoy,) = [each for each in psutil.Process(server.process.pid).children() if each.name() == "envoy"]
        idle = envoy.memory_info().rss
        sent = _flood_rest(server)
        peak = _peak_bytes(envoy.pid)
    print(
        f"memory of Envoy: idle {idle / MIB:.0f} MiB; peak {peak / MIB:.0f} MiB while {BATCHES} such batches arrived "
        f"at once over REST ({sent / MIB:.0f} MiB of requests): {(peak - idle) / sent:.1f} bytes a byte sent"
    )


def _flood_rest(server: Serving) -> int:
    """Send the batches at once as JSON. Returns how many bytes they were."""
    bodies = [_largest_json(f"job-{number}") for number in range(BATCHES)]
    headers = {**server.headers, "Content-Type": "application/json"}

    def send(number: int) -> None:
        url = f"{server.rest_url}/v1/jobs/job-{number}/scoring-batches"
        request = urllib.request.Request(url, bodies[number], headers)  # noqa: S310 (our own server)
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            assert answer.status == HTTPStatus.ACCEPTED

    with ThreadPoolExecutor(BATCHES) as threads:
        list(threads.map(send, range(BATCHES)))
    return sum(map(len, bodies))


def _largest_json(job_id: str) -> bytes:
    request = json_format.MessageToDict(_largest(job_id))
    for application in request["applications"]:
        application["resume"]["type"] = "text"
    del request["jobId"]
    return json.dumps(request).encode()


def _flood(server: Serving) -> int:
    """Send the batches at once. Returns how many bytes they were."""
    requests = [_largest(f"job-{number}") for number in range(BATCHES)]
    with grpc.insecure_channel(server.address) as channel, ThreadPoolExecutor(BATCHES) as threads:
        stub = scoring_service_pb2_grpc.ScoringServiceStub(channel)
        list(threads.map(lambda request: stub.SubmitScoringBatch(request, metadata=server.metadata), requests))
    return sum(request.ByteSize() for request in requests)


def _largest(job_id: str) -> scoring_service_pb2.SubmitScoringBatchRequest:
    request = scoring_service_pb2.SubmitScoringBatchRequest(job_id=job_id, job_description="An engineer. " * 3000)
    for number in range(APPLICATIONS):
        application = request.applications.add(application_id=str(number))
        application.resume.type = resume_pb2.Resume.TEXT
        application.resume.content = f"{job_id} {number} ".ljust(RESUME_BYTES, "x")
    return request


def _peak_bytes(pid: int) -> int:
    """Return the highest resident size that the process ever had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    run(measure)
