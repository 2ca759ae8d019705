"""What a failed call says, as `google.rpc.Status` and its details carry it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, cast

import grpc
import grpc.aio
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status
from nova.errors.v1.error_reason_pb2 import ErrorReason

from nova_server.errors import CATALOGUE, FieldViolation

TRACE_ID = "x-trace-id"

# A call may fail with these although nothing is wrong with it, when no answer says more.
PASSING_CODES = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED})

Detail = TypeVar("Detail", bound=Message)


@dataclass(eq=False, slots=True)
class CallFailed(Exception):
    """A call was answered with an error, or not at all.

    `passing` tells that the same call may succeed later, and `advice` is a sentence for the person who made it.
    """

    code: str
    message: str
    fields: tuple[FieldViolation, ...] = ()
    trace_id: str | None = None
    passing: bool = False
    retry_after_seconds: float = 0
    advice: str | None = None


def read_failure(error: grpc.aio.AioRpcError) -> CallFailed:
    """Return what `error` says, with or without rich details."""
    status = rpc_status.from_call(cast("grpc.Call", error)) or Status()
    information = _detail(status, ErrorInfo)
    if information is None:
        return _plain_failure(error)
    return CallFailed(
        code=information.reason,
        message=status.message,
        fields=_violations(status),
        trace_id=information.metadata.get("trace_id") or _trace_id(error),
        passing=_retryable(information.reason),
        retry_after_seconds=_retry_after(status),
    )


def _plain_failure(error: grpc.aio.AioRpcError) -> CallFailed:
    """A failure without details comes from the transport, or from a server that is not this one."""
    unreachable = error.code() is grpc.StatusCode.UNAVAILABLE
    message = "The server cannot be reached." if unreachable else error.details() or "The call failed."
    passing = error.code() in PASSING_CODES
    return CallFailed(error.code().name, message, trace_id=_trace_id(error), passing=passing)


def _violations(status: Status) -> tuple[FieldViolation, ...]:
    faults = _detail(status, BadRequest) or BadRequest()
    return tuple(FieldViolation(fault.field, fault.reason, fault.description) for fault in faults.field_violations)


def _retry_after(status: Status) -> float:
    retry = _detail(status, RetryInfo) or RetryInfo()
    return retry.retry_delay.ToTimedelta().total_seconds()


def _retryable(reason: str) -> bool:
    return any(ErrorReason.Name(known) == reason and entry.retryable for known, entry in CATALOGUE.items())


def _detail(status: Status, kind: type[Detail]) -> Detail | None:
    for packed in status.details:
        detail = kind()
        if packed.Unpack(detail):
            return detail
    return None


def _trace_id(error: grpc.aio.AioRpcError) -> str | None:
    for metadata in (error.trailing_metadata(), error.initial_metadata()):
        value = metadata.get(TRACE_ID)
        if isinstance(value, str):
            return value
    return None
