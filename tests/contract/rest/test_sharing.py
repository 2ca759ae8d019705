"""Tests that share a gateway do not see one another, which all the others here rely on."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import AsyncExitStack

import pytest
from nova_server.errors import BatchNotFound
from nova_server.gateway.admin import EnvoyAdmin

from tests.support.rest import BATCHES, HEADERS
from tests.support.rest_shared import SharedRest

READ = f"{BATCHES}/b"
HEAD = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())


async def test_what_a_test_put_behind_the_api_is_there_for_that_test_only(shared_gateway: SharedRest) -> None:
    async with shared_gateway.lent() as (rest, first):
        first.use_cases.fault = BatchNotFound()
        assert (await rest.get(READ)).status == 404

    async with shared_gateway.lent() as (rest, second):
        assert (await rest.get(READ)).status == 200

    assert (len(first.use_cases.reads), len(second.use_cases.reads)) == (1, 1)


async def test_a_key_that_a_test_revoked_is_in_force_for_the_next(shared_gateway: SharedRest) -> None:
    async with shared_gateway.lent() as (rest, served):
        served.keys.keys.clear()
        assert (await rest.get(READ)).status == 401

    async with shared_gateway.lent() as (rest, _):
        assert (await rest.get(READ)).status == 200


async def test_calls_that_a_test_left_under_way_do_not_reach_the_next(shared_gateway: SharedRest) -> None:
    async with AsyncExitStack() as connections:
        async with shared_gateway.lent() as (rest, _):
            for _number in range(100):
                _, writer = await asyncio.open_connection("127.0.0.1", rest.gateway.port)
                connections.callback(writer.close)
                writer.write(f"GET {READ} HTTP/1.1\r\nHost: nova\r\n{HEAD}\r\n".encode())

        async with shared_gateway.lent() as (rest, served):
            assert (await rest.get(f"{BATCHES}/own")).status == 200

    assert [read[2] for read in served.use_cases.reads] == ["own"]


async def test_a_call_that_a_test_left_waiting_stops_no_other(shared_gateway: SharedRest) -> None:
    async with shared_gateway.lent() as (rest, first):
        first.use_cases.open.clear()
        waiting = asyncio.create_task(rest.get(READ))
        await first.use_cases.asked.wait()
        waiting.cancel()

    async with shared_gateway.lent() as (rest, _):
        assert (await rest.get(READ)).status == 200
        await first.use_cases.ended.wait()


async def test_a_failure_of_the_lua_fails_the_test_in_which_it_came_and_none_after_it(
    shared_gateway: SharedRest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def one(_: EnvoyAdmin) -> int:
        return 1

    lender = dataclasses.replace(shared_gateway, lua_errors=0)
    monkeypatch.setattr(EnvoyAdmin, "lua_errors", one)

    with pytest.raises(AssertionError):
        async with lender.lent():
            pass
    async with lender.lent():
        pass
