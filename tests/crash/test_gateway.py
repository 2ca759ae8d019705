"""Envoy dies, the api dies, and both are asked to stop: callers get an answer, and service comes back by itself."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest

from tests.support import rest as gateway
from tests.support.rest import PROBLEM_TYPE, TRACE_ID, Answer, Rest, gateway_to
from tests.support.running_server import forked, forked_command, new_key, started

PATIENCE_SECONDS = 60
UNREACHABLE = (aiohttp.ClientError, OSError)
ROUTE = "/v1/jobs/job-1/scoring-batches"
RESUME = {"type": "text", "content": "Seven years of Python, PostgreSQL and gRPC at three companies."}
BODY = json.dumps(
    {"jobDescription": "A backend engineer.", "applications": [{"applicationId": "app-1", "resume": RESUME}]}
).encode()


async def status_of(url: str) -> int | None:
    """Return the status that `/healthz` has, or None when nobody answers."""
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/healthz") as answer:
            return answer.status
    except UNREACHABLE:
        return None


async def until_status_is(expected: int | None, url: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await status_of(url) != expected:
            pass


async def until_answered_with(status: int, rest: Rest, secret: str) -> Answer:
    headers = {"Authorization": f"Bearer {secret}", "X-Tenant-Id": "tenant-1"}
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (answer := await rest.get(f"{ROUTE}/unknown", headers=headers)).status != status:
            pass
        return answer


async def test_an_envoy_that_was_killed_serves_again_at_the_same_address(tmp_path: Path) -> None:
    with forked(tmp_path, gateway=True) as server:
        url = await asyncio.to_thread(lambda: server.rest_url)
        for _ in range(2):
            killed = server.envoy()
            killed.kill()
            await asyncio.to_thread(killed.wait, PATIENCE_SECONDS)
            await until_status_is(200, url)
            assert server.envoy().pid != killed.pid
        assert server.log.first("gateway_died")
        assert await asyncio.to_thread(server.log.wait_for, "gateway_started")
        assert server.log.first("part_died") is None
        assert await asyncio.to_thread(server.stop) == 0


async def test_no_envoy_outlives_a_server_that_was_killed(tmp_path: Path) -> None:
    with forked(tmp_path, gateway=True) as server:
        url = await asyncio.to_thread(lambda: server.rest_url)
        envoy = server.envoy()
        server.process.kill()
        await asyncio.to_thread(envoy.wait, PATIENCE_SECONDS)
        assert await status_of(url) is None


async def test_a_killed_api_is_a_problem_with_a_trace_id_until_it_is_back(tmp_path: Path) -> None:
    secret = await asyncio.to_thread(new_key, tmp_path)
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    async with gateway_to(address) as rest:
        for _ in range(2):
            with forked(tmp_path, grpc_address=address) as server:
                answer = await until_answered_with(404, rest, secret)
                assert answer.json["code"] == "BATCH_NOT_FOUND"
                await asyncio.to_thread(server.kill)
                answer = await until_answered_with(503, rest, secret)
            assert answer.content_type == PROBLEM_TYPE
            assert answer.json["code"] == "SERVICE_UNAVAILABLE"
            assert answer.json["retryable"] is True
            assert TRACE_ID.fullmatch(answer.json["traceId"])
            assert answer.headers["X-Trace-Id"] == answer.json["traceId"]
            assert int(answer.headers["Retry-After"]) >= 1


@asynccontextmanager
async def half_sent_request(url: str, secret: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Send a submission without the second half of its body."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST {ROUTE} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {secret}\r\nX-Tenant-Id: tenant-1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    )
    writer.write(head.encode() + BODY[:20])
    await writer.drain()
    try:
        yield reader, writer
    finally:
        writer.close()


async def test_a_request_that_is_running_when_the_server_is_stopped_gets_its_answer(tmp_path: Path) -> None:
    secret = await asyncio.to_thread(new_key, tmp_path)
    with forked(tmp_path, gateway=True) as server:
        url = await asyncio.to_thread(lambda: server.rest_url)
        admin = server.envoy_admin()
        async with half_sent_request(url, secret) as (reader, writer), asyncio.timeout(PATIENCE_SECONDS):
            while await admin.running_requests() != 1:
                pass
            server.terminate()
            await until_status_is(None, url)
            writer.write(BODY[20:])
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 202 ")
        assert b"\r\nconnection: close\r\n" in answer
        assert await asyncio.to_thread(server.exit_code) == 0


async def test_a_request_that_never_ends_does_not_keep_the_server_from_stopping(tmp_path: Path) -> None:
    secret = await asyncio.to_thread(new_key, tmp_path)
    with forked(tmp_path, gateway=True, shutdown_grace_seconds=0.2) as server:
        url = await asyncio.to_thread(lambda: server.rest_url)
        async with half_sent_request(url, secret):
            assert await asyncio.to_thread(server.stop) == 0


async def test_health_over_rest_follows_the_readiness_of_the_api() -> None:
    async with gateway.serving() as (rest, served):
        await until_status_is(200, rest.url)
        served.readiness.ready = False
        served.clock.advance(1)
        await until_status_is(503, rest.url)
        served.readiness.ready = True
        served.clock.advance(1)
        await until_status_is(200, rest.url)


def test_a_server_that_cannot_run_envoy_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        with started(tmp_path / "data", gateway=True, rest_address=taken) as server:
            assert "NOVA_REST_ADDRESS" in server.log.wait_for("start_failed")["advice"]
            assert server.exit_code() == 1
            # Envoy writes what it cannot do into the same log, in the same form.
            assert any(line["event"] == "envoy" and "in use" in line["message"] for line in server.log.lines())
    assert list(folder.iterdir()) == []


def gateway_command(api: str, rest: str = "127.0.0.1:0") -> list[str]:
    return ["gateway", "run", "--api-address", api, "--rest-address", rest]


async def test_a_gateway_of_its_own_serves_until_it_is_stopped(tmp_path: Path) -> None:
    with forked(tmp_path) as server:
        api = await asyncio.to_thread(lambda: server.address)
        with forked_command(gateway_command(api), {}) as alone:
            await until_status_is(200, await asyncio.to_thread(lambda: alone.rest_url))
            assert await asyncio.to_thread(alone.stop) == 0
            assert alone.children() == []


def test_a_second_gateway_at_the_same_address_ends_with_a_readable_line() -> None:
    with forked_command(gateway_command("127.0.0.1:1"), {}) as first:
        taken = first.rest_url.removeprefix("http://")
        with forked_command(gateway_command("127.0.0.1:1", taken), {}) as second:
            assert "NOVA_REST_ADDRESS" in second.log.wait_for("start_failed")["advice"]
            assert second.exit_code() == 1
        assert first.stop() == 0
