"""What a header may hold, also where no gRPC client would send it: proxies pass on more."""

from __future__ import annotations

from typing import Any, cast

import pytest
from nova_server.api.call import Call
from nova_server.api.change_options import EXPECTED_REVISION, IDEMPOTENCY_KEY, header_violations
from nova_server.api.headers import Header
from nova_server.api.interceptors.authentication import TENANT_ID
from nova_server.errors import FieldViolation

SET = "/nova.criteria.v1.CriteriaService/SetCriteria"
ALL = [TENANT_ID, IDEMPOTENCY_KEY, EXPECTED_REVISION]
OPTIONAL = [IDEMPOTENCY_KEY, EXPECTED_REVISION]


class Context:
    """As much of a servicer's context as a call needs to know its metadata."""

    def __init__(self, *metadata: tuple[str, str | bytes]) -> None:
        self._metadata = metadata

    def invocation_metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        return self._metadata


def call_with(*metadata: tuple[str, str | bytes], method: str = SET) -> Call:
    return Call(method, streams=False, context=cast(Any, Context(*metadata)))


def named(header: Header) -> str:
    return header.name


@pytest.mark.parametrize("header", ALL, ids=named)
@pytest.mark.parametrize("value", ["a\x00b", "a\nb", "\t", "\x7f", "tenänt", "\ufffd", b"\xff", b"text"])
def test_more_than_printable_ascii_is_invalid(header: Header, value: str | bytes) -> None:
    call = call_with((header.key, value))

    sentence = "must hold printable ASCII characters only."
    assert header.violations(call) == [FieldViolation(header.name, "invalid", sentence)]
    assert header.text(call) is None


@pytest.mark.parametrize("header", ALL, ids=named)
@pytest.mark.parametrize("value", ["x", "x" * 255, " ", "~!"])
def test_printable_ascii_of_up_to_255_characters_is_taken_as_it_is(header: Header, value: str) -> None:
    call = call_with((header.key, value))

    assert header.violations(call) == []
    assert header.text(call) == value


@pytest.mark.parametrize("header", ALL, ids=named)
def test_256_characters_are_too_long(header: Header) -> None:
    violations = header.violations(call_with((header.key, "x" * 256)))

    assert violations == [FieldViolation(header.name, "too_long", "must be at most 255 characters long.")]


@pytest.mark.parametrize("header", ALL, ids=named)
@pytest.mark.parametrize("values", [("a", "b"), ("a", "a"), ("a", ""), (b"\xff", "a")])
def test_a_header_is_given_once(header: Header, values: tuple[str | bytes, ...]) -> None:
    call = call_with(*((header.key, value) for value in values))

    assert header.violations(call) == [FieldViolation(header.name, "duplicate", "must be given once.")]
    assert header.text(call) is None


@pytest.mark.parametrize("header", OPTIONAL, ids=named)
def test_an_optional_header_may_be_missing_but_not_empty(header: Header) -> None:
    empty = header.violations(call_with((header.key, "")))

    assert header.violations(call_with()) == []
    assert header.text(call_with()) is None
    assert empty == [FieldViolation(header.name, "too_short", "must not be empty.")]


@pytest.mark.parametrize("metadata", [(), (("x-tenant-id", ""),), (("x-tenant-id", b""),)])
def test_a_tenant_may_be_neither_missing_nor_empty(metadata: Any) -> None:
    call = call_with(*metadata)

    assert TENANT_ID.violations(call) == [FieldViolation("X-Tenant-Id", "required", "is required.")]
    assert TENANT_ID.text(call) is None


@pytest.mark.parametrize(
    ("method", "heeded"),
    [
        (SET, ["Idempotency-Key", "X-Expected-Criteria-Revision"]),
        ("/nova.criteria.v1.CriteriaService/AddCriterion", ["Idempotency-Key"]),
        ("/nova.criteria.v1.CriteriaService/GetCriteria", []),
        ("/nova.scoring.v1.ScoringService/SubmitScoringJob", []),
        ("/nova.webhooks.v1.WebhookService/CreateWebhookEndpoint", []),
        ("/nova.criteria.v1.CriteriaService/Nothing", []),
        ("unknown", []),
    ],
)
def test_a_header_is_looked_at_where_the_contract_has_its_option(method: str, heeded: list[str]) -> None:
    call = call_with(*((header.key, "") for header in OPTIONAL), method=method)

    assert [violation.field for violation in header_violations(call)] == heeded
