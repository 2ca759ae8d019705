"""Every failure is a problem, whoever finds it."""

from __future__ import annotations

from tests.support import rest as gateway
from tests.support.rest import PROBLEM_TYPE, TRACE_ID


async def test_an_unknown_route_is_a_problem_with_a_trace_id() -> None:
    async with gateway.serving() as (rest, _):
        answer = await rest.get("/v1/nothing")
    assert answer.status == 404
    assert answer.content_type == PROBLEM_TYPE
    assert answer.json["code"] == "NOT_FOUND"
    assert TRACE_ID.fullmatch(answer.json["traceId"])
    assert answer.headers["X-Trace-Id"] == answer.json["traceId"]
