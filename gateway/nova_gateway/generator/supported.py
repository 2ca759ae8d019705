"""What the gateway can show as REST. Anything else is refused when the gateway is generated, not wrong when called.

What is refused here, Envoy's transcoder does otherwise than documented, or the generators do not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from nova_gateway.generator.api import (
    Api,
    Operation,
    has_required_key,
    http_rule,
    is_object,
    is_repeated,
    json_name,
)
from nova_gateway.generator.json_types import JSON_TYPES, WELL_KNOWN_TEXTS

_VERBS = ("get", "post", "put", "patch", "delete")
_WITHOUT_BODY = ("get", "delete")
# Plain segments, and fields that are one segment each.
_PATH = re.compile(r"(/([\w.-]+|\{\w+\}))+")

_TYPE_NAMES = {number: name.removeprefix("TYPE_").lower() for name, number in FieldDescriptorProto.Type.items()}


class UnsupportedProto(ValueError):
    """The protos ask for something that the gateway cannot serve."""


def check(api: Api) -> None:
    """Raise UnsupportedProto, with a line for each thing that the gateway cannot serve."""
    faults = [fault for operation in api.operations for fault in _operation_faults(api, operation)]
    faults += _shared_requests(api)
    if not faults:
        faults += [fault for name in _in_json(api) for fault in _message_faults(api, name)]
    if faults:
        raise UnsupportedProto("\n".join(faults))


def _operation_faults(api: Api, operation: Operation) -> Iterator[str]:
    faults = [*_rule_faults(operation)]
    if not faults:
        faults += [*_path_faults(api, operation), *_query_faults(api, operation)]
    return (f"{operation.name}: {fault}" for fault in faults)


def _rule_faults(operation: Operation) -> Iterator[str]:
    rule = http_rule(operation.method)
    if operation.verb not in _VERBS:
        yield "its HTTP method has no name of its own"
    elif not _PATH.fullmatch(operation.path):
        yield f"the path {operation.path} has more than names and {{fields}} between its slashes"
    if rule.additional_bindings:
        yield "it has more than one route"
    if rule.body not in ("", "*"):
        yield f'its body is the field {rule.body}, and not "*"'
    if rule.body and operation.verb in _WITHOUT_BODY:
        yield f"a {operation.verb.upper()} has no body"
    if rule.response_body:
        yield f"its answer is the field {rule.response_body}, and not the whole response"
    if operation.method.server_streaming or operation.method.client_streaming:
        yield "over REST, a stream that breaks off looks like one that is complete"


def _path_faults(api: Api, operation: Operation) -> Iterator[str]:
    fields = {field.name: field for field in api.messages[operation.method.input_type].field}
    for parameter in operation.path_parameters:
        field = fields.get(parameter)
        if field is None or field.type != FieldDescriptorProto.TYPE_STRING or is_repeated(field):
            yield f"{parameter} in its path is no text of its request"


def _query_faults(api: Api, operation: Operation) -> Iterator[str]:
    for field in api.query_fields(operation):
        if JSON_TYPES.get(field.type) in (None, "object"):
            yield f"{field.name} cannot be written as a query parameter"


def _shared_requests(api: Api) -> Iterator[str]:
    """The path's fields are hidden in the request, where another operation would miss them."""
    seen: set[str] = set()
    for operation in api.operations:
        if operation.method.input_type in seen:
            yield f"{operation.name}: its request is another rpc's too"
        seen.add(operation.method.input_type)


def _in_json(api: Api) -> list[str]:
    return api.reachable([*api.request_types, *api.response_types])


def _message_faults(api: Api, name: str) -> Iterator[str]:
    message = api.messages[name]
    if not name.startswith(".nova."):
        yield f"{name[1:]}: its JSON is not that of our own messages"
    elif message.options.map_entry:
        yield f"{name[1:]}: a map has no keys that can be checked; use a repeated message"
    else:
        yield from (f"{name[1:]}.{field.name}: {fault}" for field in message.field for fault in _field_faults(field))


def _field_faults(field: FieldDescriptorProto) -> Iterator[str]:
    kind = JSON_TYPES.get(field.type)
    if field.json_name != json_name(field.name):
        yield f"{field.json_name} is not the JSON name that follows from its own"
    if has_required_key(field) and not is_repeated(field):
        yield "required_key is for lists; the rule required says the same of other fields"
    if kind is None:
        yield f"{_TYPE_NAMES[field.type]} has no JSON form that all languages read alike; use string, int32 or uint32"
    elif kind == "object" and not is_object(field) and field.type_name not in WELL_KNOWN_TEXTS:
        yield f"{field.type_name[1:]} has a JSON form of its own; use an optional field or a message"
    elif kind == "enum" and not field.type_name.startswith(".nova."):
        yield f"{field.type_name[1:]} is spelled as it is declared"
