"""Which headers of a caller count, and which headers a caller sees."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from tests.support.api import Served
from tests.support.rest import BATCHES, HEADERS, PROBLEM_TYPE, TRACE_ID, Rest, submission

READ = f"{BATCHES}/cbatch"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
# What an answer may have. Everything else is of the service's inside, or of Envoy's.
PUBLIC = {"content-type", "content-length", "date", "x-trace-id", "retry-after", "connection"}
UNKNOWN = "/v1/nothing"


def names(headers: Iterable[str]) -> set[str]:
    return {name.lower() for name in headers}


@pytest.mark.parametrize("path", [READ, UNKNOWN, "/healthz"])
async def test_no_header_of_the_inside_reaches_a_caller(rest: Rest, path: str) -> None:
    assert names((await rest.get(path)).headers) <= PUBLIC


@pytest.mark.parametrize("body", [b"{}", b"{", b'{"a": "\xff"}', b"[" * 100])
async def test_no_header_of_the_inside_reaches_a_caller_who_is_refused(rest: Rest, body: bytes) -> None:
    answer = await rest.post(BATCHES, data=body, headers={**HEADERS, "Content-Type": "application/json"})

    assert answer.content_type == PROBLEM_TYPE
    assert names(answer.headers) <= PUBLIC


async def test_every_answer_has_a_trace_id_of_its_own(rest: Rest) -> None:
    answers = [await rest.get(path) for path in (READ, READ, UNKNOWN, UNKNOWN, "/healthz", "/openapi.json")]

    found = [answer.headers["X-Trace-Id"] for answer in answers]
    assert all(TRACE_ID.fullmatch(trace_id) for trace_id in found)
    assert len(set(found)) == len(found)


async def test_the_trace_id_is_the_one_that_the_api_logs(rest: Rest, served: Served) -> None:
    answer = await rest.post(BATCHES, json=submission())

    assert [context["trace_id"] for context in served.use_cases.log_contexts] == [answer.headers["X-Trace-Id"]]


@pytest.mark.parametrize(
    "sent",
    [
        {"x-request-id": TRACE},
        {"x-request-id": "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"},
        {"x-trace-id": TRACE},
        {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
        {"x-request-id": TRACE, "x-forwarded-for": "10.0.0.1", "x-envoy-internal": "true"},
    ],
)
async def test_the_trace_id_of_a_caller_is_not_believed(rest: Rest, served: Served, sent: dict[str, str]) -> None:
    answer = await rest.post(BATCHES, json=submission(), headers={**HEADERS, **sent})

    assert answer.status == 202
    assert TRACE_ID.fullmatch(answer.headers["X-Trace-Id"])
    assert answer.headers["X-Trace-Id"] != TRACE
    assert [context["trace_id"] for context in served.use_cases.log_contexts] == [answer.headers["X-Trace-Id"]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nova-request-faults", "body=invalid:nothing"),
        ("nova-anything", "x"),
        ("x-envoy-retry-on", "5xx"),
        ("x-envoy-upstream-rq-timeout-ms", "1"),
        ("x-envoy-original-path", "/nova.scoring.v1.ScoringService/WatchScoringBatch"),
        ("x-envoy-decorator-operation", "x"),
        ("x-http-status", "500"),
        ("grpc-timeout", "1n"),
        ("grpc-encoding", "gzip"),
        ("grpc-status", "13"),
        ("te", "trailers"),
        ("x-http-method-override", "DELETE"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example.com"),
        ("host", "evil.example.com"),
    ],
)
async def test_a_header_of_the_inside_means_nothing_when_a_caller_sends_it(rest: Rest, name: str, value: str) -> None:
    answer = await rest.get(READ, headers={**HEADERS, name: value})

    assert answer.status == 200
    assert names(answer.headers) <= PUBLIC


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-trace-bin", "not base64!"),
        ("x-trace-bin", "YWJj"),
        ("idempotency-key-bin", ""),
        ("x$y", "1"),
        ("x`!~", "1"),
        ("cookie", "ü 🎉"),
    ],
)
async def test_a_header_that_grpc_has_no_metadata_for_means_nothing(rest: Rest, name: str, value: str) -> None:
    for answer in (
        await rest.get(READ, headers={**HEADERS, name: value}),
        await rest.post(BATCHES, json=submission(), headers={**HEADERS, name: value}),
    ):
        assert answer.status in (200, 202), answer.text
        assert names(answer.headers) <= PUBLIC


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (b"Cookie: \xe4", 200),
        (b"Idempotency-Key: \xff", 200),
        (b"X-Tenant-Id: \xe4", 400),
        (b"Authorization: Bearer \xe4", 401),
    ],
)
async def test_bytes_that_are_no_text_are_told_or_mean_nothing_and_write_no_error(
    rest: Rest, caplog: pytest.LogCaptureFixture, header: bytes, status: int
) -> None:
    sent = {name.lower().encode(): f"{name}: {value}".encode() for name, value in HEADERS.items()}
    lines = {**sent, header.split(b":")[0].lower(): header}.values()
    reader, writer = await asyncio.open_connection("127.0.0.1", rest.gateway.port)
    writer.write(b"\r\n".join((f"GET {READ} HTTP/1.1".encode(), b"Host: x", b"Connection: close", *lines, b"", b"")))
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()

    assert answer.split()[1] == str(status).encode()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_timeout_of_the_caller_does_not_end_a_call(rest: Rest, served: Served) -> None:
    served.use_cases.open.clear()
    headers = {**HEADERS, "x-envoy-upstream-rq-timeout-ms": "1", "grpc-timeout": "1m"}
    task = asyncio.create_task(rest.get(READ, headers=headers))
    await served.use_cases.asked.wait()
    served.use_cases.open.set()

    assert (await task).status == 200


@pytest.mark.parametrize("name", ["Idempotency-Key", "idempotency-key"])
async def test_an_idempotency_key_is_ignored(rest: Rest, served: Served, name: str) -> None:
    for value in ("first", "second"):
        answer = await rest.post(BATCHES, json=submission(), headers={**HEADERS, name: value})
        assert answer.status == 202
        assert "idempotent-replayed" not in names(answer.headers)

    assert len(served.use_cases.submissions) == 2


@pytest.mark.parametrize(
    ("sent", "status", "named"),
    [
        ((("X-Tenant-Id", "tenant-2"),), 400, ["X-Tenant-Id"]),
        ((("X-Tenant-Id", "tenant-1"),), 400, ["X-Tenant-Id"]),
        ((("Authorization", HEADERS["Authorization"]),), 401, []),
    ],
)
async def test_a_header_that_says_who_calls_counts_only_when_it_is_sent_once(
    rest: Rest, served: Served, sent: tuple[tuple[str, str], ...], status: int, named: list[str]
) -> None:
    answer = await rest.get(READ, headers=(*HEADERS.items(), *sent))

    assert answer.status == status
    assert [fault["field"] for fault in answer.json.get("details", [])] == named
    assert served.use_cases.reads == []
