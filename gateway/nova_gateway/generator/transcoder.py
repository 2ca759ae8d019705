"""The descriptor that Envoy's transcoder is given: the protos, renamed until its JSON is the documented one.

Names mean nothing on the wire, so they can be chosen for what the transcoder makes of them. Four things it does are
not what is documented: it spells enum values as they are declared, accepts field names in two spellings, lets the body
set a field that the path has set already, and calls the parts of an error by their proto names.
"""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet
from google.rpc import error_details_pb2, status_pb2

from nova_gateway.generator.api import Api, Operation, hidden_name, http_rule, json_name, spelling

# What the faults of a request are called in a problem.
_VIOLATION_NAMES = {"field": "field", "description": "message", "reason": "code"}


def transcoder_descriptor(api: Api) -> bytes:
    """Return the serialized descriptor set."""
    renamed = FileDescriptorSet.FromString(api.descriptor_set.SerializeToString())
    moved: dict[str, str] = {}
    for file in renamed.file:
        file.ClearField("source_code_info")
    own = [file for file in renamed.file if file.package.startswith("nova.")]
    for file in own:
        _spell_enums(f".{file.package}", file, moved)
    for file in own:
        _rename_fields(file, moved)
    rewritten = Api(renamed)
    for operation in rewritten.operations:
        _hide_path_parameters(rewritten, operation)
    renamed.file.extend(_error_files({file.name for file in renamed.file}))
    return renamed.SerializeToString(deterministic=True)


def _spell_enums(scope: str, file: FileDescriptorProto, moved: dict[str, str]) -> None:
    """Spell the values of every enum within a message as documented, and note in `moved` where it is now."""
    for message in file.message_type:
        _spell_enums_of(f"{scope}.{message.name}", message, moved)


def _spell_enums_of(name: str, message: DescriptorProto, moved: dict[str, str]) -> None:
    for nested in message.nested_type:
        _spell_enums_of(f"{name}.{nested.name}", nested, moved)
    for enum in list(message.enum_type):
        # The values of an enum are names beside it, where a lower-case one may meet a field: `Resume.url`. So it moves
        # into a message of its own.
        home = f"{enum.name}Spelling"
        message.nested_type.add(name=home).enum_type.append(_spelled(enum))
        moved[f"{name}.{enum.name}"] = f"{name}.{home}.{enum.name}"
    message.ClearField("enum_type")


def _spelled(enum: EnumDescriptorProto) -> EnumDescriptorProto:
    for value in enum.value:
        value.name = spelling(value.name)
    return enum


def _rename_fields(file: FileDescriptorProto, moved: dict[str, str]) -> None:
    """Give every field its JSON name as its only one, every enum field the type's new place, and fields their order."""
    waiting = list(file.message_type)
    while waiting:
        message = waiting.pop()
        waiting += message.nested_type
        for field in message.field:
            field.name = field.json_name
            if field.type_name in moved:
                field.type_name = moved[field.type_name]
        # The order in which the transcoder prints them, and so the one that the Lua filter expects.
        message.field.sort(key=lambda field: field.number)


def _hide_path_parameters(api: Api, operation: Operation) -> None:
    """Rename the fields that the path sets, so that a body cannot set them to something else."""
    rule = http_rule(operation.method)
    for parameter in operation.path_parameters:
        field = next(f for f in api.messages[operation.method.input_type].field if f.json_name == json_name(parameter))
        field.name = field.json_name = hidden_name(parameter)
        path = getattr(rule, operation.verb).replace(f"{{{parameter}}}", f"{{{field.name}}}")
        setattr(rule, operation.verb, path)


def _error_files(known: set[str]) -> list[FileDescriptorProto]:
    """Return the files of the errors that no proto of ours imports, with what those import."""
    found: dict[str, FileDescriptorProto] = {}
    waiting = [error_details_pb2.DESCRIPTOR, status_pb2.DESCRIPTOR]
    while waiting:
        file = waiting.pop()
        if file.name not in known and file.name not in found:
            waiting += file.dependencies
            found[file.name] = FileDescriptorProto()
            file.CopyToProto(found[file.name])
    _rename_violations(found[error_details_pb2.DESCRIPTOR.name])
    return [found[name] for name in sorted(found)]


def _rename_violations(file: FileDescriptorProto) -> None:
    message = next(message for message in file.message_type if message.name == "BadRequest")
    violation = next(nested for nested in message.nested_type if nested.name == "FieldViolation")
    kept = [field for field in violation.field if field.name in _VIOLATION_NAMES]
    for field in kept:
        field.name = field.json_name = _VIOLATION_NAMES[field.name]
    del violation.field[:]
    violation.field.extend(kept)
