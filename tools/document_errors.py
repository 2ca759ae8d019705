"""Render `docs/errors.md`: the error catalogue for readers.

What each reason means is written once, as the comment on its value in `nova/errors/v1/error_reason.proto`; how it
travels is written once, in `nova_server.errors.CATALOGUE`. This brings both together.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor_pb2 import EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet
from google.rpc import code_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova_server.errors import CATALOGUE, CatalogueEntry

ROOT = Path(__file__).resolve().parent.parent
DESCRIPTOR_SET = ROOT / "gateway/descriptor_set.binpb"
PAGE = ROOT / "docs/errors.md"
PROTO = "nova/errors/v1/error_reason.proto"

INTRODUCTION = """\
# Errors

<!-- Generated from proto/nova/errors/v1/error_reason.proto and server/nova_server/errors.py by `make generate`. -->

Every error has a reason, one of those below. It never carries anything of what the service was doing inside.

Over gRPC, a failed call ends with a `google.rpc.Status`. Its `ErrorInfo` has the reason, the domain `nova`, and in its
metadata `trace_id` and `retryable` (`true` or `false`). Faults of the request come as a `BadRequest`, each with the
path of its `field`, a stable code as its `reason`, and a sentence. `RetryInfo` says how long to wait, when the service
knows. A status is kept under 6 KiB: when more faults were found than fit, its message says how many.

Over REST, the reason is the `code` of the problem body.

Quote the trace id, which is also the initial metadata `x-trace-id` of every answer, when you report an error.
"""
CALLS = """
## Errors of a call

| reason | gRPC status | HTTP status | retryable | meaning |
| --- | --- | --- | --- | --- |
"""
JOBS = """
## Errors of a scoring job

These are never the status of a call. They are the `error_code` of a scoring job that failed, while the other jobs of
its batch go on. Retryable means that submitting the application again may succeed.

| reason | retryable | meaning |
| --- | --- | --- |
"""


def render() -> str:
    """Return the page."""
    entries = [(name, CATALOGUE[ErrorReason.Value(name)], meaning) for name, meaning in meanings()]
    calls = "".join(_call_row(*entry) for entry in entries if entry[1].http_status)
    jobs = "".join(_job_row(*entry) for entry in entries if not entry[1].http_status)
    return INTRODUCTION + CALLS + calls + JOBS + jobs


def meanings() -> Iterator[tuple[str, str]]:
    """Yield each reason that is sent, with its comment in one line and without its own name in front."""
    file = _error_file()
    comments = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}
    # The path of a comment: the file's field `enum_type`, its index, the enum's field `value`, its index.
    enum_type, value = FileDescriptorProto.ENUM_TYPE_FIELD_NUMBER, EnumDescriptorProto.VALUE_FIELD_NUMBER
    for index, reason in enumerate(file.enum_type[0].value):
        if reason.number:
            yield reason.name, " ".join(comments[enum_type, 0, value, index].split()).removeprefix(f"{reason.name}: ")


def _error_file() -> FileDescriptorProto:
    files = FileDescriptorSet.FromString(DESCRIPTOR_SET.read_bytes()).file
    return next(file for file in files if file.name == PROTO)


def _call_row(name: str, entry: CatalogueEntry, meaning: str) -> str:
    grpc_code = code_pb2.Code.Name(entry.grpc_code)
    return f"| {name} | {grpc_code} | {entry.http_status} | {_yes(entry)} | {_sentence(meaning)} |\n"


def _job_row(name: str, entry: CatalogueEntry, meaning: str) -> str:
    return f"| {name} | {_yes(entry)} | {_sentence(meaning)} |\n"


def _yes(entry: CatalogueEntry) -> str:
    return "yes" if entry.retryable else "no"


def _sentence(meaning: str) -> str:
    return meaning[:1].upper() + meaning[1:]


def main() -> None:
    """Write the page."""
    PAGE.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
