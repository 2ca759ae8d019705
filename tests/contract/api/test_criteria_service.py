"""The rpcs of CriteriaService: what reaches the use cases, and how they fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import pytest
from google.protobuf.message import Message
from nova.criteria.v1 import criteria_service_pb2, criterion_pb2
from nova.errors.v1 import error_reason_pb2
from nova_server.errors import (
    CriteriaLimitReached,
    CriteriaNotFound,
    CriteriaRevisionMismatch,
    CriteriaVersionNotFound,
    CriterionNotFound,
    IdempotencyKeyReused,
    IdempotencyRequestInProgress,
    NovaError,
    ServiceUnavailable,
    StoreUnavailable,
)
from nova_server.ports.criteria import ChangeOptions
from nova_server.ports.scorer import CriterionText, Importance
from nova_server.ports.tenancy import Environment, TenantKey

from tests.support.api import CRITERIA_SERVICE, METADATA, Served, called, refusal, serving
from tests.support.criteria_requests import (
    ADD,
    ALL,
    ARCHIVE,
    CHANGES,
    GET,
    GET_CURRENT,
    GET_VERSION,
    LIST,
    REMOVE,
    SET,
    UPDATE,
    List,
    Set,
    Text,
    Update,
    call,
    method_of,
)
from tests.support.recorded_criteria import POSTGRES, VERSION_ID

TENANT = TenantKey("acme", Environment.SANDBOX, "tenant-1")
MUST_HAVE, PREFERRED, NICE = criterion_pb2.MUST_HAVE, criterion_pb2.PREFERRED, criterion_pb2.NICE_TO_HAVE
ALL_KINDS = [Text(text=f"{number}", importance=number) for number in (NICE, MUST_HAVE, PREFERRED)]

# What is sent, and what the use case is asked beside the tenant and the job.
CALLS: list[tuple[Message, str, tuple[Any, ...]]] = [
    (GET, "get_current", ()),
    (SET, "set", ((CriterionText("Python", Importance.MUST_HAVE),),)),
    (Set(job_id="job-1"), "set", ((),)),
    (
        Set(job_id="job-1", criteria=ALL_KINDS),
        "set",
        (
            (
                CriterionText("3", Importance.NICE_TO_HAVE),
                CriterionText("1", Importance.MUST_HAVE),
                CriterionText("2", Importance.PREFERRED),
            ),
        ),
    ),
    (ARCHIVE, "archive", ()),
    (ADD, "add", (CriterionText("PostgreSQL", Importance.PREFERRED),)),
    (UPDATE, "update", (POSTGRES.id, None, Importance.MUST_HAVE)),
    (Update(job_id="job-1", criterion_id="c", text="Go"), "update", ("c", "Go", None)),
    (
        Update(job_id="job-1", criterion_id="c", text="Go", importance=NICE),
        "update",
        ("c", "Go", Importance.NICE_TO_HAVE),
    ),
    (REMOVE, "remove", (POSTGRES.id,)),
    (LIST, "list_versions", (101, None)),
    (List(job_id="job-1", page_size=1, page_token="3"), "list_versions", (2, 3)),
    (List(job_id="job-1", page_size=1_000, page_token="999999999"), "list_versions", (1_001, 999_999_999)),
    (GET_CURRENT, "get_current", ()),
    (GET_VERSION, "get_version", (VERSION_ID,)),
]
ERRORS: list[tuple[NovaError, grpc.StatusCode]] = [
    (CriteriaNotFound(), grpc.StatusCode.NOT_FOUND),
    (CriterionNotFound(), grpc.StatusCode.NOT_FOUND),
    (CriteriaVersionNotFound(), grpc.StatusCode.NOT_FOUND),
    (CriteriaRevisionMismatch(), grpc.StatusCode.FAILED_PRECONDITION),
    (CriteriaLimitReached(), grpc.StatusCode.FAILED_PRECONDITION),
    (IdempotencyRequestInProgress(), grpc.StatusCode.ABORTED),
    (IdempotencyKeyReused(), grpc.StatusCode.FAILED_PRECONDITION),
    (ServiceUnavailable(), grpc.StatusCode.UNAVAILABLE),
    (StoreUnavailable(), grpc.StatusCode.UNAVAILABLE),
]


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


@pytest.mark.parametrize(("request_", "name", "arguments"), CALLS)
async def test_a_call_reaches_the_use_case_for_its_tenant_and_job(
    served: Served, request_: Message, name: str, arguments: tuple[Any, ...]
) -> None:
    await call(served, request_)

    assert served.criteria.calls == [(name, TENANT, "job-1", *arguments)]


def test_every_rpc_of_the_service_is_called_here() -> None:
    methods = criteria_service_pb2.DESCRIPTOR.services_by_name["CriteriaService"].methods

    assert {method.name for method in methods} == {method_of(request) for request, *_ in CALLS}
    assert {method.name for method in methods} == {method_of(request) for request in ALL}


@pytest.mark.parametrize("request_", CHANGES, ids=called)
async def test_a_change_without_headers_has_no_options(served: Served, request_: Message) -> None:
    await call(served, request_)

    assert served.criteria.options == [ChangeOptions(call=None, expected_revision=None)]


@pytest.mark.parametrize("request_", ALL, ids=called)
async def test_a_call_without_a_key_is_unauthorized(served: Served, request_: Message) -> None:
    failed = await refusal(served.raw(f"/{CRITERIA_SERVICE}/{method_of(request_)}", request_.SerializeToString()))

    assert (failed.code, failed.info.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHORIZED")
    assert served.criteria.calls == []


@pytest.mark.parametrize("request_", ALL, ids=called)
async def test_a_call_without_a_tenant_is_invalid(served: Served, request_: Message) -> None:
    path = f"/{CRITERIA_SERVICE}/{method_of(request_)}"

    failed = await refusal(served.raw(path, request_.SerializeToString(), METADATA[:1]))

    assert [fault[:2] for fault in failed.faults] == [("X-Tenant-Id", "required")]


@pytest.mark.parametrize("request_", ALL, ids=called)
async def test_what_a_use_case_raises_is_answered(served: Served, request_: Message) -> None:
    for error, code in ERRORS:
        served.criteria.fault = error

        failed = await refusal(call(served, request_))

        assert (failed.code, failed.message) == (code, error.message)
        assert failed.info.reason == error_reason_pb2.ErrorReason.Name(error.reason)


async def test_who_asks_while_the_first_call_is_running_is_told_when_to_ask_again(served: Served) -> None:
    served.criteria.fault = IdempotencyRequestInProgress(retry_after_seconds=2)

    failed = await refusal(call(served, SET, ("idempotency-key", "k")))

    assert (failed.code, failed.info.metadata["retryable"]) == (grpc.StatusCode.ABORTED, "true")
    assert failed.retry_after is not None
    assert failed.retry_after.retry_delay.ToMilliseconds() == 2_000


@pytest.mark.parametrize(("request_", "limit"), [(SET, 1_048_576), (ADD, 65_536), (UPDATE, 65_536)])
async def test_a_body_over_its_limit_is_too_large(served: Served, request_: Message, limit: int) -> None:
    path = f"/{CRITERIA_SERVICE}/{method_of(request_)}"

    within = await refusal(served.raw(path, b"\xff" * limit, METADATA))
    over = await refusal(served.raw(path, b"\xff" * (limit + 1), METADATA))

    assert (within.info.reason, over.info.reason) == ("VALIDATION_ERROR", "PAYLOAD_TOO_LARGE")
