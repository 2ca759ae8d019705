"""From submission to the last result of a batch of 25 text applications on an idle `nova serve`."""

from __future__ import annotations

import statistics
import time
from datetime import date
from pathlib import Path

import grpc
from nova.scoring.v1 import resume_pb2, scoring_batch_pb2, scoring_service_pb2, scoring_service_pb2_grpc
from nova_server.ports.scorer import ScoringInput
from nova_server.scorers.local.scorer import score

from bench.machine import run
from bench.serving import Serving, serving

BATCHES = 50
APPLICATIONS = 25
SAMPLES = Path(__file__).parent.parent / "samples"


def measure(data_dir: Path, label: str = "empty store") -> float:
    """Print the latency of batches sent one after the other. Returns the median in seconds."""
    description, resumes = sample_texts()
    with serving(data_dir) as server:
        times = sorted(_one_batch(server, f"{time.time_ns()}", description, resumes) for _ in range(BATCHES))
    own = _scoring_seconds(description, resumes)
    median, p99 = statistics.median(times), times[int(len(times) * 0.99)]
    print(
        f"latency, {label}: p50 {median * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms from submit to completed "
        f"({BATCHES} batches of {APPLICATIONS} texts); scoring alone takes {own * 1000:.0f} ms on one core, "
        f"{own / 2 * 1000:.0f} ms on two = {own / 2 / median:.2f} of p50"
    )
    return median


def sample_texts() -> tuple[str, list[str]]:
    """Return the sample job and 25 resumes: the sample texts again and again, each with a line of its own."""
    sources = sorted(SAMPLES.glob("resumes/*.txt")) + sorted(SAMPLES.glob("resumes/*.md"))
    texts = [source.read_text() for source in sources]
    resumes = [f"{texts[number % len(texts)]}\nReference {number}" for number in range(APPLICATIONS)]
    return (SAMPLES / "job.md").read_text(), resumes


def _one_batch(server: Serving, job_id: str, description: str, resumes: list[str]) -> float:
    request = scoring_service_pb2.SubmitScoringBatchRequest(job_id=job_id, job_description=description)
    for number, resume in enumerate(resumes):
        application = request.applications.add(application_id=str(number))
        application.resume.type = resume_pb2.Resume.TEXT
        application.resume.content = resume
    with grpc.insecure_channel(server.address) as channel:
        stub = scoring_service_pb2_grpc.ScoringServiceStub(channel)
        grpc.channel_ready_future(channel).result(timeout=10)
        began = time.perf_counter()
        accepted = stub.SubmitScoringBatch(request, metadata=server.metadata)
        watch = scoring_service_pb2.WatchScoringBatchRequest(job_id=job_id, scoring_batch_id=accepted.batch.id)
        *_, last = stub.WatchScoringBatch(watch, metadata=server.metadata)
        seconds = time.perf_counter() - began
    assert last.batch.status == scoring_batch_pb2.ScoringBatch.COMPLETED, last.batch
    return seconds


def _scoring_seconds(description: str, resumes: list[str]) -> float:
    """Return the time of scoring the same texts one after the other, with nothing around it."""
    inputs = [ScoringInput(description, resume, date(2026, 1, 1)) for resume in resumes]
    score(inputs[0])
    began = time.perf_counter()
    for scoring_input in inputs:
        score(scoring_input)
    return time.perf_counter() - began


if __name__ == "__main__":
    run(measure)
