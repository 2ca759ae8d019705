"""Fill `.build/proto-deps` with the third-party protos that ours import.

The googleapis wheel ships `.proto` sources, which are copied. The protovalidate wheel ships only a compiled
descriptor, which is printed back as source: names, numbers, types and extensions, without the CEL programs inside
its options, because those are evaluated by the protovalidate runtime and never by a compiler.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from protovalidate._gen.buf.validate import validate_pb

COPIED = ("google/api/annotations.proto", "google/api/http.proto")

SCALARS = {number: name.removeprefix("TYPE_").lower() for name, number in FieldDescriptorProto.Type.items()}
LABELS = {
    FieldDescriptorProto.LABEL_OPTIONAL: "optional ",
    FieldDescriptorProto.LABEL_REPEATED: "repeated ",
    FieldDescriptorProto.LABEL_REQUIRED: "required ",
}


def main() -> None:
    """Write every dependency below the folder named by the first argument."""
    target = Path(sys.argv[1])
    for name in COPIED:
        copy_from_wheel(name, target / name)
    validate = read_validate_descriptor()
    write(target / validate.name, "\n".join(print_file(validate)) + "\n")


def copy_from_wheel(name: str, target: Path) -> None:
    """Copy one `.proto` of the googleapis wheel."""
    package, _, file_name = name.rpartition("/")
    source = resources.files(package.replace("/", ".")) / file_name
    target.parent.mkdir(parents=True, exist_ok=True)
    with resources.as_file(source) as path:
        shutil.copyfile(path, target)


def read_validate_descriptor() -> FileDescriptorProto:
    """Return `buf/validate/validate.proto` as the protovalidate wheel embeds it."""
    return descriptor_pb2.FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary())


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def print_file(file: FileDescriptorProto) -> Iterator[str]:
    """Yield the lines of a proto2 source equal to `file`, options left out."""
    yield 'syntax = "proto2";'
    yield f"package {file.package};"
    for dependency in file.dependency:
        yield f'import "{dependency}";'
    for enum in file.enum_type:
        yield from print_enum(enum, "")
    for message in file.message_type:
        yield from print_message(message, "")
    for extension in file.extension:
        yield f"extend {extension.extendee} {{ {print_field(extension)} }}"


def print_message(message: DescriptorProto, indent: str) -> Iterator[str]:
    """Yield a message with its nested types, its fields grouped by oneof."""
    yield f"{indent}message {message.name} {{"
    inner = indent + "  "
    for enum in message.enum_type:
        yield from print_enum(enum, inner)
    for nested in message.nested_type:
        yield from print_message(nested, inner)
    for field in message.field:
        if not field.HasField("oneof_index"):
            yield inner + print_field(field)
    for index, oneof in enumerate(message.oneof_decl):
        yield f"{inner}oneof {oneof.name} {{"
        for field in message.field:
            if field.HasField("oneof_index") and field.oneof_index == index:
                yield f"{inner}  {print_field(field, label='')}"
        yield f"{inner}}}"
    for extension_range in message.extension_range:
        yield f"{inner}extensions {extension_range.start} to {print_end(extension_range.end)};"
    yield f"{indent}}}"


def print_end(end: int) -> str:
    return "max" if end == 0x20000000 else str(end - 1)


def print_enum(enum: EnumDescriptorProto, indent: str) -> Iterator[str]:
    yield f"{indent}enum {enum.name} {{"
    for value in enum.value:
        yield f"{indent}  {value.name} = {value.number};"
    yield f"{indent}}}"


def print_field(field: FieldDescriptorProto, label: str | None = None) -> str:
    kind = field.type_name or SCALARS[field.type]
    prefix = LABELS[field.label] if label is None else label
    return f"{prefix}{kind} {field.name} = {field.number};"


if __name__ == "__main__":
    main()
