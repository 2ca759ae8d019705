"""The check of a request's JSON, which the Lua filter makes before the transcoder takes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import example, given
from hypothesis import strategies as st
from nova.criteria.v1.criteria_service_pb2 import AddCriterionRequest, SetCriteriaRequest, UpdateCriterionRequest
from nova.scoring.v1.scoring_service_pb2 import SubmitScoringBatchRequest, SubmitScoringJobRequest
from nova.webhooks.v1.webhook_service_pb2 import (
    CreateWebhookEndpointRequest,
    RedeliverFailedWebhooksRequest,
    RotateWebhookSecretRequest,
    UpdateWebhookEndpointRequest,
)

from tests.support.json_faults import (
    Members,
    documented_values,
    faults_of,
    known_fields,
    must_be_named,
    strictly_parsed,
)
from tests.support.lua import GatewayLua

REQUESTS: list[type[Message]] = [
    SubmitScoringBatchRequest,
    SubmitScoringJobRequest,
    CreateWebhookEndpointRequest,
    UpdateWebhookEndpointRequest,
    RotateWebhookSecretRequest,
    RedeliverFailedWebhooksRequest,
    SetCriteriaRequest,
    AddCriterionRequest,
    UpdateCriterionRequest,
]
BATCH = SubmitScoringBatchRequest.DESCRIPTOR.full_name
LUA = GatewayLua()


def faults(body: bytes | str, message: str = BATCH) -> list[str]:
    return LUA.faults(body.encode() if isinstance(body, str) else body, message)


def expected_faults(body: bytes, descriptor: Descriptor) -> list[str]:
    """Return what the filter has to say, without the byte at which JSON goes wrong."""
    try:
        return faults_of(strictly_parsed(body), descriptor)
    except ValueError:
        return ["body=malformed_json"]


def without_position(found: list[str]) -> list[str]:
    return ["body=malformed_json"] if found[:1] and found[0].startswith("body=malformed_json:") else found


# What JSON can be, with texts that are likely to meet the filter's weak places.

TEXTS = st.text(max_size=8) | st.sampled_from(["", '"', "\\", "\\\\", '\\"', "null", "url", "text", "\0", "\x1f", "[{"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(TEXTS, parts, max_size=3),
    max_leaves=6,
)


def valid_values(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.message_type is not None:
        return valid_members(field.message_type)
    if field.enum_type is not None:
        return st.sampled_from(documented_values(field))
    if field.type == FieldDescriptor.TYPE_INT32:
        return st.integers(-(2**31), 2**31 - 1)
    return st.booleans() if field.type == FieldDescriptor.TYPE_BOOL else TEXTS


def valid_fields(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    values = valid_values(field)
    given = st.lists(values, max_size=2) if field.is_repeated else values
    return given if must_be_named(field) else st.none() | given


@st.composite
def valid_members(draw: st.DrawFn, descriptor: Descriptor) -> Members:
    """Members of which no rule of the contract's shape is broken: no key twice, none forgotten, one of each oneof."""
    fields = known_fields(descriptor)
    keys = draw(st.lists(st.sampled_from(sorted(fields)) | TEXTS, unique_by=lambda key: _choice(key, fields)))
    keys += [key for key, field in fields.items() if must_be_named(field) and key not in keys]
    return Members((key, draw(valid_fields(fields[key]) if key in fields else ANYTHING)) for key in keys)


def _choice(key: str, fields: Mapping[str, FieldDescriptor]) -> str:
    oneof = fields[key].containing_oneof if key in fields else None
    return f"one of {oneof.name}" if oneof is not None else key


def descriptor_of(message: type[Message]) -> Descriptor:
    """Return the descriptor under the one type that its compiled and its pure form share."""
    return cast("Descriptor", message.DESCRIPTOR)


@st.composite
def wild_members(draw: st.DrawFn, descriptor: Descriptor) -> Members:
    """Members as a caller might get them wrong: any key twice, anything in any place."""
    fields = known_fields(descriptor)
    keys = draw(st.lists(st.sampled_from(sorted(fields)) | TEXTS, max_size=5))
    return Members((key, draw(wild_values(fields[key]) if key in fields else ANYTHING)) for key in keys)


def wild_values(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    values = wild_members(field.message_type) if field.message_type is not None else valid_values(field)
    return ANYTHING | values | st.lists(values | ANYTHING, max_size=3)


@st.composite
def spelled(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> str:
    """One of the values as JSON, in one of its many spellings."""
    return written(draw(values), draw)


def written(value: Any, draw: st.DrawFn) -> str:
    space = draw(st.sampled_from(["", " ", "\n\t", "\r\n  "]))
    if isinstance(value, Members):
        parts = [f"{_text(key, draw)}{space}:{space}{written(part, draw)}" for key, part in value]
        return "{" + space + f"{space},{space}".join(parts) + space + "}"
    if isinstance(value, list):
        return "[" + space + f",{space}".join(written(part, draw) for part in value) + space + "]"
    return _text(value, draw) if isinstance(value, str) else json.dumps(value)


def _text(text: str, draw: st.DrawFn) -> str:
    spelling = draw(st.integers(0, 3))
    if spelling == 0:
        return '"' + "".join(f"\\u{ord(letter):04x}" if letter < "\x80" else letter for letter in text) + '"'
    return json.dumps(text, ensure_ascii=spelling > 1)


@pytest.mark.parametrize("request_type", REQUESTS, ids=lambda message: message.DESCRIPTOR.name)
@given(data=st.data())
def test_a_valid_request_has_no_faults(request_type: type[Message], data: st.DataObject) -> None:
    body = data.draw(spelled(valid_members(descriptor_of(request_type))))

    assert faults(body, request_type.DESCRIPTOR.full_name) == []


@pytest.mark.parametrize("request_type", REQUESTS, ids=lambda message: message.DESCRIPTOR.name)
@given(data=st.data())
def test_every_fault_is_found_and_no_other(request_type: type[Message], data: st.DataObject) -> None:
    descriptor = descriptor_of(request_type)
    body = data.draw(spelled(wild_members(descriptor)))

    assert faults(body, descriptor.full_name) == expected_faults(body.encode(), descriptor)


PIECES = [
    *(b"{", b"}", b"[", b"]", b'"', b"'", b",", b":", b",,", b"\\", b"\\\\", b'\\"', b"/", b"//", b"/*", b"#"),
    *(b"0", b"-0", b"01", b"+1", b".5", b"1.", b"0x10", b"1e5", b"1E+5", b"1e", b"-", b"1.5e-3", b"--1", b"1_000"),
    *(b"true", b"null", b"nul", b"True", b"NaN", b"Infinity", b"-Infinity", b"undefined"),
    *(b"\xef\xbb\xbf", b"\0", b"\x01", b"\x1f", b"\x7f", b"\n", b"\x0b", b"\xa0", b"\xc2\xa0", b"\xff", b"\xc0\x80"),
    *(b"\\x", b"\\a", b"\\u", b"\\u12", b"\\u12g4", b"\\ud800", b"\\udc00\\ud800", b"\\U0041", b"\\u0022", b"\\u005c"),
    *(b'"jobTitle":', b'"jobTitle":"",', b'"\\u006aobTitle":null,', b'"type":1,', b'"url":"",', b'"content":"",'),
]


@st.composite
def damaged(draw: st.DrawFn, descriptor: Descriptor) -> bytes:
    """A request of which some bytes were changed, left out or put in between."""
    body = draw(spelled(wild_members(descriptor))).encode()
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = start + draw(st.integers(0, 3))
        body = body[:start] + draw(st.sampled_from(PIECES) | st.binary(max_size=2)) + body[end:]
    return body[: draw(st.integers(0, len(body)) | st.just(len(body)))]


@given(damaged(descriptor_of(SubmitScoringBatchRequest)))
@example(b'{"a":"\\\\u006aobTitle"}')
@example(b'{"\\\\u006aobTitle":1}')
@example(b'{"jobTitle":"x","jobTitle":null,"jobTitle":"y"}')
@example(b'{"applications":[{"resume":{"url":"","content":"","url":""}}]}')
def test_damaged_json_is_accepted_exactly_when_it_still_is_json(body: bytes) -> None:
    assert without_position(faults(body)) == expected_faults(body, descriptor_of(SubmitScoringBatchRequest))


@given(st.binary(max_size=40))
def test_any_bytes_are_judged(body: bytes) -> None:
    assert without_position(faults(body)) == expected_faults(body, descriptor_of(SubmitScoringBatchRequest))


@pytest.mark.parametrize(
    ("body", "position"),
    [
        ("", 1),
        (" \n", 3),
        ("\ufeff{}", 1),
        ("{", 2),
        ('{"a"', 5),
        ('{"a":', 6),
        ('{"a":1', 7),
        ('{"a":1,}', 8),
        ("{'a':1}", 2),
        ("{a:1}", 2),
        ('{"a" 1}', 6),
        ('{"a":1 "b":2}', 8),
        ('{"a":[1,]}', 9),
        ('{"a":[1}', 8),
        ('{"a":"open}', 6),
        ('{"a":"ä\x01"}', 9),
        ('{"a":"\n"}', 7),
        ('{"a":"\t\x01"}', 7),
        ('{"a":"\\x"}', 7),
        ('{"a":"\\u00g0"}', 7),
        ('{"a":"\\u00', 6),
        ('{"a":tru}', 6),
        ("{} {}", 4),
        ("{}\0", 3),
        ('{"a" 1, "b":"\\x"}', 6),
    ],
)
def test_malformed_json_is_told_with_the_first_byte_that_is_wrong(body: str, position: int) -> None:
    assert faults(body) == [f"body=malformed_json:{position}"]


def test_a_halved_surrogate_pair_and_broken_utf8_are_left_to_the_transcoder() -> None:
    assert faults(b'{"jobTitle":"\\ud800"}') == []
    assert faults(b'{"jobTitle":"\xff"}') == []


@pytest.mark.parametrize("opening", ['{"a":', "["])
@pytest.mark.parametrize(("levels", "found"), [(63, []), (64, []), (65, ["body=too_deep:64"])])
def test_json_may_be_nested_64_levels_deep(opening: str, levels: int, found: list[str]) -> None:
    inner = levels - 1
    closing = "}" if opening.startswith("{") else "]"

    assert faults('{"x":' + opening * inner + "0" + closing * inner + "}") == found
    assert (
        faults('{"x":' + opening * (inner - 1) + ("{}" if closing == "}" else "[]") + closing * (inner - 1) + "}")
        == found
    )


def test_an_escaped_key_is_the_key_that_it_spells() -> None:
    assert faults('{"jobTitle":"a","\\u006aobTitle":"b"}') == ["jobTitle=duplicate_key"]
    assert faults('{"jobTitl\\u0065":7}') == ["jobTitle=wrong_type:string"]


def test_what_the_path_sets_is_an_unknown_key() -> None:
    assert faults('{"jobId":7,"jobId":[]}') == []


def test_a_null_is_an_absent_key_but_no_element_of_a_list() -> None:
    assert faults('{"jobTitle":null,"applications":null}') == []
    assert faults('{"applications":[null]}') == ["applications[0]=wrong_type:object"]


def test_no_more_than_forty_faults_are_told() -> None:
    found = faults('{"applications":[' + ",".join(["7"] * 100) + "]}")

    assert found == [f"applications[{index}]=wrong_type:object" for index in range(40)]


def test_the_faults_of_one_body_fit_into_a_header() -> None:
    element = '{"applicationData":{"applicationAnswers":[' + ",".join(['{"question":1,"answer":2}'] * 99) + "]}}"

    assert len(";".join(faults('{"applications":[' + ",".join([element] * 9) + "]}"))) < 6144
