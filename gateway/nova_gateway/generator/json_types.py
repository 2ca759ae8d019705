"""Which type of JSON a field is, and which fields have none that the gateway could check or print."""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from nova_gateway.generator.api import is_object

# Not the 64-bit integers, which the transcoder prints as texts, and not bytes.
JSON_TYPES = {
    FieldDescriptorProto.TYPE_BOOL: "boolean",
    FieldDescriptorProto.TYPE_DOUBLE: "number",
    FieldDescriptorProto.TYPE_ENUM: "enum",
    FieldDescriptorProto.TYPE_FIXED32: "integer",
    FieldDescriptorProto.TYPE_FLOAT: "number",
    FieldDescriptorProto.TYPE_INT32: "integer",
    FieldDescriptorProto.TYPE_MESSAGE: "object",
    FieldDescriptorProto.TYPE_SFIXED32: "integer",
    FieldDescriptorProto.TYPE_SINT32: "integer",
    FieldDescriptorProto.TYPE_STRING: "string",
    FieldDescriptorProto.TYPE_UINT32: "integer",
}

# The well-known types whose JSON is a text.
WELL_KNOWN_TEXTS = {".google.protobuf.Timestamp", ".google.protobuf.Duration", ".google.protobuf.FieldMask"}


def json_type(field: FieldDescriptorProto) -> str:
    """Return the JSON type of one value of the field: boolean, integer, number, string, object, or enum."""
    kind = JSON_TYPES[field.type]
    return "string" if kind == "object" and not is_object(field) else kind
