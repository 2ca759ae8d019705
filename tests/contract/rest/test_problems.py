"""Every failure is a documented problem, whoever finds it: the api, its transport, or Envoy."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova_server.errors import CATALOGUE, NovaError
from nova_server.observability.logs import configure_logging

from tests.support import rest as gateway
from tests.support.api import KEY, SECRET, Served
from tests.support.rest import BATCHES, HEADERS, PROBLEM_TYPE, TRACE_ID, Answer, Rest, gateway_to, submission

READ = f"{BATCHES}/cbatch"
KEYS = ["type", "code", "status", "message", "retryable", "traceId"]
ANSWERED = [reason for reason, entry in CATALOGUE.items() if entry.http_status]
RETRIED = ("RATE_LIMITED", "SERVICE_UNAVAILABLE")


def problem(answer: Answer, code: str) -> dict[str, Any]:
    """Return the body of an answer, which must be a problem with this code, complete and consistent."""
    entry = CATALOGUE[ErrorReason.Value(code)]
    body: dict[str, Any] = answer.json
    assert answer.content_type == PROBLEM_TYPE
    assert list(body) == [*KEYS, "details"] if "details" in body else KEYS
    assert (body["code"], body["status"], body["retryable"]) == (code, entry.http_status, entry.retryable)
    assert answer.status == entry.http_status
    assert body["type"].endswith("#" + code.lower().replace("_", "-"))
    assert body["message"]
    assert TRACE_ID.fullmatch(body["traceId"])
    assert answer.headers["X-Trace-Id"] == body["traceId"]
    assert ("Retry-After" in answer.headers) == (code in RETRIED)
    return body


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logging("debug", stream)
    yield stream
    structlog.reset_defaults()


@pytest.mark.parametrize("reason", ANSWERED, ids=ErrorReason.Name)
async def test_every_reason_of_the_catalogue_has_its_status_and_its_body(
    rest: Rest, served: Served, reason: ErrorReason.ValueType
) -> None:
    fault = NovaError(CATALOGUE[reason].message)
    fault.reason = reason  # type: ignore[misc] # not every reason has a use case yet
    fault.retry_after_seconds = 6.2 if ErrorReason.Name(reason) in RETRIED else None
    served.use_cases.fault = fault

    answer = await rest.get(READ)

    body = problem(answer, ErrorReason.Name(reason))
    assert body["message"] == CATALOGUE[reason].message
    assert answer.headers.get("Retry-After") in (None, "7")


async def test_an_unexpected_error_shows_nothing_of_itself_and_is_found_in_the_log(
    rest: Rest, served: Served, log: io.StringIO
) -> None:
    served.use_cases.fault = ValueError("jane.smith@example.com")

    answer = await rest.get(READ)

    assert problem(answer, "INTERNAL_ERROR")["message"] == "Something went wrong."
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["trace_id"] for line in lines if line["event"] == "call_failed"] == [answer.json["traceId"]]
    assert "jane" not in answer.text


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Basic YTpi", SECRET, "Bearer sk_test_" + "b" * 32, "Bearer sk_live_" + "a" * 32],
)
async def test_a_missing_malformed_or_unknown_key_is_unauthorized(rest: Rest, authorization: str | None) -> None:
    headers = {**HEADERS, "Authorization": authorization}

    answer = await rest.get(READ, headers={name: value for name, value in headers.items() if value is not None})

    assert problem(answer, "UNAUTHORIZED")["message"] == "Invalid or missing API key."


async def test_a_revoked_key_is_unauthorized(rest: Rest, served: Served) -> None:
    await served.keys.set_revoked(KEY.id, served.clock.now())

    problem(await rest.get(READ), "UNAUTHORIZED")


@pytest.mark.parametrize(
    ("tenant", "code"), [(None, "required"), ("", "required"), ("t" * 256, "too_long"), ("tenänt", "invalid")]
)
async def test_a_missing_or_malformed_tenant_is_named(rest: Rest, tenant: str | None, code: str) -> None:
    headers = {"Authorization": HEADERS["Authorization"]} | ({"X-Tenant-Id": tenant} if tenant is not None else {})

    body = problem(await rest.get(READ, headers=headers), "VALIDATION_ERROR")

    assert [(fault["field"].lower(), fault["code"]) for fault in body["details"]] == [("x-tenant-id", code)]


async def test_faults_are_named_with_their_json_paths(rest: Rest) -> None:
    request = submission(4)
    request["applications"][3] = {"resume": {"type": "url", "url": "http://example.com/resume.pdf"}}

    body = problem(await rest.post(BATCHES, json=request), "VALIDATION_ERROR")

    assert [(fault["field"], fault["code"]) for fault in body["details"]] == [
        ("applications[3].applicationId", "required"),
        ("applications[3].resume.url", "url_not_allowed"),
    ]
    assert [list(fault) for fault in body["details"]] == [["field", "message", "code"]] * 2


async def test_malformed_json_is_named_with_its_place(rest: Rest) -> None:
    answer = await rest.post(
        BATCHES, data=b'{"applications": [1, }', headers={**HEADERS, "Content-Type": "application/json"}
    )

    body = problem(answer, "VALIDATION_ERROR")
    assert [(fault["field"], fault["code"]) for fault in body["details"]] == [("body", "malformed_json")]
    assert "byte 22" in body["details"][0]["message"]


@pytest.mark.parametrize("code", ["BATCH_NOT_FOUND", "NOT_FOUND"])
async def test_details_are_absent_where_there_are_none(rest: Rest, served: Served, code: str) -> None:
    fault = NovaError()
    fault.reason = ErrorReason.Value(code)  # type: ignore[misc] # see above
    served.use_cases.fault = fault

    assert "details" not in problem(await rest.get(READ), code)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1/nothing"),
        ("GET", "/v1/jobs//scoring-batches/x"),
        ("GET", "/v2/jobs/job-1/scoring-batches/x"),
        ("GET", f"{READ}/"),
        ("GET", BATCHES),
        ("PUT", BATCHES),
        ("PATCH", BATCHES),
        ("DELETE", READ),
        ("POST", READ),
        ("OPTIONS", BATCHES),
        ("POST", "/nova.scoring.v1.ScoringService/SubmitScoringBatch"),
        ("GET", "/grpc.health.v1.Health/Check"),
    ],
)
async def test_an_unknown_route_or_method_is_not_found(rest: Rest, method: str, path: str) -> None:
    problem(await rest.call(method, path), "NOT_FOUND")


async def test_head_of_an_unknown_route_has_the_status_without_the_body(rest: Rest) -> None:
    answer = await rest.call("HEAD", "/v1/nothing")

    assert (answer.status, answer.text) == (404, "")


async def test_an_api_that_is_not_there_is_unavailable() -> None:
    async with gateway_to("127.0.0.1:1") as rest:
        problem(await rest.get(READ), "SERVICE_UNAVAILABLE")


async def test_an_api_that_takes_too_long_is_unavailable() -> None:
    async with gateway.serving(gateway={"timeout_seconds": 0.2}) as (rest, served):
        served.use_cases.open.clear()

        problem(await rest.get(READ), "SERVICE_UNAVAILABLE")

        served.use_cases.open.set()


async def test_the_key_is_looked_at_before_the_tenant_and_the_body(rest: Rest) -> None:
    answer = await rest.post(BATCHES, data=b"{", headers={"Content-Type": "application/json"})

    problem(answer, "UNAUTHORIZED")


async def test_the_tenant_is_looked_at_before_the_body(rest: Rest) -> None:
    headers = {"Authorization": HEADERS["Authorization"], "Content-Type": "application/json"}

    body = problem(await rest.post(BATCHES, data=b"{", headers=headers), "VALIDATION_ERROR")

    assert [fault["field"].lower() for fault in body["details"]] == ["x-tenant-id"]


async def test_the_body_is_looked_at_before_the_work(rest: Rest, served: Served) -> None:
    problem(await rest.post(BATCHES, json=submission(0)), "VALIDATION_ERROR")

    assert served.use_cases.submissions == []
