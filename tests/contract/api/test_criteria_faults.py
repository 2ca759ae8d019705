"""Every fault of a request to CriteriaService, by its field and its code, and without quoting a value."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from nova.criteria.v1 import criterion_pb2
from nova_server.api.field_rules import MAX_NAMED

from tests.support.api import CRITERIA_SERVICE, METADATA, Served, refusal, serving
from tests.support.criteria_requests import ALL, UPDATE, Add, List, Set, Text, Update, call

MUST_HAVE = criterion_pb2.MUST_HAVE
UNKNOWN = cast("criterion_pb2.Importance.ValueType", 4)
LONG = "x" * 2_001


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


async def faults(served: Served, request: Message) -> list[tuple[str, str]]:
    """Return the faults that a request is refused for, which never reaches the use cases."""
    failed = await refusal(call(served, request))
    assert failed.info.reason == "VALIDATION_ERROR"
    assert all(sentence.endswith(".") and "{" not in sentence for *_, sentence in failed.faults)
    assert served.criteria.calls == []
    return [fault[:2] for fault in failed.faults]


def setting(*criteria: Text) -> Set:
    return Set(job_id="job-1", criteria=criteria)


def adding(**fields: Any) -> Add:
    return Add(**{"job_id": "job-1", "text": "Go", "importance": MUST_HAVE, **fields})


def updating(**fields: Any) -> Update:
    return Update(**{"job_id": "job-1", "criterion_id": "c", **fields})


def listing(**fields: Any) -> List:
    return List(job_id="job-1", **fields)


GO = Text(text="Go", importance=MUST_HAVE)


@pytest.mark.parametrize(
    ("request_", "field", "code"),
    [
        (setting(Text(importance=MUST_HAVE)), "criteria[0].text", "required"),
        (setting(GO, Text(text=LONG, importance=MUST_HAVE)), "criteria[1].text", "too_long"),
        (setting(GO, GO, Text(text="\0", importance=MUST_HAVE)), "criteria[2].text", "invalid"),
        (setting(Text(text="Go")), "criteria[0].importance", "required"),
        (setting(Text(text="Go", importance=UNKNOWN)), "criteria[0].importance", "invalid"),
        (setting(*[GO] * 101), "criteria", "too_many"),
        (adding(text=""), "text", "required"),
        (adding(text=LONG), "text", "too_long"),
        (adding(text="\0"), "text", "invalid"),
        (adding(importance=0), "importance", "required"),
        (adding(importance=UNKNOWN), "importance", "invalid"),
        (updating(), "text", "required"),
        (updating(text=""), "text", "too_short"),
        (updating(text=LONG), "text", "too_long"),
        (updating(text="\0"), "text", "invalid"),
        (updating(importance=0), "importance", "invalid"),
        (updating(importance=UNKNOWN), "importance", "invalid"),
        (updating(text="Go", importance=0), "importance", "invalid"),
        (listing(page_size=0), "page_size", "out_of_range"),
        (listing(page_size=-1), "page_size", "out_of_range"),
        (listing(page_size=1_001), "page_size", "out_of_range"),
        (listing(page_token=""), "page_token", "too_short"),
        (listing(page_token="1" * 256), "page_token", "too_long"),
    ],
)
async def test_a_fault_is_named_by_its_field_and_code(served: Served, request_: Message, field: str, code: str) -> None:
    assert await faults(served, request_) == [(field, code)]


async def test_a_page_token_that_no_page_ended_with_is_invalid(served: Served) -> None:
    for token in ("0", "01", "-1", "+1", " 1", "1 ", "1\n", "1.0", "1e3", "0x1", "x", "1_0", "1" * 10, "٣", "c" * 25):
        assert await faults(served, listing(page_token=token)) == [("page_token", "invalid")], token


async def test_who_changes_nothing_is_told_that_one_of_both_is_needed(served: Served) -> None:
    failed = await refusal(call(served, updating()))

    assert failed.faults == [("text", "required", "is required when importance is not given.")]


def with_field(request: Message, field: str, value: str) -> Message:
    """Return `request` with another id in its place."""
    changed = type(request)()
    changed.CopyFrom(request)
    setattr(changed, field, value)
    return changed


IDS = [
    pytest.param(request, field.name, id=f"{descriptor.name}.{field.name}")
    for request in ALL
    for descriptor in [cast("Descriptor", request.DESCRIPTOR)]
    for field in descriptor.fields
    if field.name.endswith("_id")
]


@pytest.mark.parametrize(("request_", "field"), IDS)
async def test_an_id_that_is_missing_or_too_long_is_named(served: Served, request_: Message, field: str) -> None:
    assert await faults(served, with_field(request_, field, "")) == [(field, "required")]
    assert await faults(served, with_field(request_, field, "x" * 256)) == [(field, "too_long")]


async def test_a_job_id_holds_no_control_characters(served: Served) -> None:
    for request in ALL:
        assert await faults(served, with_field(request, "job_id", "a\x07")) == [("job_id", "invalid")]


async def test_all_faults_are_found_at_once(served: Served) -> None:
    request = Update(importance=UNKNOWN, text=LONG)

    assert await faults(served, request) == [
        ("job_id", "required"),
        ("criterion_id", "required"),
        ("text", "too_long"),
        ("importance", "invalid"),
    ]


async def test_a_change_of_nothing_is_named_beside_other_faults(served: Served) -> None:
    assert await faults(served, Update(job_id="job-1")) == [("criterion_id", "required"), ("text", "required")]


async def test_a_page_token_is_looked_at_beside_other_faults(served: Served) -> None:
    request = List(page_size=0, page_token="x")

    assert await faults(served, request) == [
        ("job_id", "required"),
        ("page_size", "out_of_range"),
        ("page_token", "invalid"),
    ]


async def test_no_fault_quotes_what_was_sent(served: Served) -> None:
    marker = "jane-smith"

    failed = await refusal(call(served, Update(job_id=f"{marker}\x07", text=f"{marker}\0")))

    assert len(failed.faults) == 3
    assert marker not in str(failed)


async def test_hundreds_of_thousands_of_criteria_are_cut_off_before_they_are_looked_at(served: Served) -> None:
    body = b"\x0a\x01j" + b"\x12\x00" * 500_000

    failed = await refusal(served.raw(f"/{CRITERIA_SERVICE}/SetCriteria", body, METADATA))

    assert failed.faults[0][:2] == ("criteria", "too_many")
    assert failed.message.endswith(f" and {MAX_NAMED - len(failed.faults)} more were found.")
    assert failed.trailing_bytes <= 6 * 1024


async def test_the_largest_valid_values_are_accepted(served: Served) -> None:
    largest = Text(text="é" * 2_000, importance=MUST_HAVE)

    await call(served, Set(job_id="j" * 255, criteria=[largest] * 100))
    await call(served, UPDATE)

    assert [asked[0] for asked in served.criteria.calls] == ["set", "update"]
    assert len(served.criteria.calls[0][3]) == 100
