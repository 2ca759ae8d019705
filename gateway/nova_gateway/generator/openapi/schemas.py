"""The JSON Schema of every message that a REST caller sends or gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova.options.v1 import options_pb2
from nova_server.errors import CATALOGUE

from nova_gateway.generator.api import Api, Operation, is_nullable, is_repeated
from nova_gateway.generator.json_types import json_type
from nova_gateway.generator.openapi.comments import Comments
from nova_gateway.generator.openapi.rules import (
    Schema,
    constraints,
    forbids_absence,
    list_constraints,
    rules_of,
)

_ERROR_REASON = ".nova.errors.v1.ErrorReason"
_FORMATS = {".google.protobuf.Timestamp": "date-time"}
_NULL: Schema = {"type": "null"}


class Schemas:
    """Makes the schemas of the messages that `operations` take and give."""

    def __init__(self, api: Api, comments: Comments, operations: list[Operation]) -> None:
        self._api = api
        self._comments = comments
        self._operations = operations
        self._requests = api.reachable([each.method.input_type for each in operations if each.has_body])
        self._responses = api.reachable([each.method.output_type for each in operations])

    def all(self) -> Mapping[str, Schema]:
        """Return every schema by its name."""
        requests = {self._name(name, in_request=True): self._request(name) for name in self._requests}
        responses = {self._name(name): self._response(name) for name in self._responses}
        return dict(sorted({**requests, **responses}.items()))

    def reference(self, name: str, *, in_request: bool = False) -> Schema:
        """Return the reference to the schema of a message."""
        return {"$ref": f"#/components/schemas/{self._name(name, in_request=in_request)}"}

    def parameter(self, field: FieldDescriptorProto) -> Schema:
        """Return the schema of a field that is taken from the path or the query."""
        return self._value(field) | constraints(rules_of(field))

    def describe(self, message: str, field: FieldDescriptorProto) -> str:
        """Return what a field is."""
        return self._comments[f"{message}.{field.name}"].text

    def _name(self, name: str, *, in_request: bool = False) -> str:
        """Return the schema's name. What a request requires, a response may not have, so that each has its own."""
        short = name.rpartition(".")[2]
        return f"{short}Input" if in_request and name in self._responses else short

    def _request(self, name: str) -> Schema:
        message = self._api.messages[name]
        variants = self._variants(name, message)
        described = self._described(name)
        return described | ({"oneOf": variants} if variants else self._request_object(name, self._fields(name)))

    def _request_object(self, name: str, fields: list[FieldDescriptorProto]) -> Schema:
        properties = {field.json_name: self._request_property(name, field) for field in fields}
        required = [field.json_name for field in fields if forbids_absence(field)]
        return _object(properties, required)

    def _fields(self, name: str) -> list[FieldDescriptorProto]:
        taken = {
            parameter
            for operation in self._operations
            if operation.method.input_type == name
            for parameter in operation.path_parameters
        }
        return [field for field in self._api.messages[name].field if field.name not in taken]

    def _variants(self, name: str, message: DescriptorProto) -> list[Schema]:
        """Return one schema for each value of the enum that says which member of a oneof is given, if there is one."""
        for selector in message.field:
            if selector.type == FieldDescriptorProto.TYPE_ENUM:
                values = self._api.enums[selector.type_name].value
                members = {value.name: value.options.Extensions[options_pb2.member] for value in values}
                if any(members.values()):
                    return [self._variant(name, selector, *each) for each in members.items() if each[1]]
        return []

    def _variant(self, name: str, selector: FieldDescriptorProto, value: str, member: str) -> Schema:
        fields = self._api.messages[name].field
        others = [field for field in fields if field.HasField("oneof_index") and field.name != member]
        kept = [field for field in fields if field not in others]
        schema = self._request_object(name, kept)
        schema["properties"][selector.json_name] = {"type": "string", "const": value.lower()}
        given = next(field.json_name for field in kept if field.name == member)
        text = self._comments[f"{selector.type_name}.{value}"].text
        return {"title": value.lower(), "description": text, **schema, "required": [selector.json_name, given]}

    def _request_property(self, message: str, field: FieldDescriptorProto) -> Schema:
        schema = self._property(message, field, in_request=True)
        return schema if forbids_absence(field) or _is_member(field) else _or_null(schema)

    def _response(self, name: str) -> Schema:
        fields = self._api.messages[name].field
        properties = {field.json_name: self._response_property(name, field) for field in fields}
        return self._described(name) | _object(properties, list(properties))

    def _response_property(self, message: str, field: FieldDescriptorProto) -> Schema:
        schema = self._property(message, field)
        return _or_null(schema) if is_nullable(field) else schema

    def _property(self, message: str, field: FieldDescriptorProto, *, in_request: bool = False) -> Schema:
        rules = rules_of(field)
        value = self._value(field, in_request=in_request)
        if is_repeated(field):
            items = value | constraints(rules.repeated.items)
            return {**self._text(message, field), "type": "array", "items": items, **list_constraints(rules)}
        return {**self._text(message, field), **value, **constraints(rules)}

    def _text(self, message: str, field: FieldDescriptorProto) -> Schema:
        text = self.describe(message, field)
        values = self._values_text(field.type_name) if field.type == FieldDescriptorProto.TYPE_ENUM else ""
        return {"description": f"{text}\n\n{values}" if values else text}

    def _values_text(self, enum: str) -> str:
        """Return what the values of an enum mean. Reasons are told where they are answered."""
        if enum == _ERROR_REASON:
            return ""
        declared = [value.name for value in self._api.enums[enum].value if value.number]
        texts = [self._comments[f"{enum}.{name}"].text for name in declared]
        values = zip(self._api.enum_values(enum), texts, strict=True)
        return "\n".join(f"- `{value}`: {text}" for value, text in values)

    def _value(self, field: FieldDescriptorProto, *, in_request: bool = False) -> Schema:
        kind = json_type(field)
        if kind == "object":
            return self.reference(field.type_name, in_request=in_request)
        if kind == "enum":
            return {"type": "string", "enum": self._enum(field.type_name)}
        if kind == "integer":
            return {"type": "integer", "format": "int32"}
        shape = _FORMATS.get(field.type_name)
        return {"type": kind, "format": shape} if shape else {"type": kind}

    def _enum(self, name: str) -> list[str]:
        values = self._api.enum_values(name)
        if name != _ERROR_REASON:
            return values
        # An object only ever has a reason that is no status of a call.
        return [value for value in values if not CATALOGUE[ErrorReason.Value(value)].http_status]

    def _described(self, name: str) -> Schema:
        return {"description": self._comments[name].text}


def _is_member(field: FieldDescriptorProto) -> bool:
    """Tell whether the field is one of a oneof's."""
    return field.HasField("oneof_index") and not field.proto3_optional


def _object(properties: Mapping[str, Any], required: list[str]) -> Schema:
    schema: Schema = {"type": "object", "properties": dict(properties)}
    return schema | ({"required": required} if required else {})


def _or_null(schema: Schema) -> Schema:
    """Return the schema of a value that may also be null."""
    if "$ref" in schema:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return {**rest, "anyOf": [{"$ref": schema["$ref"]}, _NULL]}
    nullable = schema | {"type": [schema["type"], "null"]}
    return nullable | ({"enum": [*schema["enum"], None]} if "enum" in schema else {})
