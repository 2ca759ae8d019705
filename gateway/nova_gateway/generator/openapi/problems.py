"""How the REST API fails: the schema of a problem, and a response for each status that a problem can have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova_server.errors import CATALOGUE, problem_type

from nova_gateway.generator.headers import RESPONSE_HEADERS
from nova_gateway.generator.openapi.comments import Comments
from nova_gateway.generator.openapi.rules import Schema

MEDIA_TYPE = "application/problem+json"
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"

_ERROR_REASON = ".nova.errors.v1.ErrorReason"
_TRACE_ID_SCHEMA = {"type": "string", "pattern": "^[0-9a-f]{32}$"}

HEADERS: Mapping[str, Schema] = {
    "TraceId": {
        "description": "Names this call. Quote it when you report an error.",
        "required": True,
        "schema": _TRACE_ID_SCHEMA,
        "example": TRACE_ID,
    },
    "RetryAfter": {
        "description": "How many seconds to wait before the next attempt.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
        "example": 1,
    },
    **{
        header.component: {"description": header.description, "schema": header.schema, "example": header.example}
        for header in RESPONSE_HEADERS
    },
}
TRACE_ID_HEADER = {"X-Trace-Id": {"$ref": "#/components/headers/TraceId"}}
_RETRY_AFTER_HEADER = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
# Python 3.13 calls these statuses otherwise than those before it.
_OLD_NAMES = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "REQUEST_ENTITY_TOO_LARGE",
    HTTPStatus.UNPROCESSABLE_ENTITY: "UNPROCESSABLE_ENTITY",
}
_WITH_RETRY_AFTER = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

SCHEMAS: Mapping[str, Schema] = {
    "Problem": {
        "description": "Why a call failed (RFC 9457). Branch on `code`; the wording of `message` may change.",
        "type": "object",
        "properties": {
            "type": {"description": "Where the code is documented.", "type": "string", "format": "uri"},
            "code": {
                "description": "What went wrong.",
                "type": "string",
                "enum": [ErrorReason.Name(reason) for reason, entry in CATALOGUE.items() if entry.http_status],
            },
            "status": {"description": "The HTTP status.", "type": "integer"},
            "message": {"description": "The same in a sentence, for people.", "type": "string"},
            "retryable": {"description": "Whether the same call may succeed later.", "type": "boolean"},
            "traceId": {"description": "The `X-Trace-Id` of the answer.", **_TRACE_ID_SCHEMA},
            "details": {
                "description": "Every fault of the request. Absent when there is none to name.",
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/components/schemas/Fault"},
            },
        },
        "required": ["type", "code", "status", "message", "retryable", "traceId"],
    },
    "Fault": {
        "description": "One fault of a request.",
        "type": "object",
        "properties": {
            "field": {
                "description": "Where it is: a path such as `applications[3].resume.url`, a header, or `body`.",
                "type": "string",
            },
            "code": {"description": "Which rule is broken, such as `too_long`.", "type": "string"},
            "message": {"description": "The same in a sentence, for people.", "type": "string"},
        },
        "required": ["field", "code", "message"],
    },
}


def problem_responses(comments: Comments) -> Mapping[str, Schema]:
    """Return the responses by their names in the document."""
    return {response_name(status): _response(status, comments) for status in statuses()}


def statuses() -> list[HTTPStatus]:
    """Return every status that a problem can have."""
    return sorted({HTTPStatus(entry.http_status) for entry in CATALOGUE.values() if entry.http_status})


def response_name(status: HTTPStatus) -> str:
    """Return the name of the response for a status, such as `NotFound`."""
    name = _OLD_NAMES.get(status, status.name)
    return "".join(word.capitalize() for word in name.split("_"))


def _response(status: HTTPStatus, comments: Comments) -> Schema:
    names = list(codes(status))
    meanings = [comments[f"{_ERROR_REASON}.{code}"].text for code in names]
    lines = [f"- `{code}`: {meaning}" for code, meaning in zip(names, meanings, strict=True)]
    headers = TRACE_ID_HEADER | (_RETRY_AFTER_HEADER if status in _WITH_RETRY_AFTER else {})
    return {
        "description": meanings[0] if len(names) == 1 else "\n".join(lines),
        "headers": headers,
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {code: {"value": _example(code)} for code in names},
            }
        },
    }


def codes(status: HTTPStatus) -> Iterator[str]:
    """Yield the codes of the problems with a status."""
    for reason, entry in CATALOGUE.items():
        if entry.http_status == status:
            yield ErrorReason.Name(reason)


def _example(code: str) -> Mapping[str, Any]:
    entry = CATALOGUE[ErrorReason.Value(code)]
    example = {
        "type": problem_type(code),
        "code": code,
        "status": entry.http_status,
        "message": entry.message,
        "retryable": entry.retryable,
        "traceId": TRACE_ID,
    }
    if code == "VALIDATION_ERROR":
        fault = {"field": "applications[1].resume.url", "code": "required", "message": "is required."}
        example["details"] = [fault]
    return example
