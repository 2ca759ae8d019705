"""Who may call, whose data a call is about, and which trace id it has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import pytest
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from nova.scoring.v1 import scoring_service_pb2
from nova_server.errors import StoreUnavailable
from nova_server.ports.tenancy import Environment, TenantKey

from tests.support.api import KEY, METADATA, SECRET, SERVICE, Served, first_message, refusal, serving, submission
from tests.support.use_cases import BATCH

GET = scoring_service_pb2.GetScoringBatchRequest(job_id="job-1", scoring_batch_id="cbatch")
WATCH = scoring_service_pb2.WatchScoringBatchRequest(job_id="job-1", scoring_batch_id="cbatch")
INVALID = scoring_service_pb2.GetScoringBatchRequest()
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


def metadata(authorization: str | None = f"Bearer {SECRET}", tenant_id: str | None = "tenant-1") -> Any:
    pairs = (("authorization", authorization), ("x-tenant-id", tenant_id))
    return tuple((key, value) for key, value in pairs if value is not None)


async def test_a_call_is_about_its_tenant_in_the_environment_of_its_key(served: Served) -> None:
    await served.stub.GetScoringBatch(GET, metadata=METADATA)

    assert served.use_cases.reads == [(TenantKey("acme", Environment.SANDBOX, "tenant-1"), "job-1", "cbatch")]


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Basic YTpi", SECRET, "Bearer sk_test_" + "b" * 32, "Bearer sk_live_" + "a" * 32],
)
async def test_a_call_without_a_key_in_force_is_unauthorized(served: Served, authorization: str | None) -> None:
    failed = await refusal(served.stub.GetScoringBatch(GET, metadata=metadata(authorization)))

    assert (failed.code, failed.info.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHORIZED")
    assert failed.message == "Invalid or missing API key."


async def test_a_stream_without_a_key_is_unauthorized(served: Served) -> None:
    failed = await refusal(first_message(served.stub.WatchScoringBatch(WATCH)))

    assert failed.info.reason == "UNAUTHORIZED"


async def test_a_revoked_key_is_refused_within_a_second(served: Served) -> None:
    await served.stub.GetScoringBatch(GET, metadata=METADATA)
    await served.keys.set_revoked(KEY.id, served.clock.now())
    served.clock.advance(0.999)

    failed = await refusal(served.stub.GetScoringBatch(GET, metadata=METADATA))

    assert failed.info.reason == "UNAUTHORIZED"


async def test_a_store_of_keys_that_is_away_makes_the_service_unavailable(served: Served) -> None:
    served.keys.fault = StoreUnavailable()

    failed = await refusal(served.stub.GetScoringBatch(GET, metadata=METADATA))

    assert failed.info.reason == "SERVICE_UNAVAILABLE"


@pytest.mark.parametrize(
    ("tenant_id", "code"),
    [(None, "required"), ("", "required"), ("t" * 256, "too_long")],
)
async def test_a_call_without_a_valid_tenant_is_invalid(served: Served, tenant_id: str | None, code: str) -> None:
    failed = await refusal(served.stub.GetScoringBatch(GET, metadata=metadata(tenant_id=tenant_id)))

    assert failed.info.reason == "VALIDATION_ERROR"
    assert [fault[:2] for fault in failed.faults] == [("X-Tenant-Id", code)]


@pytest.mark.parametrize("tenant_id", ["t", "t" * 255, "Acme & Sons, Ltd."])
async def test_a_tenant_is_any_text_of_up_to_255_characters(served: Served, tenant_id: str) -> None:
    await served.stub.GetScoringBatch(GET, metadata=metadata(tenant_id=tenant_id))

    assert served.use_cases.reads[0][0].tenant_id == tenant_id


async def test_of_two_tenants_none_is_taken(served: Served) -> None:
    failed = await refusal(served.stub.GetScoringBatch(GET, metadata=(*METADATA, ("x-tenant-id", "tenant-2"))))

    assert failed.info.reason == "VALIDATION_ERROR"
    assert [fault[:2] for fault in failed.faults] == [("X-Tenant-Id", "duplicate")]


async def test_of_two_keys_none_is_taken(served: Served) -> None:
    failed = await refusal(served.stub.GetScoringBatch(GET, metadata=(*METADATA, METADATA[0])))

    assert failed.info.reason == "UNAUTHORIZED"


async def test_the_key_is_checked_before_the_tenant_and_the_tenant_before_the_body(served: Served) -> None:
    neither = await refusal(served.stub.GetScoringBatch(INVALID))
    no_tenant = await refusal(served.stub.GetScoringBatch(INVALID, metadata=metadata(tenant_id=None)))
    no_body = await refusal(served.stub.GetScoringBatch(INVALID, metadata=METADATA))

    assert neither.info.reason == "UNAUTHORIZED"
    assert [fault[0] for fault in no_tenant.faults] == ["X-Tenant-Id"]
    assert [fault[0] for fault in no_body.faults] == ["job_id", "scoring_batch_id"]


async def test_a_body_is_not_parsed_for_a_caller_without_a_key(served: Served) -> None:
    failed = await refusal(served.raw(f"/{SERVICE}/SubmitScoringBatch", b"\xff" * 5_000_000))

    assert failed.info.reason == "UNAUTHORIZED"


async def test_health_needs_no_key(served: Served) -> None:
    stub: Any = health_pb2_grpc.HealthStub(served.channel)

    answer = await stub.Check(health_pb2.HealthCheckRequest())

    assert answer.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize(
    ("sent", "trace_id"),
    [
        ((("x-request-id", "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"),), TRACE),
        ((("x-request-id", TRACE),), TRACE),
        ((("x-request-id", TRACE.upper()),), TRACE),
        ((("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01"),), TRACE),
        ((("traceparent", f"01-{TRACE}-00f067aa0ba902b7-01-more"),), TRACE),
        ((("x-request-id", TRACE), ("traceparent", f"00-{'a' * 32}-00f067aa0ba902b7-01")), TRACE),
        ((("x-request-id", "not hex"), ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01")), TRACE),
    ],
)
async def test_a_well_formed_trace_id_is_taken_from_the_caller(served: Served, sent: Any, trace_id: str) -> None:
    call = served.stub.GetScoringBatch(GET, metadata=(*METADATA, *sent))

    assert dict(await call.initial_metadata())["x-trace-id"] == trace_id
    assert (await call).batch.id == BATCH.id


@pytest.mark.parametrize(
    "sent",
    [
        (),
        (("x-request-id", ""),),
        (("x-request-id", TRACE[:-1]),),
        (("x-request-id", TRACE + "0"),),
        (("x-request-id", "secret " + TRACE),),
        (("traceparent", f"ff-{TRACE}-00f067aa0ba902b7-01"),),
        (("traceparent", f"00-{'0' * 32}-00f067aa0ba902b7-01"),),
        (("traceparent", f"00-{TRACE}-0000000000000000-01"),),
        (("traceparent", f"00-{TRACE.upper()}-00f067aa0ba902b7-01"),),
        (("traceparent", TRACE),),
    ],
)
async def test_any_other_call_gets_a_trace_id_of_its_own(served: Served, sent: Any) -> None:
    ids = set()
    for _ in range(2):
        call = served.stub.GetScoringBatch(GET, metadata=(*METADATA, *sent))
        ids.add(dict(await call.initial_metadata())["x-trace-id"])

    assert len(ids) == 2
    assert all(len(found) == 32 and set(found) <= set("0123456789abcdef") and found != TRACE for found in ids)


async def test_a_stream_carries_its_trace_id(served: Served) -> None:
    stream = served.stub.WatchScoringBatch(WATCH, metadata=(*METADATA, ("x-request-id", TRACE)))

    assert dict(await stream.initial_metadata())["x-trace-id"] == TRACE


async def test_a_refused_call_carries_its_trace_id(served: Served) -> None:
    failed = await refusal(served.stub.GetScoringBatch(GET, metadata=(("x-request-id", TRACE),)))

    assert (failed.trace_id, failed.info.metadata["trace_id"]) == (TRACE, TRACE)


async def test_what_is_logged_during_a_call_has_its_trace_id_and_that_of_no_other(served: Served) -> None:
    for trace_id in (TRACE, "a" * 32):
        await served.stub.SubmitScoringBatch(submission(), metadata=(*METADATA, ("x-request-id", trace_id)))

    assert served.use_cases.log_contexts == [{"trace_id": TRACE}, {"trace_id": "a" * 32}]
    assert structlog.contextvars.get_contextvars() == {}
