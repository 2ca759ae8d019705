"""The problem that the Lua filter makes of a status, from the api's own statuses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st
from nova.errors.v1 import error_reason_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova_server.api.status import status_of
from nova_server.errors import CATALOGUE, FieldViolation, NovaError, ServiceUnavailable, ValidationFailed

from tests.support.lua import GatewayLua

LUA = GatewayLua()
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ANSWERS = [reason for reason, entry in CATALOGUE.items() if entry.http_status]


def transcoded(status: status_pb2.Status) -> str:
    """Return what the transcoder prints of a status, with the parts of a violation renamed as in its descriptor."""
    printed = json_format.MessageToDict(status)
    for detail in printed.get("details", []):
        if "fieldViolations" in detail:
            detail["fieldViolations"] = [_renamed(violation) for violation in detail["fieldViolations"]]
    return json.dumps(printed, separators=(",", ":"), ensure_ascii=False)


def _renamed(violation: dict[str, str]) -> dict[str, str]:
    return {
        "field": violation.get("field", ""),
        "message": violation.get("description", ""),
        "code": violation.get("reason", ""),
    }


def problem_of(error: NovaError) -> tuple[dict[str, Any], int, int | None]:
    return LUA.problem(transcoded(status_of(error, TRACE)), TRACE)


def details_of(violations: Sequence[FieldViolation]) -> Any:
    return problem_of(ValidationFailed(violations))[0].get("details")


def error_with(reason: ErrorReason.ValueType) -> NovaError:
    error = NovaError(CATALOGUE[reason].message)
    error.__class__ = type("Refused", (NovaError,), {"reason": reason})
    return error


@pytest.mark.parametrize("reason", ANSWERS, ids=ErrorReason.Name)
def test_every_reason_becomes_its_problem(reason: ErrorReason.ValueType) -> None:
    entry, code = CATALOGUE[reason], ErrorReason.Name(reason)

    problem, status, _ = problem_of(error_with(reason))

    assert status == entry.http_status
    assert problem == {
        "type": f"https://docs.nova.dweet.com/embed-api/errors#{code.lower().replace('_', '-')}",
        "code": code,
        "status": entry.http_status,
        "message": entry.message,
        "retryable": entry.retryable,
        "traceId": TRACE,
    }


@given(
    st.text(min_size=1)
    | st.sampled_from(['"', "\\", '\\"', '","reason":"FORBIDDEN', '"fieldViolations":[{}]}]}', "%s"])
)
def test_a_message_is_told_as_it_is(message: str) -> None:
    problem, status, _ = problem_of(NovaError(message))

    assert (problem["message"], problem["code"], status) == (message, "INTERNAL_ERROR", 500)
    assert "details" not in problem


@given(
    st.lists(st.tuples(st.sampled_from(["applications", "jobTitle", ""]), st.text(), st.text()), min_size=1, max_size=4)
)
def test_every_fault_is_told_whatever_is_in_it(found: list[tuple[str, str, str]]) -> None:
    details = details_of([FieldViolation(*fault) for fault in found])

    assert details == [{"field": field, "message": message, "code": code} for field, code, message in found]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("job_description", "jobDescription"),
        ("applications[3].resume.url", "applications[3].resume.url"),
        (
            "applications[10].application_data.application_answers[0].question",
            "applications[10].applicationData.applicationAnswers[0].question",
        ),
        ("address_line_2", "addressLine2"),
        ("line_2nd", "line2nd"),
        ("x509_name", "x509Name"),
        ("X-Tenant-Id", "X-Tenant-Id"),
        ("jobTitle", "jobTitle"),
        ("body", "body"),
    ],
)
def test_a_path_is_told_in_the_names_of_the_json(path: str, told: str) -> None:
    assert details_of([FieldViolation(path, "invalid", "job_description is a name.")]) == [
        {"field": told, "message": "job_description is a name.", "code": "invalid"}
    ]


def test_there_are_no_details_without_faults() -> None:
    assert details_of([]) is None


@pytest.mark.parametrize(
    ("seconds", "wait"), [(0, 0), (0.001, 1), (0.25, 1), (1, 1), (1.001, 2), (29.5, 30), (3600, 3600)]
)
def test_a_wait_is_told_in_whole_seconds_rounded_up(seconds: float, wait: int) -> None:
    assert problem_of(ServiceUnavailable(retry_after_seconds=seconds))[2] == wait


def test_a_caller_of_an_unavailable_service_is_told_to_wait_in_any_case() -> None:
    assert problem_of(ServiceUnavailable())[2] == 1
    assert problem_of(error_with(error_reason_pb2.RATE_LIMITED))[2] is None


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (1, "SERVICE_UNAVAILABLE"),
        (2, "INTERNAL_ERROR"),
        (3, "VALIDATION_ERROR"),
        (4, "SERVICE_UNAVAILABLE"),
        (7, "FORBIDDEN"),
        (8, "PAYLOAD_TOO_LARGE"),
        (12, "NOT_FOUND"),
        (13, "INTERNAL_ERROR"),
        (14, "SERVICE_UNAVAILABLE"),
        (15, "INTERNAL_ERROR"),
        (16, "UNAUTHORIZED"),
        (99, "INTERNAL_ERROR"),
    ],
)
def test_a_status_of_the_transport_is_told_by_its_code_and_never_in_its_words(code: int, told: str) -> None:
    status = transcoded(status_pb2.Status(code=code, message='upstream reset: 10.0.0.7 {"code":16}'))

    problem, http_status, _ = LUA.problem(status, TRACE)

    reason = ErrorReason.Value(told)
    assert (problem["code"], http_status) == (told, CATALOGUE[reason].http_status)
    assert problem["message"] == CATALOGUE[reason].message


@pytest.mark.parametrize("status", ["", "upstream connect error", "{}", "[]", '{"code":'])
def test_what_is_no_status_is_an_internal_error(status: str) -> None:
    assert LUA.problem(status, TRACE)[0]["code"] == "INTERNAL_ERROR"


def test_a_reason_of_a_newer_server_is_told_by_its_grpc_code() -> None:
    status = status_pb2.Status(code=3, message="New.")
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason="NEW_REASON"))

    problem, http_status, _ = LUA.problem(transcoded(status), TRACE)

    assert (problem["code"], problem["message"], http_status) == ("VALIDATION_ERROR", "New.", 400)


def test_the_server_puts_faults_last_where_the_filter_looks_for_them() -> None:
    error = ValidationFailed([FieldViolation("job_title", "too_short", "must not be empty.")])
    error.retry_after_seconds = 2.5

    kinds = [detail.TypeName() for detail in status_of(error, TRACE).details]

    assert kinds == ["google.rpc.ErrorInfo", "google.rpc.RetryInfo", "google.rpc.BadRequest"]
    problem, _, wait = problem_of(error)
    assert (len(problem["details"]), wait) == (1, 3)
