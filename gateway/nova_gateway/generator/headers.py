"""The headers that options of an rpc give to its calls. Over gRPC they are metadata, by the same name in lower case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor_pb2 import MethodDescriptorProto
from nova.errors.v1 import error_reason_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova.options.v1 import options_pb2

# Spaces at an end are no part of a header's value.
PRINTABLE_TEXT = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$",
}


@dataclass(frozen=True, slots=True)
class Header:
    """A header of the calls whose rpc has an `option`. `reasons` are the errors that it can lead to."""

    name: str
    option: Any
    description: str
    schema: dict[str, Any]
    example: str
    reasons: tuple[ErrorReason.ValueType, ...] = ()

    @property
    def metadata_key(self) -> str:
        """Its name over gRPC, and in Envoy."""
        return self.name.lower()

    @property
    def component(self) -> str:
        """Its name among the components of the OpenAPI document."""
        return self.name.removeprefix("X-").replace("-", "")

    def belongs_to(self, method: MethodDescriptorProto) -> bool:
        """Tell whether calls of the rpc have it."""
        return bool(method.options.Extensions[self.option])


REQUEST_HEADERS = (
    Header(
        "Idempotency-Key",
        options_pb2.idempotency_key,
        "Makes the call once: the same call with the same key within 24 hours is answered as the first time.",
        PRINTABLE_TEXT,
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        (error_reason_pb2.IDEMPOTENCY_REQUEST_IN_PROGRESS, error_reason_pb2.IDEMPOTENCY_KEY_REUSED),
    ),
    Header(
        "X-Expected-Criteria-Revision",
        options_pb2.expected_criteria_revision,
        "Makes the call only if this is still the `criteriaRevision`.",
        PRINTABLE_TEXT,
        "crit_1",
        (error_reason_pb2.CRITERIA_REVISION_MISMATCH,),
    ),
)
RESPONSE_HEADERS = (
    Header(
        "Idempotent-Replayed",
        options_pb2.idempotency_key,
        "There when this is the answer to an earlier call with the same `Idempotency-Key`.",
        {"type": "string", "const": "true"},
        "true",
    ),
)


def request_headers(method: MethodDescriptorProto) -> list[Header]:
    """Return the headers that calls of the rpc may have."""
    return [header for header in REQUEST_HEADERS if header.belongs_to(method)]


def response_headers(method: MethodDescriptorProto) -> list[Header]:
    """Return the headers that successes of the rpc may have."""
    return [header for header in RESPONSE_HEADERS if header.belongs_to(method)]


def reasons_of(method: MethodDescriptorProto) -> Iterator[str]:
    """Yield the names of the errors that the headers of the rpc's calls can lead to."""
    for header in request_headers(method):
        yield from map(ErrorReason.Name, header.reasons)
