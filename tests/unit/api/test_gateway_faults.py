"""What the api takes from the gateway's header of faults, which any gRPC caller can send too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nova_server.api.interceptors.gateway_faults import FAULTS_METADATA, faults_in
from nova_server.api.status import MAX_STATUS_BYTES, status_of
from nova_server.errors import ValidationFailed

from tests.support import api

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def told(header: str) -> list[tuple[str, str, str]]:
    return [(fault.field, fault.code, fault.message) for fault in faults_in(header)]


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        ("a.b=conflict:url", "must not be given together with url."),
        ("a.b=duplicate_key", "is given twice."),
        ("a.b=invalid:url, text", "must be one of: url, text."),
        ("a.b=invalid:application/json", "must be one of: application/json."),
        ("a.b=malformed_json:17", "is not valid JSON, from byte 17 on."),
        ("a.b=out_of_range", "must be a number of 32 bits."),
        ("a.b=too_deep:64", "is nested more than 64 levels deep."),
        ("a.b=too_many_values:100000", "holds more than 100000 values."),
        ("a.b=unknown_parameter", "is not a parameter of this route."),
        ("a.b=wrong_type:array", "must be of type array."),
    ],
)
def test_each_code_has_its_sentence(item: str, sentence: str) -> None:
    code = item.partition("=")[2].partition(":")[0]

    assert told(item) == [("a.b", code, sentence)]


def test_faults_keep_their_order_and_their_paths() -> None:
    found = told("applications[3].resume.type=invalid:url, text;Content-Type=invalid:application/json;body=too_deep:64")

    assert [field for field, _, _ in found] == ["applications[3].resume.type", "Content-Type", "body"]


@pytest.mark.parametrize(
    "item",
    [
        "",
        ";;;",
        "a",
        "a=",
        "=wrong_type:string",
        "a=wrong_type:",
        "a=unheard_of",
        "a=WRONG_TYPE:string",
        "a=wrong_type:string\n",
        "a\r\nb=duplicate_key",
        'a"=duplicate_key',
        'a=wrong_type:st"ring',
        "a=wrong_type:{argument}",
        "a=wrong_type:<b>",
        "a b=duplicate_key",
        "ä=duplicate_key",
        "a=duplicate_key:x=y",
        "a" * 256 + "=duplicate_key",
        "a=wrong_type:" + "b" * 256,
    ],
)
def test_what_the_gateway_would_not_write_is_left_out(item: str) -> None:
    assert told(f"{item};b=duplicate_key") == [("b", "duplicate_key", "is given twice.")]


@given(st.text() | st.from_regex(r"([a-z.\[\]0-9]{1,9}=[a-z_]{1,9}(:[a-z ]{1,9})?;?){1,5}"))
def test_no_header_makes_anything_but_well_formed_faults(header: str) -> None:
    for _, code, message in told(header):
        assert code.isidentifier()
        assert message.isprintable()
        assert message.endswith(".")


def test_the_faults_of_the_largest_header_keep_a_status_within_its_limit() -> None:
    faults = list(faults_in(";".join(["a" * 255 + "=wrong_type:" + "b" * 255] * 40)))

    assert len(faults) == 40
    assert status_of(ValidationFailed(faults), TRACE).ByteSize() <= MAX_STATUS_BYTES


@pytest.mark.parametrize("header", ["", "nonsense", "a=unheard_of"])
async def test_a_header_without_a_known_fault_still_refuses_the_call_but_names_none(header: str) -> None:
    async with api.serving() as served:
        metadata = (*api.METADATA, (FAULTS_METADATA, header))
        refusal = await api.refusal(served.stub.SubmitScoringBatch(api.submission(), metadata=metadata))

    assert (refusal.info.reason, list(refusal.faults)) == ("VALIDATION_ERROR", [])
    assert served.use_cases.submissions == []


async def test_faults_refuse_the_call_with_their_names() -> None:
    async with api.serving() as served:
        metadata = (*api.METADATA, (FAULTS_METADATA, "jobTitle=wrong_type:string;body=too_deep:64"))
        refusal = await api.refusal(served.stub.SubmitScoringBatch(api.submission(), metadata=metadata))

    assert refusal.info.reason == "VALIDATION_ERROR"
    assert [(field, code) for field, code, _ in refusal.faults] == [("jobTitle", "wrong_type"), ("body", "too_deep")]


@pytest.mark.parametrize(
    ("left_out", "reason", "fields"),
    [("authorization", "UNAUTHORIZED", []), ("x-tenant-id", "VALIDATION_ERROR", ["X-Tenant-Id"])],
)
async def test_the_key_and_the_tenant_are_looked_at_before_the_faults(
    left_out: str, reason: str, fields: list[str]
) -> None:
    metadata = tuple(item for item in api.METADATA if item[0] != left_out)
    async with api.serving() as served:
        call = served.stub.SubmitScoringBatch(
            api.submission(), metadata=(*metadata, (FAULTS_METADATA, "jobTitle=wrong_type:string"))
        )
        refusal = await api.refusal(call)

    assert refusal.info.reason == reason
    assert [field for field, _, _ in refusal.faults] == fields
