"""A served api on a real socket with a plain grpcio client, and everything behind it under the test's control."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import grpc.aio
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from nova.criteria.v1 import criteria_service_pb2_grpc
from nova.scoring.v1 import resume_pb2, scoring_service_pb2, scoring_service_pb2_grpc
from nova.webhooks.v1 import webhook_service_pb2_grpc
from nova_server.api.server import ApiParts, GrpcApi
from nova_server.observability.metrics import Metrics
from nova_server.ports.tenancy import ApiKey, Environment
from nova_server.settings import Settings
from nova_server.tenancy.authentication import CachedAuthenticator
from nova_server.tenancy.secrets import digest_of

from tests.support.clock import START, FakeClock
from tests.support.keys import MemoryKeyStore
from tests.support.recorded_criteria import RecordedCriteria
from tests.support.recorded_webhooks import RecordedWebhooks
from tests.support.use_cases import RecordedUseCases

SECRET = "sk_test_" + "a" * 32
KEY = ApiKey("k1", "acme", Environment.SANDBOX, "sk_test_****aaaa", START, None)
METADATA = (("authorization", f"Bearer {SECRET}"), ("x-tenant-id", "tenant-1"))
SERVICE = "nova.scoring.v1.ScoringService"
CRITERIA_SERVICE = "nova.criteria.v1.CriteriaService"
WEBHOOK_SERVICE = "nova.webhooks.v1.WebhookService"


class HostPolicy:
    """A `ResumeUrlPolicy` that refuses what is not https."""

    def fault(self, url: str) -> str | None:
        return None if url.startswith("https://") else "must be an https URL."


@dataclass
class Readiness:
    """What the api is told when it asks whether the service is ready."""

    ready: bool = True
    fault: Exception | None = None

    async def __call__(self) -> bool:
        if self.fault is not None:
            raise self.fault
        return self.ready


def keys_in_force() -> MemoryKeyStore:
    """Return a store that holds the key of `METADATA`."""
    store = MemoryKeyStore()
    store.keys[digest_of(SECRET)] = KEY
    return store


@dataclass(kw_only=True)
class Behind:
    """What an api asks of the rest of the service, all of it the test's."""

    use_cases: RecordedUseCases = field(default_factory=RecordedUseCases)
    criteria: RecordedCriteria = field(default_factory=RecordedCriteria)
    webhooks: RecordedWebhooks = field(default_factory=RecordedWebhooks)
    keys: MemoryKeyStore = field(default_factory=keys_in_force)
    metrics: Metrics = field(default_factory=Metrics)
    clock: FakeClock = field(default_factory=FakeClock)
    readiness: Readiness = field(default_factory=Readiness)

    def to_parts(self) -> ApiParts:
        """Return all this as an api takes it, with no key looked up yet."""
        authenticator = CachedAuthenticator(self.keys, self.clock)
        asked = (self.use_cases, self.criteria, self.webhooks)
        return ApiParts(*asked, authenticator, HostPolicy(), self.metrics, self.readiness, self.clock)


@dataclass(kw_only=True)
class Served(Behind):
    """The api under test, with its client."""

    api: GrpcApi
    parts: ApiParts
    channel: grpc.aio.Channel

    @property
    def stub(self) -> scoring_service_pb2_grpc.ScoringServiceAsyncStub:
        return scoring_service_pb2_grpc.ScoringServiceStub(self.channel)

    @property
    def criteria_stub(self) -> criteria_service_pb2_grpc.CriteriaServiceAsyncStub:
        return criteria_service_pb2_grpc.CriteriaServiceStub(self.channel)

    @property
    def webhook_stub(self) -> webhook_service_pb2_grpc.WebhookServiceAsyncStub:
        return webhook_service_pb2_grpc.WebhookServiceStub(self.channel)

    def raw(self, path: str, body: bytes, metadata: Any = ()) -> Awaitable[bytes]:
        """Call any method with any bytes, whether it exists or not."""
        call: Any = self.channel.unary_unary(path)
        return cast(Awaitable[bytes], call(body, metadata=metadata))


@asynccontextmanager
async def listening(parts: ApiParts, **settings: Any) -> AsyncIterator[tuple[GrpcApi, grpc.aio.Channel]]:
    """Serve on a free port of the loopback until the context ends. Yields the api and a client of it."""
    given = {"grpc_address": "127.0.0.1:0", "shutdown_grace_seconds": 1, **settings}
    api = GrpcApi(Settings(**given), parts, quiet_seconds=0.01)
    await api.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{api.port}") as channel:
            yield api, channel
    finally:
        await api.stop()


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[Served]:
    """Serve what is the test's alone."""
    behind = Behind()
    parts = behind.to_parts()
    async with listening(parts, **settings) as (api, channel):
        yield Served(**vars(behind), api=api, parts=parts, channel=channel)


def submission(count: int = 1) -> scoring_service_pb2.SubmitScoringBatchRequest:
    """Return a valid request with `count` text resumes."""
    request = scoring_service_pb2.SubmitScoringBatchRequest(job_id="job-1", job_description="A backend engineer.")
    for number in range(1, count + 1):
        resume = resume_pb2.Resume(type=resume_pb2.Resume.TEXT, content="Seven years of Python. " * 3)
        request.applications.add(application_id=f"app-{number}", resume=resume)
    return request


def job_submission(**fields: Any) -> scoring_service_pb2.SubmitScoringJobRequest:
    """Return a valid request with a text resume, and `fields` beside it or in its place."""
    resume = resume_pb2.Resume(type=resume_pb2.Resume.TEXT, content="Seven years of Python. " * 3)
    given = {
        "job_id": "job-1",
        "application_id": "app-1",
        "job_description": "A backend engineer.",
        "resume": resume,
    }
    return scoring_service_pb2.SubmitScoringJobRequest(**{**given, **fields})


@dataclass
class Refusal:
    """How a call failed, taken apart."""

    code: grpc.StatusCode
    message: str
    trace_id: str | None
    info: error_details_pb2.ErrorInfo = field(default_factory=error_details_pb2.ErrorInfo)
    faults: Sequence[tuple[str, str, str]] = ()
    retry_after: error_details_pb2.RetryInfo | None = None
    trailing_bytes: int = 0


async def refusal(call: Awaitable[Any]) -> Refusal:
    """Await `call`, which must fail, within 10 s."""
    try:
        async with asyncio.timeout(10):
            await call
    except grpc.aio.AioRpcError as error:
        return _taken_apart(error)
    raise AssertionError("the call was expected to fail")


async def first_message(call: Any) -> Any:
    """Return the first message of a stream, so that a stream can be awaited like a unary call."""
    return await anext(aiter(call))


def _taken_apart(error: grpc.aio.AioRpcError) -> Refusal:
    found = Refusal(error.code(), error.details() or "", _trace_id(error), trailing_bytes=_size(error))
    # The annotation asks for a `grpc.Call`; a failed call of grpc.aio has the same methods.
    status: status_pb2.Status | None = rpc_status.from_call(error)  # type: ignore[arg-type]  # see above
    for detail in status.details if status else ():
        _take_detail(found, detail)
    return found


def _trace_id(error: grpc.aio.AioRpcError) -> str | None:
    return dict(error.initial_metadata()).get("x-trace-id")


def _size(error: grpc.aio.AioRpcError) -> int:
    """Return the size of the trailing metadata as HTTP/2 counts it, binary values in base64."""
    sizes = [
        len(key) + 32 + (-(-len(value) // 3) * 4 if key.endswith("-bin") else len(value))
        for key, value in error.trailing_metadata()
    ]
    return sum(sizes) + len("grpc-message") + 32 + len((error.details() or "").encode()) + len("grpc-status0") + 32


def _take_detail(found: Refusal, detail: Any) -> None:
    bad_request, retry = error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    if detail.Unpack(found.info):
        return
    if detail.Unpack(bad_request):
        found.faults = [(fault.field, fault.reason, fault.description) for fault in bad_request.field_violations]
    if detail.Unpack(retry):
        found.retry_after = retry


def called(message: Message) -> str:
    """Return the name of a message's type, for the names of parametrised tests."""
    return message.DESCRIPTOR.name
