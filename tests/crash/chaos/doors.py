"""The ways into the service: every door takes the same submission, and says when it is to be tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp
import grpc
import grpc.aio
from nova.scoring.v1 import resume_pb2
from nova.scoring.v1.scoring_service_pb2 import SubmitScoringBatchRequest

from tests.support.rest import RestClient
from tests.support.running_server import Metadata, stub_of

if TYPE_CHECKING:
    from nova.scoring.v1.scoring_service_pb2_grpc import ScoringServiceAsyncStub

DEADLINE_SECONDS = 15
# A channel that has found a dead api would by default look again after longer and longer.
CHANNEL_OPTIONS = (("grpc.initial_reconnect_backoff_ms", 200), ("grpc.max_reconnect_backoff_ms", 500))
# All that a gateway can do when an api dies while it passes on an answer: it breaks the connection, so to speak.
BROKEN_OFF = "RST_STREAM"
PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


class TryAgain(Exception):
    """The service said that the same request may be sent again, or said nothing at all. Its text is the reason."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A batch that the service promised to score."""

    batch_id: str
    job_id: str
    scoring_job_ids: dict[str, str] = field(hash=False)  # by application id


class Door(Protocol):
    """A way into the service."""

    name: str

    async def submit(self, request: SubmitScoringBatchRequest) -> Promise:
        """Return what is promised. Raises TryAgain, and fails at any other answer."""
        ...


class GrpcDoor:
    """A gRPC api, or a gateway that passes gRPC on."""

    def __init__(self, name: str, channel: grpc.aio.Channel, metadata: Metadata) -> None:
        self.name = name
        self.stub: ScoringServiceAsyncStub = stub_of(channel)
        self.metadata = metadata

    async def submit(self, request: SubmitScoringBatchRequest) -> Promise:
        async with passing_refusals():
            answer = await self.stub.SubmitScoringBatch(request, metadata=self.metadata, timeout=DEADLINE_SECONDS)
        return _promise(request, answer.batch.id, answer.scoring_job_ids)


class RestDoor:
    """The REST gateway."""

    name = "rest"

    def __init__(self, rest: RestClient, metadata: Metadata) -> None:
        self._rest = rest
        self._headers = dict(metadata)

    async def submit(self, request: SubmitScoringBatchRequest) -> Promise:
        path = f"/v1/jobs/{request.job_id}/scoring-batches"
        try:
            answer = await self._rest.post(path, json=_body(request), headers=self._headers)
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
            raise TryAgain(type(error).__name__) from error
        if answer.status == 503 and answer.json["retryable"]:
            raise TryAgain("503")
        assert answer.status == 202, answer.text
        return _promise(request, answer.json["batch"]["id"], answer.json["scoringJobIds"])


@asynccontextmanager
async def passing_refusals() -> AsyncIterator[None]:
    """Turn the statuses after which a call may be sent again into TryAgain."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        if error.code() in PASSING:
            raise TryAgain(error.code().name) from error
        if error.code() is grpc.StatusCode.INTERNAL and BROKEN_OFF in (error.details() or ""):
            raise TryAgain("broken off") from error
        raise


@asynccontextmanager
async def grpc_door(name: str, address: str, metadata: Metadata) -> AsyncIterator[GrpcDoor]:
    async with grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS) as channel:
        yield GrpcDoor(name, channel, metadata)


@asynccontextmanager
async def rest_door(url: str, metadata: Metadata) -> AsyncIterator[RestDoor]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DEADLINE_SECONDS)) as session:
        yield RestDoor(RestClient(url, session), metadata)


def _body(request: SubmitScoringBatchRequest) -> dict[str, Any]:
    """Return the same submission as REST has it."""
    applications = [
        {"applicationId": one.application_id, "resume": _resume(one.resume)} for one in request.applications
    ]
    return {"jobDescription": request.job_description, "applications": applications}


def _resume(resume: resume_pb2.Resume) -> dict[str, str]:
    if resume.type == resume_pb2.Resume.URL:
        return {"type": "url", "url": resume.url}
    return {"type": "text", "content": resume.content}


def _promise(request: SubmitScoringBatchRequest, batch_id: str, scoring_job_ids: Any) -> Promise:
    applications = [application.application_id for application in request.applications]
    return Promise(batch_id, request.job_id, dict(zip(applications, scoring_job_ids, strict=True)))
