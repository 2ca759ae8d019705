"""The comments of the protos, told to REST callers.

A comment says what its element is, and may have indented examples. Those of a method are a request line such as
`GET /v1/jobs/job-1` with the JSON of its body below, and the JSON of its answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from nova_gateway.generator.api import json_name

_INDENTED = "     "
_REQUEST_LINE = re.compile(r"[A-Z]+ (/\S+)")
_FIELD_NAME = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")
# What is not set over gRPC is null in JSON.
_UNSET = re.compile(r"\bUnset\b")


@dataclass(frozen=True, slots=True)
class Comment:
    """What one element says of itself, without its name and its examples."""

    text: str = ""
    examples: tuple[str, ...] = ()

    def method_example(self) -> MethodExample:
        """Return the example of a method. Raises ValueError when its JSON is none."""
        example = MethodExample()
        for text in self.examples:
            line, _, body = text.partition("\n")
            if found := _REQUEST_LINE.fullmatch(line):
                example.path, example.request = found[1], json.loads(body) if body else None
            else:
                example.response = json.loads(text)
        return example


@dataclass(slots=True)
class MethodExample:
    """The path, the body and the answer of an example call, where there are any."""

    path: str = ""
    request: Any = None
    response: Any = None


@dataclass(frozen=True)
class Comments:
    """Finds comments by the full name of what they stand at, with a leading dot."""

    descriptor_set: FileDescriptorSet

    def __getitem__(self, name: str) -> Comment:
        return self._comments.get(name, Comment())

    @cached_property
    def _comments(self) -> dict[str, Comment]:
        texts = {
            name: text
            for file in self.descriptor_set.file
            if file.package.startswith("nova.")
            for name, text in _texts(file)
        }
        return {name: self._read(name.rpartition(".")[2], text) for name, text in texts.items()}

    def _read(self, name: str, text: str) -> Comment:
        blocks = [(indented, list(lines)) for indented, lines in groupby(text.splitlines(), _is_example)]
        examples = tuple("\n".join(line.strip() for line in lines) for indented, lines in blocks if indented)
        prose = [_without_announcement("\n".join(lines)) for indented, lines in blocks if not indented]
        sentences = _without_subject(name, "\n\n".join(filter(None, prose)))
        return Comment(_UNSET.sub("Null", self._in_json_names(sentences)), examples)

    def _in_json_names(self, text: str) -> str:
        return _FIELD_NAME.sub(lambda found: json_name(found[0]) if found[0] in self._field_names else found[0], text)

    @cached_property
    def _field_names(self) -> set[str]:
        files = [file for file in self.descriptor_set.file if file.package.startswith("nova.")]
        return {field.name for file in files for message in file.message_type for field in message.field}


def _texts(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    """Yield the name of each element with a comment, and the comment."""
    for location in file.source_code_info.location:
        if location.leading_comments and len(location.path) % 2 == 0:
            yield _name(file, list(location.path)), location.leading_comments


def _name(file: FileDescriptorProto, path: list[int]) -> str:
    """Return the full name of the element at a path, which is a field number and an index at each level."""
    element: Any = file
    names = ["", file.package]
    for number, index in zip(path[::2], path[1::2], strict=True):
        element = getattr(element, element.DESCRIPTOR.fields_by_number[number].name)[index]
        names.append(element.name)
    return ".".join(names)


def _without_subject(name: str, text: str) -> str:
    """Return the text without the name of its element, beside which it stands."""
    rest = re.sub(rf"^{name}(?:: | is | are | )", "", text)
    return rest[:1].upper() + rest[1:]


def _is_example(line: str) -> bool:
    return line.startswith(_INDENTED)


def _without_announcement(prose: str) -> str:
    """Return the paragraphs, without a last one that only leads over to an example."""
    paragraphs = [
        " ".join(line.strip() for line in part.splitlines()) for part in re.split(r"\n\s*\n", prose) if part.strip()
    ]
    return "\n\n".join(part for part in paragraphs if not part.endswith(":"))
