"""Sends calls to a server of `bench.server`, so many in flight at once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import grpc.aio
from nova.scoring.v1 import resume_pb2, scoring_service_pb2

SUBMIT = "/nova.scoring.v1.ScoringService/SubmitScoringBatch"


@dataclass(frozen=True, slots=True)
class Target:
    """A running server."""

    process: subprocess.Popen[str]
    address: str
    metadata: tuple[tuple[str, str], ...]


class Callee(Protocol):
    """Where calls go, and what is sent with each."""

    @property
    def address(self) -> str: ...

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]: ...


@asynccontextmanager
async def running_server(data_dir: Path) -> AsyncIterator[Target]:
    """Yield a server on the store in `data_dir`, and kill it afterwards."""
    command = [sys.executable, "-m", "bench.server", str(data_dir)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220 - before the loop is used
    try:
        assert process.stdout
        port, secret = process.stdout.readline().split()
        metadata = (("authorization", f"Bearer {secret}"), ("x-tenant-id", "bench"))
        yield Target(process, f"127.0.0.1:{port}", metadata)
    finally:
        process.kill()
        process.wait()


def submission(job_id: str, applications: int, characters: int) -> bytes:
    """Return a serialized request whose texts are its own."""
    request = scoring_service_pb2.SubmitScoringBatchRequest(
        job_id=job_id, job_description="We look for an engineer who has run what they built. " * 10
    )
    for number in range(applications):
        application = request.applications.add(application_id=f"{job_id}-{number}")
        application.resume.type = resume_pb2.Resume.TEXT
        application.resume.content = (f"{job_id} {number} led a team and shipped it. " * 200)[:characters]
    return request.SerializeToString()


async def rate(target: Callee, method: str, requests: Iterable[bytes], in_flight: int) -> float:
    """Return calls a second, every one of them answered."""
    queue = iter(requests)
    count = 0

    async with grpc.aio.insecure_channel(target.address) as channel:
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)

        async def send() -> None:
            nonlocal count
            for request in queue:
                await call(request, metadata=target.metadata)
                count += 1

        await call(next(queue), metadata=target.metadata)
        began = time.perf_counter()
        await asyncio.gather(*(send() for _ in range(in_flight)))
        return count / (time.perf_counter() - began)
