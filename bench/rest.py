"""REST through Envoy against gRPC, direct and through the same Envoy: one call to one server, the ways taking turns.

gRPC through Envoy is the limit: what REST costs beyond it is the transcoding and the JSON view, and what that costs
itself is the way through a second process. What comes back is left unparsed on all sides, so that the ways are
compared, and not what two client libraries do with an answer.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import grpc.aio
from google.protobuf import json_format
from google.protobuf.message import Message
from nova.scoring.v1 import resume_pb2, scoring_batch_pb2, scoring_service_pb2
from nova.scoring.v1.scoring_service_pb2_grpc import ScoringServiceStub

from bench.latency import sample_texts
from bench.machine import run
from bench.serving import Serving, serving

JOB = "rest"
TURNS = 7
CALLS = 500
IN_FLIGHT = 32
SINGLE_CALLS = 600
SERVICE = "/nova.scoring.v1.ScoringService"

Send = Callable[[], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Call:
    """One call in both forms."""

    label: str
    rpc: str
    request: Message
    method: str
    path: str
    body: bytes | None = None


def measure(data_dir: Path) -> None:
    """Print for each call the ratio of throughputs, and the latency that REST adds."""
    with serving(data_dir, gateway=True) as server:
        asyncio.run(_measure(server, _calls(server)))


def _calls(server: Serving) -> list[Call]:
    """Return a submission, sent again and again, and the reading of the smallest batch and of the largest."""
    submission = _submission("one", sample_texts()[1][:1])
    with grpc.insecure_channel(server.address) as channel:
        stub = ScoringServiceStub(channel)
        scored = _scored_batch(server, stub)
        alone = stub.SubmitScoringBatch(submission, metadata=server.metadata).batch.id
    return [
        Call("submit 1", "SubmitScoringBatch", submission, "POST", "/v1/jobs/one/scoring-batches", _json(submission)),
        _read("read 1 scored", "one", alone),
        _read("read 25 scored", JOB, scored),
    ]


def _read(label: str, job_id: str, batch_id: str) -> Call:
    request = scoring_service_pb2.GetScoringBatchRequest(job_id=job_id, scoring_batch_id=batch_id)
    return Call(label, "GetScoringBatch", request, "GET", f"/v1/jobs/{job_id}/scoring-batches/{batch_id}")


def _submission(job_id: str, resumes: list[str]) -> scoring_service_pb2.SubmitScoringBatchRequest:
    request = scoring_service_pb2.SubmitScoringBatchRequest(job_id=job_id, job_description=sample_texts()[0])
    for number, text in enumerate(resumes):
        application = request.applications.add(application_id=str(number))
        application.resume.type = resume_pb2.Resume.TEXT
        application.resume.content = text
    return request


def _json(submission: scoring_service_pb2.SubmitScoringBatchRequest) -> bytes:
    body = json_format.MessageToDict(submission)
    del body["jobId"]
    for application in body["applications"]:
        application["resume"]["type"] = "text"
    return json.dumps(body).encode()


def _scored_batch(server: Serving, stub: ScoringServiceStub) -> str:
    """Return the id of a batch of 25 jobs that are all scored."""
    batch_id = stub.SubmitScoringBatch(_submission(JOB, sample_texts()[1]), metadata=server.metadata).batch.id
    watch = scoring_service_pb2.WatchScoringBatchRequest(job_id=JOB, scoring_batch_id=batch_id)
    *_, last = stub.WatchScoringBatch(watch, metadata=server.metadata)
    assert last.batch.status == scoring_batch_pb2.ScoringBatch.COMPLETED, last.batch
    return batch_id


async def _measure(server: Serving, calls: list[Call]) -> None:
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    headers = {**server.headers, "Content-Type": "application/json"}
    async with (
        grpc.aio.insecure_channel(server.address) as channel,
        grpc.aio.insecure_channel(server.rest_url.removeprefix("http://")) as envoy_channel,
        aiohttp.ClientSession(server.rest_url, connector=connector, headers=headers) as session,
    ):
        for call in calls:
            over_rest = _rest_sender(session, call)
            over_grpc, over_envoy = (_grpc_sender(each, call, server) for each in (channel, envoy_channel))
            sizes = f"{await over_rest()} bytes of JSON, {await over_grpc()} of protobuf"
            await _compare_throughput(f"{call.label} ({sizes})", over_rest, over_grpc, over_envoy)
            await _compare_latency(call.label, over_rest, over_grpc, over_envoy)


def _rest_sender(session: aiohttp.ClientSession, call: Call) -> Send:
    async def send() -> int:
        async with session.request(call.method, call.path, data=call.body) as answer:
            assert answer.status in (HTTPStatus.OK, HTTPStatus.ACCEPTED)
            return len(await answer.read())

    return send


def _grpc_sender(channel: grpc.aio.Channel, call: Call, server: Serving) -> Send:
    rpc: Any = channel.unary_unary(f"{SERVICE}/{call.rpc}")
    request = call.request.SerializeToString()

    async def send() -> int:
        return len(await rpc(request, metadata=server.metadata))

    return send


async def _compare_throughput(label: str, *ways: Send) -> None:
    for send in ways:
        await _calls_a_second(send)
    turns = [[await _calls_a_second(send) for send in ways] for _ in range(TURNS)]
    rest, direct, through = (statistics.median(rates) for rates in zip(*turns, strict=True))
    print(
        f"{label}: REST {rest:.0f} calls/s, gRPC {direct:.0f} calls/s, through Envoy {through:.0f} calls/s with "
        f"{IN_FLIGHT} in flight (median of {TURNS} turns of {CALLS}): "
        f"{rest / direct:.2f} of gRPC, {rest / through:.2f} of gRPC through Envoy"
    )


async def _calls_a_second(send: Send) -> float:
    waiting = iter(range(CALLS))

    async def caller() -> None:
        for _ in waiting:
            await send()

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(IN_FLIGHT)))
    return CALLS / (time.perf_counter() - began)


async def _compare_latency(label: str, *ways: Send) -> None:
    rounds = [[await _milliseconds(send) for send in ways] for _ in range(SINGLE_CALLS)]
    rest, direct, through = (statistics.median(times) for times in zip(*rounds, strict=True))
    print(
        f"{label}, one at a time: REST p50 {rest:.2f} ms, gRPC p50 {direct:.2f} ms, through Envoy p50 {through:.2f} ms "
        f"({SINGLE_CALLS} of each in turn): REST adds {rest - direct:.2f} ms, {through - direct:.2f} ms of it Envoy"
    )


async def _milliseconds(send: Send) -> float:
    began = time.perf_counter()
    await send()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    run(measure)
