"""What the protovalidate rules of a field are in JSON Schema. Where it has no word for one, the comment says it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from nova_gateway.generator.api import has_required_key

Schema = dict[str, Any]

_WITHOUT_NUL = r"^[^\u0000]*$"
_INTEGERS = ("int32", "uint32", "sint32", "fixed32", "sfixed32")
_NUMBERS = (*_INTEGERS, "float", "double")


def rules_of(field: FieldDescriptorProto) -> validate_pb2.FieldRules:
    """Return the rules that stand at a field."""
    extensions: Any = field.options.Extensions
    rules: validate_pb2.FieldRules = extensions[validate_pb2.field]
    return rules


def forbids_absence(field: FieldDescriptorProto) -> bool:
    """Tell whether a request is refused that does not have the field."""
    rules = rules_of(field)
    if rules.required or rules.repeated.min_items or has_required_key(field):
        return True
    # A field without presence that is absent has its default, which is then what the rules are held against.
    return not field.HasField("oneof_index") and _forbids_empty_text(rules.string)


def _forbids_empty_text(rules: validate_pb2.StringRules) -> bool:
    return rules.min_len > 0 or re.search(rules.pattern, "") is None


def constraints(rules: validate_pb2.FieldRules) -> Schema:
    """Return the keywords for the rules on one value."""
    found: Schema = {}
    for kind, translate in _TRANSLATIONS.items():
        if rules.HasField(kind):  # type: ignore[arg-type] # the stub lists the names one by one
            found |= translate(getattr(rules, kind))
    return found


def list_constraints(rules: validate_pb2.FieldRules) -> Schema:
    """Return the keywords for the rules on a list."""
    return _keywords(rules.repeated, {"min_items": "minItems", "max_items": "maxItems", "unique": "uniqueItems"})


def _of_string(rules: Any) -> Schema:
    found = _keywords(
        rules, {"min_len": "minLength", "max_len": "maxLength", "max_bytes": "maxLength", "pattern": "pattern"}
    )
    if rules.not_contains == "\0":
        found["pattern"] = _WITHOUT_NUL
    # The field's name is a word of Python's.
    if values := list(getattr(rules, "in")):
        found["enum"] = values
    return found


def _of_number(rules: Any) -> Schema:
    names = {"gte": "minimum", "lte": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
    return _keywords(rules, names)


def _keywords(rules: Any, names: Mapping[str, str]) -> Schema:
    return {keyword: getattr(rules, name) for name, keyword in names.items() if rules.HasField(name)}


_TRANSLATIONS: Mapping[str, Callable[[Any], Schema]] = {"string": _of_string, **dict.fromkeys(_NUMBERS, _of_number)}
