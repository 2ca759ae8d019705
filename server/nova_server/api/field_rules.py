"""Checks a message against the rules on its fields, and names every fault in our own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from nova.options.v1 import options_pb2
from nova.scoring.v1 import resume_pb2
from protovalidate import Validator, Violation

from nova_server.api.fault_table import FAULTS, NOT_A_TIME, REQUIRED, UNNAMED, Fault
from nova_server.api.limits import TIME_PATTERN
from nova_server.errors import FieldViolation

# A status has room for about eighty faults. Naming one takes a tenth of a millisecond, and no other call is served
# meanwhile.
MAX_NAMED = 200


class FieldRules:
    """The rules of the protos, compiled once for each type of message and kept."""

    def __init__(self) -> None:
        self._validator = Validator()

    def warm(self, *types: type[Message]) -> None:
        """Compile the rules of `types` now, so that no caller waits for it."""
        for message_type in types:
            self._validator.collect_violations(message_type())

    def hold(self, message: Message) -> bool:
        """Tell whether `message` has no fault, as fast as can be."""
        return not self._validator.collect_violations(message, fail_fast=True)

    def violations(self, message: Message, prefix: str = "") -> list[FieldViolation]:
        """Return the first faults of `message`, in the order of its fields, with `prefix` before their paths.

        Never quotes a value.
        """
        found = self._validator.collect_violations(message)
        return [_named(violation, message, prefix) for violation in found[:MAX_NAMED]]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a fault is: its path, and the field when the path does not end at a oneof."""

    path: str
    field: FieldDescriptor | None


def _named(violation: Violation, message: Message, prefix: str) -> FieldViolation:
    proto = violation.proto
    place = _locate(message, proto.field.elements if proto.field else ())
    path = prefix + place.path
    if _is_missing(violation.field_value, place.field):
        return FieldViolation(path, "required", REQUIRED)
    fault = _fault_of(violation)
    return FieldViolation(path, fault.code, fault.describe(violation.rule_value, _upper_limit(place.field)))


def _fault_of(violation: Violation) -> Fault:
    # Of all patterns, the others keep control characters out.
    if violation.rule_value == TIME_PATTERN:
        return NOT_A_TIME
    return FAULTS.get(violation.proto.rule_id, UNNAMED)


def _is_missing(value: object, field: FieldDescriptor | None) -> bool:
    """Tell whether a text breaks a rule because it was not sent: without presence, an unset text is an empty one."""
    return value == "" and field is not None and not field.has_presence and not field.is_repeated


def _upper_limit(field: FieldDescriptor | None) -> int | None:
    """Return the upper end of a field's range. A violation only tells the lower one."""
    return field.GetOptions().Extensions[validate_pb2.field].int32.lte if field is not None else None


def _locate(message: Any, elements: Any) -> _Place:
    """Follow a path from `message` to its end. The path names fields, items of lists and oneofs, and nothing else."""
    names: list[str] = []
    field: FieldDescriptor | None = None
    for element in elements:
        field = message.DESCRIPTOR.fields_by_number.get(element.field_number)
        if field is None:
            names.append(_missing_member(message, element.field_name))
        elif element.subscript is None:
            names.append(field.name)
            message = getattr(message, field.name)
        else:
            names.append(f"{field.name}[{element.subscript.value}]")
            message = getattr(message, field.name)[element.subscript.value]
    return _Place(".".join(names), field)


def _missing_member(message: Any, oneof: str) -> str:
    """Name the member of `oneof` that the caller left out: the one its `type` asks for, and else the first."""
    first: str = message.DESCRIPTOR.oneofs_by_name[oneof].fields[0].name
    return MEMBER_OF_TYPE.get(message.type, first)


def _members_of(enum: EnumDescriptor) -> dict[int, str]:
    return {value.number: value.GetOptions().Extensions[options_pb2.member] for value in enum.values[1:]}


# `Resume.type` as a number, and the member of `Resume.source` that it asks for.
MEMBER_OF_TYPE = _members_of(resume_pb2.Resume.Type.DESCRIPTOR)
