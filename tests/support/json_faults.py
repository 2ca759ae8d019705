"""What is wrong with a request's JSON, by the words of the contract: a second opinion on the gateway's Lua."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from nova.options.v1 import options_pb2

# What the path of the route sets, and so is an unknown key in the body.
IN_PATH = {
    "nova.criteria.v1.SetCriteriaRequest": {"job_id"},
    "nova.criteria.v1.AddCriterionRequest": {"job_id"},
    "nova.criteria.v1.UpdateCriterionRequest": {"job_id", "criterion_id"},
    "nova.scoring.v1.SubmitScoringBatchRequest": {"job_id"},
    "nova.scoring.v1.SubmitScoringJobRequest": {"job_id", "application_id"},
    "nova.webhooks.v1.UpdateWebhookEndpointRequest": {"webhook_endpoint_id"},
    "nova.webhooks.v1.RotateWebhookSecretRequest": {"webhook_endpoint_id"},
    "nova.webhooks.v1.RedeliverFailedWebhooksRequest": {"webhook_endpoint_id"},
}
MAX_FAULTS = 40


class Members(list[tuple[str, Any]]):
    """The members of an object in their order, with every key as often as it is given."""


class Number(str):
    """A number as it is written."""


def strictly_parsed(body: bytes) -> Any:
    """Return the JSON of `body`. Raises ValueError where RFC 8259 does.

    Bytes that are no UTF-8 pass here as they pass the Lua filter; the transcoder behind it refuses them. So does it
    with the halves of surrogate pairs, which Python takes.
    """
    return json.loads(
        body.decode(errors="surrogateescape"),
        object_pairs_hook=Members,
        parse_int=Number,
        parse_float=Number,
        parse_constant=_refuse,
    )


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def faults_of(body: Any, descriptor: Descriptor) -> list[str]:
    """Return the first faults of parsed JSON as that of a message, as the Lua filter writes them."""
    found = _in_members(body, descriptor, "") if isinstance(body, Members) else ["body=wrong_type:object"]
    return list(found)[:MAX_FAULTS]


def known_fields(descriptor: Descriptor) -> Mapping[str, FieldDescriptor]:
    """Return the fields that a body can set, by their keys."""
    hidden = IN_PATH.get(descriptor.full_name, set())
    return {field.json_name: field for field in descriptor.fields if field.name not in hidden}


def documented_values(field: FieldDescriptor) -> list[str]:
    """Return the spellings of the values of an enum field. Those of an enum within a message are in lower case."""
    enum = field.enum_type
    assert enum is not None
    names = [value.name for value in enum.values if value.number]
    return names if enum.containing_type is None else [name.lower() for name in names]


def must_be_named(field: FieldDescriptor) -> bool:
    """Tell whether a body must have the key of a list."""
    return bool(field.GetOptions().Extensions[options_pb2.required_key])


def _in_members(members: Members, descriptor: Descriptor, path: str) -> Iterator[str]:
    fields, given, chosen = known_fields(descriptor), set[str](), dict[str, str]()
    for key, value in members:
        if key not in fields or value is None:
            continue
        below = f"{path}.{key}".removeprefix(".")
        if key in given:
            yield f"{below}=duplicate_key"
        oneof = fields[key].containing_oneof
        if oneof is not None and len(oneof.fields) > 1:
            if chosen.get(oneof.name, key) != key:
                yield f"{below}=conflict:{chosen[oneof.name]}"
            chosen[oneof.name] = key
        given.add(key)
        yield from _in_field(value, fields[key], below)
    for key in fields.keys() - given:
        if must_be_named(fields[key]):
            yield f"{path}.{key}=required".removeprefix(".")


def _in_field(value: Any, field: FieldDescriptor, path: str) -> Iterator[str]:
    if not field.is_repeated:
        yield from _in_value(value, field, path)
    elif type(value) is list:
        for index, element in enumerate(value):
            yield from _in_value(element, field, f"{path}[{index}]")
    else:
        yield f"{path}=wrong_type:array"


def _in_value(value: Any, field: FieldDescriptor, path: str) -> Iterator[str]:
    if field.message_type is not None:
        if isinstance(value, Members):
            yield from _in_members(value, field.message_type, path)
        else:
            yield f"{path}=wrong_type:object"
    elif field.enum_type is not None:
        values = documented_values(field)
        if type(value) is not str or value not in values:
            yield f"{path}=invalid:{', '.join(values)}"
    elif field.type == FieldDescriptor.TYPE_BOOL:
        if not isinstance(value, bool):
            yield f"{path}=wrong_type:boolean"
    elif field.type == FieldDescriptor.TYPE_INT32:
        yield from _in_integer(value, path)
    elif type(value) is not str:
        yield f"{path}=wrong_type:string"


def _in_integer(value: Any, path: str) -> Iterator[str]:
    number = float(value) if isinstance(value, Number) else 0.5
    if math.isfinite(number) and not number.is_integer():
        yield f"{path}=wrong_type:integer"
    elif not -(2**31) <= number < 2**31:
        yield f"{path}=out_of_range"
