"""Turns an error into the `google.rpc.Status` that a caller sees.

The whole of a status travels in HTTP/2 trailers. Past 8 KiB of them grpcio clients replace the answer by
RESOURCE_EXHAUSTED, at random up to 16 KiB and always above; past about 50 KiB Envoy drops the connection that all
callers share. So a status is kept under 6 KiB, and a request with more faults than fit is told how many more there are.
"""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason

from nova_server.errors import CATALOGUE, FieldViolation, NovaError, ValidationFailed

DOMAIN = "nova"
MAX_TRAILERS_BYTES = 6 * 1024
# grpc-status, grpc-message (the status's message again) and the name of grpc-status-details-bin, each with the 32 bytes
# that HTTP/2 (RFC 9113 section 6.5.2) counts for a field.
_OTHER_TRAILERS_BYTES = 512
# Binary metadata travels in base64: four bytes for every three.
MAX_STATUS_BYTES = (MAX_TRAILERS_BYTES - _OTHER_TRAILERS_BYTES) * 3 // 4


# A repeated field costs its tag and its length. The frame is the `Any` with its type's name, and the sentence that says
# how many are missing.
_LENGTH_BYTES = 4
_FRAME_BYTES = 192


def status_of(error: NovaError, trace_id: str) -> status_pb2.Status:
    """Return the status for `error`: ErrorInfo always, BadRequest and RetryInfo where there is something to say."""
    status = _plain_status(error, trace_id)
    if error.retry_after_seconds is not None:
        _add(status, error_details_pb2.RetryInfo(retry_delay=_duration(error.retry_after_seconds)))
    if isinstance(error, ValidationFailed):
        _add_violations(status, error.violations)
    return status


def _plain_status(error: NovaError, trace_id: str) -> status_pb2.Status:
    entry = CATALOGUE[error.reason]
    status = status_pb2.Status(code=int(entry.grpc_code), message=error.message)
    metadata = {"trace_id": trace_id, "retryable": "true" if entry.retryable else "false"}
    _add(status, error_details_pb2.ErrorInfo(reason=ErrorReason.Name(error.reason), domain=DOMAIN, metadata=metadata))
    return status


def _add_violations(status: status_pb2.Status, violations: Sequence[FieldViolation]) -> None:
    shown = _that_fit(violations, MAX_STATUS_BYTES - status.ByteSize())
    if len(shown) < len(violations):
        status.message += f" {len(shown)} faults are listed, and {len(violations) - len(shown)} more were found."
    _add(status, error_details_pb2.BadRequest(field_violations=shown))


def _that_fit(violations: Sequence[FieldViolation], room: int) -> list[error_details_pb2.BadRequest.FieldViolation]:
    """Return the first violations, as many as `room` bytes hold beside the frame around them."""
    room -= _FRAME_BYTES
    shown = []
    for violation in violations:
        message = _violation_message(violation)
        room -= message.ByteSize() + _LENGTH_BYTES
        if room < 0:
            break
        shown.append(message)
    return shown


def _violation_message(violation: FieldViolation) -> error_details_pb2.BadRequest.FieldViolation:
    return error_details_pb2.BadRequest.FieldViolation(
        field=violation.field, description=violation.message, reason=violation.code
    )


def _duration(seconds: float) -> Duration:
    duration = Duration()
    duration.FromMilliseconds(round(seconds * 1000))
    return duration


def _add(status: status_pb2.Status, detail: Message) -> None:
    status.details.add().Pack(detail)
