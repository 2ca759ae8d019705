"""What the filter makes of the trailers of an answer, in which the api sends its metadata."""

from __future__ import annotations

import pytest

from tests.support.lua import GatewayLua, Passed

LUA = GatewayLua()
SERVICE = "nova.criteria.v1.CriteriaService"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
STATUS = '{"code":9,"message":"Changed.","details":[{"reason":"CRITERIA_REVISION_MISMATCH"}]}'
INNER = {"grpc-status": "0", "grpc-message": "", "nova-anything": "x", "z-bin": "YWJj", "x-trace-id": "0" * 32}
REPLAYED = {"idempotent-replayed": "true"}


def answered(
    trailers: dict[str, str] | None,
    *,
    body: str = '{"success":true}',
    status: str = "200",
    content_type: str = "application/json",
    method: str = "ArchiveCriteria",
) -> Passed:
    given = {":status": status, "content-type": content_type, "grpc-status": "0"}
    return LUA.response(given, body.encode(), route=f"{SERVICE}.{method}", trace_id=TRACE, trailers=trailers)


def test_that_an_answer_was_replayed_is_told_in_a_header() -> None:
    passed = answered({**INNER, **REPLAYED})

    assert passed.headers == {
        ":status": "200",
        "content-type": "application/json",
        "content-length": "16",
        "idempotent-replayed": "true",
        "x-trace-id": TRACE,
    }
    assert passed.body == b'{"success":true}'


def test_no_other_trailer_is_told_and_none_is_left() -> None:
    passed = answered(INNER)

    assert set(passed.headers) == {":status", "content-type", "content-length", "x-trace-id"}
    assert passed.trailers == {}
    assert answered({**INNER, **REPLAYED}).trailers == {}


@pytest.mark.parametrize("trailers", [None, {}])
def test_an_answer_without_trailers_is_what_it_is_with_them(trailers: dict[str, str] | None) -> None:
    assert answered(trailers) == answered(INNER)


def test_a_status_of_its_own_does_not_keep_an_answer_from_telling() -> None:
    passed = answered(REPLAYED, method="AddCriterion", body='{"criterion":{},"criteria":[]}')

    assert (passed.headers[":status"], passed.headers["idempotent-replayed"]) == ("201", "true")


def test_a_failure_is_told_without_its_trailers() -> None:
    passed = answered({**INNER, **REPLAYED}, body=STATUS, status="400")

    assert set(passed.headers) == {":status", "content-type", "content-length", "x-trace-id"}
    assert (passed.headers[":status"], passed.trailers) == ("412", {})


@pytest.mark.parametrize("content_type", ["application/grpc", "application/grpc-web+proto"])
def test_over_grpc_the_trailers_stay_as_they_are(content_type: str) -> None:
    passed = answered({**INNER, **REPLAYED}, content_type=content_type)

    assert passed.trailers == {**INNER, **REPLAYED}
    assert "idempotent-replayed" not in passed.headers
