"""What a plain grpcio client gets when a call fails: status, ErrorInfo, BadRequest, RetryInfo and the trace id."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc.aio
import pytest
import structlog
from google.protobuf.descriptor import MethodDescriptor
from nova.criteria.v1 import criteria_service_pb2
from nova.scoring.v1 import scoring_service_pb2
from nova.webhooks.v1 import webhook_service_pb2
from nova_server.errors import BatchNotFound, NovaError, ServiceUnavailable, StoreUnavailable
from nova_server.observability.logs import configure_logging

from tests.support.api import METADATA, SERVICE, Served, first_message, refusal, serving, submission

GET = scoring_service_pb2.GetScoringBatchRequest(job_id="job-1", scoring_batch_id="cbatch")
WATCH = scoring_service_pb2.WatchScoringBatchRequest(job_id="job-1", scoring_batch_id="cbatch")
FILES: list[Any] = [scoring_service_pb2, criteria_service_pb2, webhook_service_pb2]
METHODS = [
    method for file in FILES for service in file.DESCRIPTOR.services_by_name.values() for method in service.methods
]
CALLER_TEXT = "jane.smith@example.com"


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logging("debug", stream)
    yield stream
    structlog.reset_defaults()


def events(log: io.StringIO, name: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == name]


@pytest.mark.parametrize(
    ("error", "code", "reason", "retryable"),
    [
        (BatchNotFound(), grpc.StatusCode.NOT_FOUND, "BATCH_NOT_FOUND", "false"),
        (StoreUnavailable(), grpc.StatusCode.UNAVAILABLE, "SERVICE_UNAVAILABLE", "true"),
        (NovaError(), grpc.StatusCode.INTERNAL, "INTERNAL_ERROR", "true"),
        (ValueError("surprise"), grpc.StatusCode.INTERNAL, "INTERNAL_ERROR", "true"),
        (NotImplementedError("surprise"), grpc.StatusCode.INTERNAL, "INTERNAL_ERROR", "true"),
        (TimeoutError("surprise"), grpc.StatusCode.INTERNAL, "INTERNAL_ERROR", "true"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_an_error_of_a_use_case_becomes_its_status(
    served: Served, error: Exception, code: grpc.StatusCode, reason: str, retryable: str
) -> None:
    served.use_cases.fault = error

    failed = await refusal(served.stub.GetScoringBatch(GET, metadata=METADATA))

    assert (failed.code, failed.info.reason, failed.info.domain) == (code, reason, "nova")
    assert dict(failed.info.metadata) == {"trace_id": failed.trace_id, "retryable": retryable}


async def test_a_refusal_that_knows_when_to_come_back_says_so(served: Served) -> None:
    served.use_cases.fault = ServiceUnavailable(retry_after_seconds=1.5)

    failed = await refusal(served.stub.GetScoringBatch(GET, metadata=METADATA))

    assert failed.retry_after is not None
    assert failed.retry_after.retry_delay.ToMilliseconds() == 1500


async def test_a_surprise_shows_nothing_of_its_text_in_the_answer_or_the_log(served: Served, log: io.StringIO) -> None:
    served.use_cases.fault = ValueError(f"cannot store {CALLER_TEXT}")

    failed = await refusal(served.stub.GetScoringBatch(GET, metadata=METADATA))

    assert failed.message == "Something went wrong."
    (line,) = events(log, "call_failed")
    assert line["trace_id"] == failed.trace_id
    assert line["exception"][0]["type"] == "ValueError"
    assert any("get_batch" in frame for frame in line["exception"][0]["frames"])
    assert CALLER_TEXT not in log.getvalue()


async def test_a_store_that_is_away_is_logged_with_its_cause(served: Served, log: io.StringIO) -> None:
    served.use_cases.fault = StoreUnavailable()
    served.use_cases.fault.__cause__ = OSError(28, CALLER_TEXT)

    await refusal(served.stub.GetScoringBatch(GET, metadata=METADATA))

    (line,) = events(log, "call_unavailable")
    assert [error["type"] for error in line["exception"]] == ["nova_server.errors.StoreUnavailable", "OSError"]
    assert CALLER_TEXT not in log.getvalue()


async def test_a_stream_that_fails_midway_ends_with_its_status(served: Served) -> None:
    served.use_cases.changes = [served.use_cases.found]
    served.use_cases.fault = ServiceUnavailable()
    stream = served.stub.WatchScoringBatch(WATCH, metadata=METADATA)

    first = await stream.read()
    failed = await refusal(stream.read())

    assert isinstance(first, scoring_service_pb2.WatchScoringBatchResponse)
    assert (failed.info.reason, failed.info.metadata["trace_id"]) == ("SERVICE_UNAVAILABLE", failed.trace_id)


async def test_a_stream_for_a_batch_that_does_not_exist_is_refused(served: Served) -> None:
    served.use_cases.fault = BatchNotFound()

    failed = await refusal(first_message(served.stub.WatchScoringBatch(WATCH, metadata=METADATA)))

    assert failed.info.reason == "BATCH_NOT_FOUND"


@pytest.mark.parametrize("path", [f"/{SERVICE}/Nothing", "/nova.other.v1.Service/Get", "/x/y"])
async def test_a_method_that_does_not_exist_is_refused_as_not_found(served: Served, path: str) -> None:
    failed = await refusal(served.raw(path, b"body"))

    assert (failed.code, failed.info.reason) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_FOUND")
    assert failed.info.metadata["trace_id"] == failed.trace_id


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
async def test_every_method_of_the_contract_is_served(served: Served, method: MethodDescriptor) -> None:
    path = f"/{method.containing_service.full_name}/{method.name}"

    failed = await refusal(served.raw(path, b"\xff", metadata=METADATA))

    assert (failed.info.reason, failed.faults[0][:2]) == ("VALIDATION_ERROR", ("", "invalid"))


async def test_made_up_methods_share_one_metric(served: Served) -> None:
    for number in range(3):
        await refusal(served.raw(f"/{SERVICE}/Nothing{number}", b""))

    labels = {"method": "unknown", "code": "UNIMPLEMENTED"}
    assert served.metrics.registry.get_sample_value("nova_grpc_requests_total", labels) == 3


async def test_a_body_that_is_no_message_is_a_fault_of_the_request(served: Served, log: io.StringIO) -> None:
    body = b"\xff" + CALLER_TEXT.encode()

    failed = await refusal(served.raw(f"/{SERVICE}/GetScoringBatch", body, metadata=METADATA))

    assert (failed.info.reason, failed.faults[0][:2]) == ("VALIDATION_ERROR", ("", "invalid"))
    assert CALLER_TEXT not in log.getvalue() + failed.message + str(failed.faults)


async def test_a_unary_call_that_outlasts_the_default_deadline_is_ended() -> None:
    async with serving(default_deadline_seconds=0.05) as served:
        served.use_cases.open.clear()

        failed = await refusal(served.stub.GetScoringBatch(GET, metadata=METADATA, timeout=30))

        assert (failed.code, failed.info.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVICE_UNAVAILABLE")
        assert served.use_cases.ended.is_set()


async def test_a_callers_shorter_deadline_is_kept(served: Served) -> None:
    served.use_cases.open.clear()

    failed = await refusal(served.stub.GetScoringBatch(GET, metadata=METADATA, timeout=0.05))

    assert failed.code in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE)
    await asyncio.wait_for(served.use_cases.ended.wait(), 5)


async def test_a_stream_is_not_cut_by_the_default_deadline() -> None:
    async with serving(default_deadline_seconds=0.05) as served:
        served.use_cases.changes = [served.use_cases.found]
        served.use_cases.open.clear()
        stream = served.stub.WatchScoringBatch(WATCH, metadata=METADATA)
        await stream.read()
        await refusal(served.stub.GetScoringBatch(GET, metadata=METADATA))

        served.use_cases.open.set()

        assert await stream.read() == grpc.aio.EOF


async def test_a_caller_who_hangs_up_ends_the_work_and_is_counted(served: Served) -> None:
    served.use_cases.open.clear()
    call = served.stub.GetScoringBatch(GET, metadata=METADATA)
    await asyncio.wait_for(served.use_cases.asked.wait(), 5)

    call.cancel()

    await asyncio.wait_for(served.use_cases.ended.wait(), 5)
    labels = {"method": f"/{SERVICE}/GetScoringBatch", "code": "CANCELLED"}
    assert served.metrics.registry.get_sample_value("nova_grpc_requests_total", labels) == 1


async def test_a_watcher_who_hangs_up_ends_the_watch(served: Served) -> None:
    served.use_cases.changes = [served.use_cases.found]
    served.use_cases.open.clear()
    stream = served.stub.WatchScoringBatch(WATCH, metadata=METADATA)
    await stream.read()

    stream.cancel()

    await asyncio.wait_for(served.use_cases.ended.wait(), 5)


async def test_calls_are_counted_by_method_and_status_and_timed(served: Served) -> None:
    await served.stub.GetScoringBatch(GET, metadata=METADATA)
    await refusal(served.stub.GetScoringBatch(GET))

    method = f"/{SERVICE}/GetScoringBatch"
    value = served.metrics.registry.get_sample_value
    assert value("nova_grpc_requests_total", {"method": method, "code": "OK"}) == 1
    assert value("nova_grpc_requests_total", {"method": method, "code": "UNAUTHENTICATED"}) == 1
    assert value("nova_grpc_request_seconds_count", {"method": method}) == 2


async def test_a_body_over_the_limit_of_its_message_is_too_large(served: Served) -> None:
    request = submission()
    request.job_description = "x" * 4_718_592

    failed = await refusal(served.stub.SubmitScoringBatch(request, metadata=METADATA))

    assert (failed.code, failed.info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "PAYLOAD_TOO_LARGE")
    assert failed.info.metadata["retryable"] == "false"


async def test_a_body_of_exactly_the_limit_is_read(served: Served) -> None:
    request = submission()
    request.job_description = "x" * 4_000_000
    request.job_description += "x" * (4_718_592 - request.ByteSize())

    failed = await refusal(served.stub.SubmitScoringBatch(request, metadata=METADATA))

    assert request.ByteSize() == 4_718_592
    assert failed.info.reason == "VALIDATION_ERROR"


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
async def test_a_body_over_the_limit_of_the_transport_is_refused_unread(
    served: Served, compression: grpc.Compression
) -> None:
    """Also when it is small on the wire and only large once it is unpacked."""
    request = submission()
    request.job_description = "x" * 20_000_000

    failed = await refusal(served.stub.SubmitScoringBatch(request, metadata=METADATA, compression=compression))

    assert failed.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert served.use_cases.submissions == []


async def test_a_compressed_body_within_the_limits_is_read(served: Served) -> None:
    answer = await served.stub.SubmitScoringBatch(submission(), metadata=METADATA, compression=grpc.Compression.Gzip)

    assert list(answer.scoring_job_ids) == ["capp-1"]
