"""The table that the Lua filter walks along: what the JSON of every request and response consists of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from textwrap import shorten

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto
from google.rpc import code_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova_server.errors import CATALOGUE, problem_type

from nova_gateway.generator.api import (
    Api,
    Operation,
    has_required_key,
    hidden_name,
    is_nullable,
    is_object,
    is_repeated,
)
from nova_gateway.generator.headers import RESPONSE_HEADERS
from nova_gateway.generator.json_types import json_type

# What the transport, and not the api, says when a deadline passes or a stream is reset.
_TRANSPORT_CODES = {code_pb2.CANCELLED: "SERVICE_UNAVAILABLE", code_pb2.DEADLINE_EXCEEDED: "SERVICE_UNAVAILABLE"}

# The reasons that a call is answered with; the others are written on scoring jobs.
_ANSWERS = [reason for reason, entry in CATALOGUE.items() if entry.http_status]

_HEADER = "-- Generated from the descriptor set and the error catalogue. Do not edit.\n\n"

_SIGNED = (-(2**31), 2**31 - 1)
_UNSIGNED = (0, 2**32 - 1)
# What an integer can be. Beyond, the transcoder would refuse it without saying which one it was.
_RANGES = {FieldDescriptorProto.TYPE_FIXED32: _UNSIGNED, FieldDescriptorProto.TYPE_UINT32: _UNSIGNED}

# A longer argument of a fault would not be told, see `nova_server.api.interceptors.gateway_faults`.
_MAX_NAMES = 255


def json_table(api: Api) -> str:
    """Return the Lua source of the table."""
    parts = {
        "OPERATIONS": {operation.name: _operation(api, operation) for operation in api.operations},
        "MESSAGES": {name: _members(api, name) for name in api.reachable(api.request_types)},
        "REQUIRED_KEYS": {name: _required_keys(api, name) or None for name in api.reachable(api.request_types)},
        "SHAPES": {name: _shape(api.messages[name]) for name in api.reachable(api.response_types)},
        "PROBLEMS": {ErrorReason.Name(reason): _problem(reason) for reason in _ANSWERS},
        "DEFAULT_CODES": _default_codes(),
        "TOLD_TRAILERS": {header.metadata_key: True for header in RESPONSE_HEADERS},
    }
    return _HEADER + "\n".join(f"local {name} = {_lua(value)}\n" for name, value in parts.items())


def _operation(api: Api, operation: Operation) -> Mapping[str, object]:
    method = operation.method
    return {
        "success": operation.success_status,
        "request": method.input_type if operation.has_body else None,
        "response": method.output_type,
        "query": {field.json_name: _parameter(api, field) for field in api.query_fields(operation)},
        "grpc_path": operation.grpc_path,
    }


def _parameter(api: Api, field: FieldDescriptorProto) -> Mapping[str, object]:
    """Return what a parameter of the query is. Only a list may be given more than once."""
    return {**_type(api, field), "repeated": is_repeated(field) or None}


def _members(api: Api, name: str) -> Mapping[str, object]:
    """Return the members of a JSON object in a request, by key. What the path sets is no member."""
    taken = [
        parameter
        for operation in api.operations
        if operation.method.input_type == name
        for parameter in operation.path_parameters
    ]
    message = api.messages[name]
    members = {field.json_name: _member(api, message, field) for field in message.field if field.name not in taken}
    # By these names the transcoder would let a body set what the path has set, so they may have no value.
    return {**members, **{hidden_name(parameter): {"type": "null"} for parameter in taken}}


def _required_keys(api: Api, name: str) -> list[str]:
    return [field.json_name for field in api.messages[name].field if has_required_key(field)]


def _member(api: Api, message: DescriptorProto, field: FieldDescriptorProto) -> Mapping[str, object]:
    element = _type(api, field)
    if is_repeated(field):
        return {"type": "array", "element": element, "nullable": True}
    in_oneof = field.HasField("oneof_index") and not field.proto3_optional
    oneof = message.oneof_decl[field.oneof_index].name if in_oneof else None
    # A null is the same as an absent key, for a required one too, of which the api says then that it is missing.
    return {**element, "nullable": True, "oneof": oneof and f"oneof {oneof}"}


def _type(api: Api, field: FieldDescriptorProto) -> Mapping[str, object]:
    kind = json_type(field)
    if kind == "enum":
        values = api.enum_values(field.type_name)
        names = shorten(", ".join(values), _MAX_NAMES, placeholder=" and more")
        return {"type": kind, "values": dict.fromkeys(values, True), "names": names}
    if kind == "integer":
        lowest, highest = _RANGES.get(field.type, _SIGNED)
        return {"type": kind, "lowest": lowest, "highest": highest}
    return {"type": kind, "message": field.type_name if is_object(field) else None}


def _shape(message: DescriptorProto) -> list[Mapping[str, object]]:
    """Return the keys of a JSON object in a response, in the order in which the transcoder prints them."""
    return [
        {
            "key": f"{json.dumps(field.json_name)}:",
            "nullable": is_nullable(field) or None,
            "message": field.type_name if is_object(field) else None,
        }
        for field in sorted(message.field, key=lambda field: field.number)
    ]


def _problem(reason: ErrorReason.ValueType) -> Mapping[str, object]:
    entry = CATALOGUE[reason]
    return {
        "type": problem_type(ErrorReason.Name(reason)),
        "status": entry.http_status,
        "message": json.dumps(entry.message),
        "retryable": json.dumps(entry.retryable),
    }


def _default_codes() -> Mapping[str, str]:
    """Return the code that stands for each gRPC status that the transport makes by itself, by its number."""
    codes = dict(_TRANSPORT_CODES)
    for reason in _ANSWERS:
        codes.setdefault(CATALOGUE[reason].grpc_code, ErrorReason.Name(reason))
    return {str(number): code for number, code in sorted(codes.items())}


def _lua(value: object, indent: str = "") -> str:
    """Return `value` as a Lua expression. What is None is left out of its table."""
    if isinstance(value, Mapping):
        return _table(((f"[{_lua(key)}] = ", part) for key, part in value.items()), indent)
    if isinstance(value, list):
        return _table((("", part) for part in value), indent)
    if isinstance(value, bool | int):
        return json.dumps(value)
    # JSON's escapes are Lua's too, as long as the text is ASCII or written as it is.
    return json.dumps(value, ensure_ascii=False)


def _table(entries: Iterable[tuple[str, object]], indent: str) -> str:
    within = indent + "  "
    lines = [f"{within}{key}{_lua(part, within)},\n" for key, part in entries if part is not None]
    return "{\n" + "".join(lines) + indent + "}" if lines else "{}"
