"""The nulls that the Lua filter puts into a response, against the client's own rendering of the same message."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from buf.validate import validate_pb2
from google.api import annotations_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from nova.criteria.v1 import criteria_service_pb2
from nova.scoring.v1 import scoring_service_pb2
from nova.scoring.v1.scoring_batch_pb2 import ScoringBatch
from nova.scoring.v1.scoring_service_pb2 import GetLatestScoreResponse, GetScoringBatchResponse
from nova.webhooks.v1 import webhook_service_pb2
from nova_server.cli.documented_json import render

from tests.support.lua import GatewayLua

LUA = GatewayLua()

HTTP_RULE: Any = annotations_pb2.http

RESPONSES: list[type[Message]] = [
    GetMessageClass(method.output_type)
    for file in (criteria_service_pb2.DESCRIPTOR, scoring_service_pb2.DESCRIPTOR, webhook_service_pb2.DESCRIPTOR)
    for service in file.services_by_name.values()
    for method in service.methods
    if method.GetOptions().HasExtension(HTTP_RULE)
]

# Texts that look like the JSON around them.
TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        '"',
        "\\",
        '\\"',
        '"\\',
        "\\\\",
        '","completedAt":',
        '"completedAt":null',
        "}",
        "]}",
        "{[",
        "<b>&'",
        "\u2028",
        "\x00\x1f\x7f",
    ]
)
TIMES = st.builds(Timestamp, seconds=st.integers(-62_135_596_800, 253_402_300_799), nanos=st.integers(0, 999_999_999))


def values(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.message_type is not None:
        return TIMES if field.message_type.full_name == "google.protobuf.Timestamp" else messages(field.message_type)
    if field.enum_type is not None:
        return st.sampled_from(sorted(field.enum_type.values_by_number)) | st.just(99)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return st.booleans()
    return TEXTS if field.type == FieldDescriptor.TYPE_STRING else st.integers(-(2**31), 2**31 - 1)


@st.composite
def messages(draw: st.DrawFn, descriptor: Descriptor) -> Message:
    """Any message of this type, of which every field may be unset that need not be set."""
    parts = {}
    for field in descriptor.fields:
        required = field.GetOptions().Extensions[validate_pb2.field].required
        if required or draw(st.booleans()):
            parts[field.name] = draw(st.lists(values(field), max_size=3) if field.is_repeated else values(field))
    return GetMessageClass(descriptor)(**parts)


def transcoded(message: Message) -> str:
    """Return what the transcoder prints: no spaces, fields by number, and no key for what is unset."""
    fields = sorted(cast("Descriptor", message.DESCRIPTOR).fields, key=lambda field: field.number)
    parts = [
        f'"{field.json_name}":{_transcoded_field(getattr(message, field.name), field)}'
        for field in fields
        if not field.has_presence or message.HasField(field.name)
    ]
    return "{" + ",".join(parts) + "}"


def _transcoded_field(value: Any, field: FieldDescriptor) -> str:
    if field.is_repeated:
        return "[" + ",".join(_transcoded_value(part, field) for part in value) + "]"
    return _transcoded_value(value, field)


def _transcoded_value(value: Any, field: FieldDescriptor) -> str:
    if isinstance(value, Timestamp):
        return f'"{value.ToJsonString()}"'
    if isinstance(value, Message):
        return transcoded(value)
    if field.enum_type is not None:
        declared = field.enum_type.values_by_number.get(value)
        name = declared and (declared.name.lower() if field.enum_type.containing_type else declared.name)
        return f'"{name}"' if name else str(value)
    return _escaped(value) if isinstance(value, str) else json.dumps(value)


def _escaped(text: str) -> str:
    """Escape as the transcoder does: for HTML and JavaScript too, and everything else as it is."""
    escaped = json.dumps(text, ensure_ascii=False)
    for letter in "<>\x7f\u2028\u2029":
        escaped = escaped.replace(letter, f"\\u{ord(letter):04x}")
    return escaped


@pytest.mark.parametrize("response_type", RESPONSES, ids=lambda message: message.DESCRIPTOR.name)
@given(data=st.data())
def test_every_key_of_a_response_is_there_with_its_value_or_null(
    response_type: type[Message], data: st.DataObject
) -> None:
    descriptor = cast("Descriptor", response_type.DESCRIPTOR)
    message = data.draw(messages(descriptor))

    completed = LUA.completed(transcoded(message), descriptor.full_name)

    assert json.loads(completed) == render(message)


@given(messages(GetScoringBatchResponse.DESCRIPTOR))
def test_keys_come_in_the_order_of_the_documentation(message: Message) -> None:
    completed = json.loads(LUA.completed(transcoded(message), GetScoringBatchResponse.DESCRIPTOR.full_name))

    assert json.dumps(completed) == json.dumps(render(message))


def test_a_response_that_lacks_nothing_passes_as_it_is() -> None:
    batch = ScoringBatch(
        id="b", job_id="j", status=ScoringBatch.FAILED, created_at=Timestamp(), completed_at=Timestamp()
    )
    text = transcoded(GetScoringBatchResponse(batch=batch))

    assert LUA.completed(text, GetScoringBatchResponse.DESCRIPTOR.full_name) == text


@pytest.mark.parametrize("length", [2**8, 2**16])
def test_a_long_text_of_backslashes_ends_where_it_ends(length: int) -> None:
    message = GetLatestScoreResponse()
    message.scoring_job.error_message = '\\"' * length
    message.scoring_job.queued_at.GetCurrentTime()

    completed = LUA.completed(transcoded(message), message.DESCRIPTOR.full_name)

    assert json.loads(completed) == render(message)
