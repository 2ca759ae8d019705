"""What is hardly HTTP, or not at all, gets a problem too, and the next caller an answer."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.api import Served
from tests.support.rest import BATCHES, HEADERS, PROBLEM_TYPE, TRACE_ID, Rest

PATIENCE_SECONDS = 30
READ = f"{BATCHES}/b"
HEAD = "Host: nova\r\n" + "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
POST = f"POST {BATCHES} HTTP/1.1\r\n{HEAD}Content-Type: application/json\r\n"


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def read_answer(reader: asyncio.StreamReader) -> RawAnswer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    return RawAnswer(int(head[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"])))


async def exchange(rest: Rest, sent: str, answers: int = 1) -> list[RawAnswer]:
    """Send these bytes on a connection of their own, and return so many answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", rest.gateway.port)
    try:
        writer.write(sent.encode("latin-1"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            return [await read_answer(reader) for _ in range(answers)]
    finally:
        writer.close()


async def assert_refused(rest: Rest, sent: str, field: str, code: str) -> None:
    (answer,) = await exchange(rest, sent)
    assert (answer.status, answer.headers["content-type"]) == (400, PROBLEM_TYPE)
    assert answer.json["code"] == "VALIDATION_ERROR"
    assert [(fault["field"], fault["code"]) for fault in answer.json["details"]] == [(field, code)]
    assert TRACE_ID.fullmatch(answer.json["traceId"])
    assert answer.headers["x-trace-id"] == answer.json["traceId"]
    assert (await rest.get(READ)).status == 200


@pytest.mark.parametrize(
    "sent",
    [
        "hello world\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        f"GET {READ} HTTP/1.1\r\n\r\n",
        f"GET {READ} HTTP/1.0\r\n{HEAD}\r\n",
        f"GET {READ} HTTP/2.5\r\n{HEAD}\r\n",
        f"GET {READ} x HTTP/1.1\r\n{HEAD}\r\n",
        f"GET {READ}#fragment HTTP/1.1\r\n{HEAD}\r\n",
        f"GET {READ}\x01 HTTP/1.1\r\n{HEAD}\r\n",
        f"GET {READ}\0 HTTP/1.1\r\n{HEAD}\r\n",
        f"GET {READ}\xff HTTP/1.1\r\n{HEAD}\r\n",
        f"GET {READ}%00 HTTP/1.1\r\n{HEAD}\r\n",
        f"BREW {READ} HTTP/1.1\r\n{HEAD}\r\n",
        f"CONNECT nova:443 HTTP/1.1\r\n{HEAD}\r\n",
        f"GET {READ} HTTP/1.1\r\n{HEAD}x_y: 1\r\n\r\n",
        f"GET {READ} HTTP/1.1\r\n{HEAD}x: a\0b\r\n\r\n",
        f"GET {READ} HTTP/1.1\r\n{HEAD}x : a\r\n\r\n",
        f"GET {READ} HTTP/1.1\r\n{HEAD}: a\r\n\r\n",
        f"GET {READ} HTTP/1.1\r\n{HEAD}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        f"{POST}Content-Length: -1\r\n\r\n",
        f"{POST}Content-Length: x\r\n\r\n",
        f"{POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{{}}",
        f"{POST}Content-Length: 99999999999999999999\r\n\r\n",
        f"{POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        f"{POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        f"{POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n",
        f"{POST}Transfer-Encoding: chunked\r\n\r\n-1\r\n{{}}\r\n",
    ],
)
async def test_what_is_no_http_is_refused_as_such(rest: Rest, sent: str) -> None:
    await assert_refused(rest, sent, "request", "malformed_http")


@pytest.mark.parametrize("job_id", ["%", "%zz", "a%2", "%ff", "%c3", "%c0%80", "%ed%a0%80", "%f5%80%80%80", "%c3a%a9"])
async def test_a_path_that_is_no_percent_encoded_utf_8_is_named(rest: Rest, job_id: str) -> None:
    sent = f"GET /v1/jobs/{job_id}/scoring-batches/b HTTP/1.1\r\n{HEAD}\r\n"

    await assert_refused(rest, sent, "path", "malformed_encoding")


@pytest.mark.parametrize(
    "path",
    [
        f"/{READ}",
        "/v1/jobs/../../etc/passwd",
        "/v1/jobs/%2e%2e/scoring-batches/b",
        "/v1/jobs/job-1/scoring-batches/b/..",
        "/v1%2fjobs/job-1/scoring-batches/b",
    ],
)
async def test_a_path_with_tricks_in_it_leads_nowhere(rest: Rest, served: Served, path: str) -> None:
    (answer,) = await exchange(rest, f"GET {path} HTTP/1.1\r\n{HEAD}\r\n")

    assert (answer.status, answer.headers["content-type"]) == (404, PROBLEM_TYPE)
    assert served.use_cases.reads == []


@pytest.mark.parametrize(
    "sent",
    [
        f"GET http://nova{READ} HTTP/1.1\r\n{HEAD}\r\n",
        f"GET {READ} HTTP/1.1\n{HEAD}\n",
        f"GET /v1/./jobs/x/../job-1/scoring-batches/b HTTP/1.1\r\n{HEAD}\r\n",
        f"GET /v1/%6aobs/job-1/scoring-batches/b HTTP/1.1\r\n{HEAD}\r\n",
        f"GET {READ} HTTP/1.1\r\n{HEAD}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
    ],
)
async def test_unusual_http_is_answered_like_any_other(rest: Rest, sent: str) -> None:
    (answer,) = await exchange(rest, sent)

    assert answer.status == 200


async def test_requests_that_do_not_wait_for_answers_get_them_in_their_order(rest: Rest, served: Served) -> None:
    sent = "".join(f"GET {BATCHES}/b{number} HTTP/1.1\r\n{HEAD}\r\n" for number in range(5))

    answers = await exchange(rest, sent, answers=5)

    assert [answer.status for answer in answers] == [200] * 5
    assert [read[2] for read in served.use_cases.reads] == [f"b{number}" for number in range(5)]


async def test_a_caller_that_leaves_in_the_middle_disturbs_nobody(rest: Rest) -> None:
    for sent in (f"{POST}Content-Length: 100\r\n\r\n{{", f"GET {READ} HTTP/1.1\r\n{HEAD}\r\n", "GET /"):
        for _ in range(20):
            _, writer = await asyncio.open_connection("127.0.0.1", rest.gateway.port)
            writer.write(sent.encode())
            writer.close()

    assert (await rest.get(READ)).status == 200
