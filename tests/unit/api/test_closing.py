"""A server that closes refuses new calls, and lets those that it has end."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from nova_server.api.call import Call
from nova_server.api.interceptors.closing import ClosingInterceptor
from nova_server.errors import ServiceUnavailable

SUBMIT = "/nova.scoring.v1.ScoringService/SubmitScoringBatch"
HEALTH = "/grpc.health.v1.Health/Check"
QUIET_SECONDS = 0.01


class Context:
    """What a call needs of its context."""

    def invocation_metadata(self) -> None:
        """A call without metadata."""


def call(method: str = SUBMIT) -> Call:
    return Call(method, streams=False, context=cast(Any, Context()))


async def serve(closing: ClosingInterceptor, method: str = SUBMIT) -> str:
    async with closing.around(call(method)):
        return "served"


async def test_calls_pass_while_the_server_is_open() -> None:
    assert await serve(ClosingInterceptor()) == "served"


async def test_calls_are_refused_as_unavailable_once_it_closes() -> None:
    closing = ClosingInterceptor()
    await closing.close(QUIET_SECONDS)
    with pytest.raises(ServiceUnavailable):
        await serve(closing)


async def test_health_is_told_until_the_end() -> None:
    closing = ClosingInterceptor()
    await closing.close(QUIET_SECONDS)
    assert await serve(closing, HEALTH) == "served"


async def test_a_call_that_is_being_served_is_left_alone() -> None:
    closing = ClosingInterceptor()
    served = []
    async with closing.around(call()):
        await closing.close(QUIET_SECONDS)
        served.append("to its end")
    assert served == ["to its end"]


async def test_closing_lasts_until_no_call_has_come_for_a_while() -> None:
    closing = ClosingInterceptor()
    ended = asyncio.create_task(closing.close(quiet_seconds=60))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(ended), QUIET_SECONDS)
    ended.cancel()


async def test_a_caller_who_never_stops_calling_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nova_server.api.interceptors.closing.MAX_CLOSING_SECONDS", QUIET_SECONDS)
    await asyncio.wait_for(ClosingInterceptor().close(quiet_seconds=60), 5)
