"""How an error becomes a `google.rpc.Status`, and how large that may be."""

from __future__ import annotations

import pytest
from google.rpc import error_details_pb2
from hypothesis import given
from hypothesis import strategies as st
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova_server.api.status import MAX_STATUS_BYTES, status_of
from nova_server.errors import (
    CATALOGUE,
    BatchNotFound,
    FieldViolation,
    NovaError,
    ServiceUnavailable,
    ValidationFailed,
)

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def shown(error: ValidationFailed) -> list[error_details_pb2.BadRequest.FieldViolation]:
    bad_request = error_details_pb2.BadRequest()
    assert status_of(error, TRACE).details[1].Unpack(bad_request)
    return list(bad_request.field_violations)


def violations(count: int, width: int) -> list[FieldViolation]:
    return [FieldViolation(f"applications[{number}]", "invalid", "x" * width) for number in range(count)]


def test_every_error_has_exactly_one_error_info() -> None:
    status = status_of(BatchNotFound(), TRACE)

    info = error_details_pb2.ErrorInfo()
    assert len(status.details) == 1
    assert status.details[0].Unpack(info)
    assert (info.reason, info.domain) == ("BATCH_NOT_FOUND", "nova")
    assert dict(info.metadata) == {"trace_id": TRACE, "retryable": "false"}


def test_an_error_with_its_own_sentence_says_it() -> None:
    assert status_of(NovaError("Come back on Monday."), TRACE).message == "Come back on Monday."


def test_a_wait_is_told_in_milliseconds() -> None:
    retry = error_details_pb2.RetryInfo()

    assert status_of(ServiceUnavailable(retry_after_seconds=0.25), TRACE).details[1].Unpack(retry)
    assert retry.retry_delay.ToMilliseconds() == 250


def test_faults_that_fit_are_all_listed_and_none_is_said_to_be_missing() -> None:
    error = ValidationFailed(violations(20, 40))

    assert len(shown(error)) == 20
    assert status_of(error, TRACE).message == "Request validation failed."


def test_faults_are_listed_in_their_order() -> None:
    assert [fault.field for fault in shown(ValidationFailed(violations(500, 40)))][:3] == [
        "applications[0]",
        "applications[1]",
        "applications[2]",
    ]


def test_a_single_fault_that_is_too_long_is_counted() -> None:
    error = ValidationFailed(violations(1, 10_000))

    assert shown(error) == []
    assert status_of(error, TRACE).message.endswith("0 faults are listed, and 1 more were found.")


@given(st.integers(1, 2_000), st.integers(0, 6_000))
def test_no_number_and_no_length_of_faults_breaks_the_limit(count: int, width: int) -> None:
    error = ValidationFailed(violations(count, width))
    status = status_of(error, TRACE)

    listed = len(shown(error))
    assert status.ByteSize() <= MAX_STATUS_BYTES
    assert listed == count or f"and {count - listed} more were found." in status.message


REASONS = [reason for reason in ErrorReason.values() if reason]


@pytest.mark.parametrize("reason", REASONS, ids=ErrorReason.Name)
def test_the_catalogue_knows_every_reason(reason: ErrorReason.ValueType) -> None:
    assert CATALOGUE[reason].message.endswith(".")


def test_the_catalogue_knows_no_other_reason() -> None:
    assert sorted(CATALOGUE) == sorted(REASONS)
