"""The JSON of the documentation: camelCase keys, and a null for what is not known yet.

Protobuf's own JSON differs in two points: it spells the values of every enum as they are declared, where those of enums
that belong to a message are documented in lower case, and it leaves out unset fields.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

JsonObject = dict[str, Any]
MessageT = TypeVar("MessageT", bound=Message)


def parse(body: object, message: MessageT) -> MessageT:
    """Fill `message` from documented JSON and return it. Unknown keys are ignored.

    Raises ValueError with a sentence when `body` does not have the shape of the message.
    """
    if not isinstance(body, dict):
        raise ValueError("the JSON is not an object")
    try:
        declared = _declared(body, _descriptor(message))
        return json_format.ParseDict(declared, message, ignore_unknown_fields=True)
    except json_format.ParseError as error:
        raise ValueError(str(error)) from error


def render(message: Message) -> JsonObject:
    """Return `message` as documented JSON, with every key."""
    return {field.json_name: _render_field(message, field) for field in _descriptor(message).fields}


def spell(number: int, enum: EnumDescriptor) -> str | int:
    """Return the documented name of an enum value; a value that a newer server sends stays a number."""
    value = enum.values_by_number.get(number)
    if value is None:
        return number
    return value.name.lower() if _is_lower_case(enum) else value.name


def _descriptor(message: Message) -> Descriptor:
    """Return the descriptor under the one type that its compiled and its pure form share."""
    return cast("Descriptor", message.DESCRIPTOR)


def _declared(body: JsonObject, descriptor: Descriptor) -> JsonObject:
    """Return `body` with the enum values in it spelled as they are declared."""
    fields = {name: field for field in descriptor.fields for name in (field.name, field.json_name)}
    return {key: _declared_field(part, fields[key]) if key in fields else part for key, part in body.items()}


def _declared_field(value: object, field: FieldDescriptor) -> object:
    if isinstance(value, list):
        return [_declared_field(part, field) for part in value]
    if field.enum_type is not None and _is_lower_case(field.enum_type) and isinstance(value, str):
        return value.upper()
    if field.message_type is None or _is_time(field.message_type) or value is None:
        return value
    if not isinstance(value, dict):
        # Protobuf's parser takes a string for an object whose keys, the characters, are unknown.
        raise ValueError(f"{field.json_name} is not an object")
    return _declared(value, field.message_type)


def _render_field(message: Message, field: FieldDescriptor) -> object:
    if field.has_presence and not message.HasField(field.name):
        return None
    value = getattr(message, field.name)
    return [_render_value(part, field) for part in value] if field.is_repeated else _render_value(value, field)


def _render_value(value: Any, field: FieldDescriptor) -> object:
    if isinstance(value, Timestamp):
        return value.ToJsonString()
    if isinstance(value, Message):
        return render(value)
    if field.enum_type is not None:
        return spell(value, field.enum_type)
    return value


def _is_time(message: Descriptor) -> bool:
    """Tell whether values of a message are texts in JSON."""
    return message.full_name == Timestamp.DESCRIPTOR.full_name


def _is_lower_case(enum: EnumDescriptor) -> bool:
    """An enum that belongs to a message is documented in lower case. One that stands alone, as error codes, is not."""
    return enum.containing_type is not None
