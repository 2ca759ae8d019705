"""How large a request may be and how long it may take, and that whoever overdoes it disturbs nobody else."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support import rest as gateway
from tests.support.api import Served
from tests.support.rest import BATCHES, HEADERS, PROBLEM_TYPE, TRACE_ID, Answer, Rest, submission
from tests.support.running_server import new_key, started

JSON = {**HEADERS, "Content-Type": "application/json"}
RESUME_BYTES = 100 * 1024
LARGEST = 4_718_592  # 4.5 MiB
SLOW = 200
PATIENCE_SECONDS = 60


def largest_batch(character: str = "x") -> dict[str, Any]:
    """Return a batch that is at every limit of its size."""
    request = submission(25) | {"jobDescription": "d" * 50_000, "roleKnowledge": "r" * 15_000}
    for application in request["applications"]:
        application["resume"]["content"] = character * (RESUME_BYTES // len(character.encode()))
    return request


def padded(size: int) -> bytes:
    """Return a valid body of so many bytes, most of them in a key that means nothing."""
    body = json.dumps({**submission(), "padding": ""}).encode()
    return body[:-2] + b"x" * (size - len(body)) + body[-2:]


async def send(rest: Rest, body: bytes) -> Answer:
    return await rest.post(BATCHES, data=io.BytesIO(body), headers=JSON)


def assert_too_large(answer: Answer) -> None:
    assert (answer.status, answer.content_type) == (413, PROBLEM_TYPE), answer.text
    assert answer.json["code"] == "PAYLOAD_TOO_LARGE"
    assert TRACE_ID.fullmatch(answer.json["traceId"])
    assert answer.headers["X-Trace-Id"] == answer.json["traceId"]


@pytest.mark.parametrize("character", ["x", "é", "漢", "🙂"])
async def test_the_largest_valid_batch_is_accepted(rest: Rest, served: Served, character: str) -> None:
    answer = await send(rest, json.dumps(largest_batch(character), ensure_ascii=False).encode())

    assert answer.status == 202
    assert len(answer.json["scoringJobIds"]) == 25
    assert len(served.use_cases.submissions[0].applications) == 25


def test_the_largest_valid_batch_is_stored_by_a_running_server(tmp_path: Path) -> None:
    secret = new_key(tmp_path)
    body = tmp_path / "body.json"
    body.write_text(json.dumps(largest_batch()))
    with started(tmp_path, gateway=True) as server:
        command = ["curl", "--silent", "--include", f"{server.rest_url}{BATCHES}", "--data-binary", f"@{body}"]
        headers = [
            "-H",
            f"Authorization: Bearer {secret}",
            "-H",
            "X-Tenant-Id: t",
            "-H",
            "Content-Type: application/json",
        ]
        shown = subprocess.run([*command, *headers], capture_output=True, text=True, check=True).stdout
        assert "HTTP/1.1 202 Accepted" in shown
        assert shown.count("cm") >= 26


async def test_a_body_of_the_limit_is_accepted(rest: Rest) -> None:
    assert (await send(rest, padded(LARGEST))).status == 202


async def test_a_body_of_one_byte_more_is_too_large(rest: Rest) -> None:
    assert_too_large(await send(rest, padded(LARGEST + 1)))


async def test_a_body_without_a_length_is_measured_too(rest: Rest) -> None:
    async def pieces(size: int) -> AsyncIterator[bytes]:
        body = padded(size)
        for start in range(0, size, 65_536):
            yield body[start : start + 65_536]

    accepted = await rest.post(BATCHES, data=pieces(LARGEST), headers=JSON)
    assert accepted.status == 202
    assert_too_large(await rest.post(BATCHES, data=pieces(LARGEST + 1), headers=JSON))


@pytest.mark.parametrize(("size", "status"), [(2_000_000, b"202"), (LARGEST + 1, b"413")])
@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
async def test_curl_gets_an_answer_whether_it_asks_first_or_not(
    rest: Rest, size: int, status: bytes, version: str, tmp_path: Path
) -> None:
    body = tmp_path / "body.json"
    body.write_bytes(padded(size))
    headers = [part for name, value in JSON.items() for part in ("-H", f"{name}: {value}")]
    for asking in ("Expect: 100-continue", "Expect:"):
        options = ["--silent", "--include", version, "--data-binary", f"@{body}", "-H", asking, *headers]
        process = await asyncio.create_subprocess_exec("curl", *options, rest.url + BATCHES, stdout=subprocess.PIPE)
        shown, _ = await process.communicate()
        final = shown.split(b"\r\n\r\n")[-2]
        assert final.split()[1].strip() == status, shown[:300]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Large": "x" * 17_000},
        {f"X-{number}": "x" for number in range(150)},
        {"Authorization": "Bearer " + "x" * 17_000},
    ],
    ids=["large", "many", "key"],
)
async def test_headers_that_are_too_large_or_too_many_are_refused(rest: Rest, headers: dict[str, str]) -> None:
    answer = await rest.get(f"{BATCHES}/b", headers={**HEADERS, **headers})

    assert (answer.status, answer.content_type) == (400, PROBLEM_TYPE)
    assert TRACE_ID.fullmatch(answer.json["traceId"])


async def test_a_path_of_many_kilobytes_is_refused(rest: Rest) -> None:
    for size in (8_000, 20_000):
        answer = await rest.get(f"{BATCHES}/{'x' * size}")
        assert (answer.status, answer.content_type) == (400, PROBLEM_TYPE)


@asynccontextmanager
async def slow_connection(rest: Rest, sent: bytes) -> AsyncIterator[asyncio.StreamReader]:
    """Open a connection, send a part of a request, and nothing more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", rest.gateway.port)
    writer.write(sent)
    await writer.drain()
    try:
        yield reader
    finally:
        writer.close()


def beginning_of_a_request() -> bytes:
    headers = "".join(f"{name}: {value}\r\n" for name, value in JSON.items())
    return f"POST {BATCHES} HTTP/1.1\r\nHost: nova\r\n{headers}Content-Length: 4000000\r\n\r\n{{".encode()


async def test_slow_bodies_stop_nobody_else(rest: Rest) -> None:
    async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE_SECONDS):
        for _ in range(SLOW):
            await stack.enter_async_context(slow_connection(rest, beginning_of_a_request()))
        while await rest.gateway.admin.running_requests() != SLOW:
            pass
        for _ in range(20):
            assert (await send(rest, padded(100_000))).status == 202
        assert await rest.gateway.admin.running_requests() == SLOW


@pytest.mark.parametrize("sent", [beginning_of_a_request(), beginning_of_a_request()[:60]], ids=["body", "headers"])
async def test_a_request_that_does_not_end_is_ended(sent: bytes) -> None:
    times = {"headers_seconds": 0.5, "request_seconds": 0.5}
    async with (
        gateway.serving(gateway=times) as (rest, _),
        slow_connection(rest, sent) as reader,
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        answer = await reader.read()

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["code"] == "VALIDATION_ERROR"


async def test_connections_beyond_the_limit_are_refused_and_the_others_are_served() -> None:
    async with gateway.serving(gateway={"max_connections": 20}) as (rest, _), AsyncExitStack() as stack:
        assert (await rest.get(f"{BATCHES}/b")).status == 200
        for _ in range(40):
            await stack.enter_async_context(slow_connection(rest, b""))
        assert (await rest.get(f"{BATCHES}/b")).status == 200
