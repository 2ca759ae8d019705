"""Errors as the service answers with them."""

from __future__ import annotations

from typing import Any, NoReturn

import grpc.aio
from google.protobuf.any_pb2 import Any as PackedDetail
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova_server.errors import CATALOGUE

Context = grpc.aio.ServicerContext[Any, Any]
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


async def refuse(context: Context, status: Status) -> NoReturn:
    """End a call with rich details."""
    await context.abort_with_status(rpc_status.to_status(status))
    raise AssertionError("abort_with_status raises")


def refusal(reason: ErrorReason.ValueType, *faults: tuple[str, str], retry_after_seconds: int = 0) -> Status:
    """Return the rich status of a reason, with one violation for each (field, message)."""
    entry = CATALOGUE[reason]
    details: list[Message] = [
        ErrorInfo(reason=ErrorReason.Name(reason), domain="nova", metadata={"trace_id": TRACE_ID})
    ]
    if faults:
        violations = [BadRequest.FieldViolation(field=field, description=message) for field, message in faults]
        details.append(BadRequest(field_violations=violations))
    if retry_after_seconds:
        details.append(RetryInfo(retry_delay=Duration(seconds=retry_after_seconds)))
    status = Status(code=entry.grpc_code, message=entry.message)
    for detail in details:
        packed = PackedDetail()
        packed.Pack(detail)
        status.details.append(packed)
    return status
