"""The REST side of the protos, read from the descriptor set: operations, and the messages that they take and give."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from buf.validate import validate_pb2
from google.api import annotations_pb2, http_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)
from nova.options.v1 import options_pb2

OK = 200
_OWN = "nova."
_PATH_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Operation:
    """An rpc that REST callers can call. `path` is its template with proto field names in it.

    `has_tenant` tells whether a call is about a tenant of its caller's.
    """

    service: str
    method: MethodDescriptorProto
    verb: str
    path: str
    has_body: bool
    has_tenant: bool

    @property
    def http_method(self) -> str:
        """The HTTP method in capitals."""
        return self.verb.upper()

    @property
    def name(self) -> str:
        """The full name of the rpc."""
        return f"{self.service}.{self.method.name}"

    @property
    def grpc_path(self) -> str:
        """The path of the rpc over gRPC."""
        return f"/{self.service}/{self.method.name}"

    @property
    def success_status(self) -> int:
        """The HTTP status of a success."""
        return self.method.options.Extensions[options_pb2.success_status] or OK

    @property
    def path_parameters(self) -> list[str]:
        """The fields of the request that are taken from the path, in its order."""
        return _PATH_PARAMETER.findall(self.path)


class Api:
    """What the generators ask of the descriptor set. Types are named with a leading dot, as fields name them."""

    def __init__(self, descriptor_set: FileDescriptorSet) -> None:
        self.descriptor_set = descriptor_set
        self.messages: dict[str, DescriptorProto] = {}
        self.enums: dict[str, EnumDescriptorProto] = {}
        for file in descriptor_set.file:
            self._add(f".{file.package}", file.message_type, file.enum_type)

    @classmethod
    def read(cls, path: Path) -> Api:
        """Return the api of a descriptor set with imports."""
        return cls(FileDescriptorSet.FromString(path.read_bytes()))

    def _add(self, scope: str, messages: Iterable[DescriptorProto], enums: Iterable[EnumDescriptorProto]) -> None:
        for enum in enums:
            self.enums[f"{scope}.{enum.name}"] = enum
        for message in messages:
            name = f"{scope}.{message.name}"
            self.messages[name] = message
            self._add(name, message.nested_type, message.enum_type)

    @property
    def own_files(self) -> list[FileDescriptorProto]:
        """The files of this project."""
        return [file for file in self.descriptor_set.file if file.package.startswith(_OWN)]

    @cached_property
    def operations(self) -> list[Operation]:
        """Every rpc with an HTTP rule, in the order of the protos."""
        return list(self._operations())

    def _operations(self) -> Iterator[Operation]:
        for file in self.own_files:
            for service in file.service:
                has_tenant = not service.options.Extensions[options_pb2.without_tenant]
                for method in service.method:
                    rule = http_rule(method)
                    verb = rule.WhichOneof("pattern")
                    if verb is not None:
                        path, name = getattr(rule, verb), f"{file.package}.{service.name}"
                        yield Operation(name, method, verb, path, rule.body == "*", has_tenant)

    def reachable(self, roots: list[str]) -> list[str]:
        """Return the names of the messages in the roots, and in those, that are written as JSON objects."""
        found: dict[str, None] = {}
        waiting = list(roots)
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found[name] = None
                waiting += [f.type_name for f in self.messages[name].field if is_object(f)]
        return list(found)

    @property
    def request_types(self) -> list[str]:
        """The messages that are taken as the body of a request."""
        return [operation.method.input_type for operation in self.operations if operation.has_body]

    @property
    def response_types(self) -> list[str]:
        """The messages that are given as an answer."""
        return [operation.method.output_type for operation in self.operations]

    def query_fields(self, operation: Operation) -> list[FieldDescriptorProto]:
        """Return the fields of the request that are taken from the query: without a body, all that the path leaves."""
        if operation.has_body:
            return []
        taken = operation.path_parameters
        return [field for field in self.messages[operation.method.input_type].field if field.name not in taken]

    def enum_values(self, name: str) -> list[str]:
        """Return the documented spelling of the values of an enum, without the one that stands for none."""
        values = [value.name for value in self.enums[name].value if value.number != 0]
        return [spelling(value) for value in values] if self.is_nested(name) else values

    def is_nested(self, name: str) -> bool:
        """Tell whether an enum belongs to a message. Such a one is documented in lower case; error codes are not."""
        return name.rpartition(".")[0] in self.messages

    @property
    def max_request_bytes(self) -> int:
        """The largest request body of any operation, in bytes."""
        inputs = (self.messages[operation.method.input_type] for operation in self.operations)
        return max(message.options.Extensions[options_pb2.max_bytes] for message in inputs)


def http_rule(method: MethodDescriptorProto) -> http_pb2.HttpRule:
    """Return the HTTP rule of an rpc, empty when it has none."""
    extensions: Any = method.options.Extensions
    return cast(http_pb2.HttpRule, extensions[annotations_pb2.http])


def json_name(field: str) -> str:
    """Return the JSON name of a field."""
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), field)


def hidden_name(parameter: str) -> str:
    """Return the name that the transcoder is given for a field that the path sets."""
    return f"path_{parameter}"


def spelling(value: str) -> str:
    """Return how a value of an enum within a message is written in JSON."""
    return value.lower()


def is_object(field: FieldDescriptorProto) -> bool:
    """Tell whether a value of the field is a JSON object. A well-known type has a JSON form of its own."""
    return field.type == FieldDescriptorProto.TYPE_MESSAGE and not field.type_name.startswith(".google.protobuf.")


def is_repeated(field: FieldDescriptorProto) -> bool:
    """Tell whether the field is a list."""
    return field.label == FieldDescriptorProto.LABEL_REPEATED


def has_required_key(field: FieldDescriptorProto) -> bool:
    """Tell whether a body has to name a list, be it empty."""
    return field.options.Extensions[options_pb2.required_key]


def is_nullable(field: FieldDescriptorProto) -> bool:
    """Tell whether a field of a response can have no value: it has presence, and no rule that it is always set."""
    has_presence = field.type == FieldDescriptorProto.TYPE_MESSAGE or field.HasField("oneof_index")
    return has_presence and not is_repeated(field) and not field.options.Extensions[validate_pb2.field].required
