"""Pages in a browser: gRPC-Web through the same Envoy, and CORS for the origins that are let in."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import unquote

import pytest
import pytest_asyncio
from google.rpc import error_details_pb2, status_pb2
from nova.criteria.v1 import criteria_service_pb2
from nova.scoring.v1 import scoring_service_pb2
from nova_server.errors import BatchNotFound
from nova_server.ports.scoring import BatchWithJobs

from tests.support.api import CRITERIA_SERVICE, SERVICE, Served
from tests.support.rest import BATCHES, HEADERS, PROBLEM_TYPE, Rest
from tests.support.rest_shared import SharedRest, sharing
from tests.support.use_cases import ENDED, JOB

ORIGIN = "https://app.example.com"
READ = f"{BATCHES}/b"
GET = scoring_service_pb2.GetScoringBatchRequest(job_id="job-1", scoring_batch_id="b").SerializeToString()
WATCH = scoring_service_pb2.WatchScoringBatchRequest(job_id="job-1", scoring_batch_id="b").SerializeToString()
WEB = {**HEADERS, "Content-Type": "application/grpc-web+proto", "X-Grpc-Web": "1"}
TRAILERS = 0x80
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-tenant-id",
}
Both = tuple[Rest, Served]

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def with_origins() -> AsyncIterator[SharedRest]:
    async with sharing(cors_origins=(ORIGIN, "https://other.example.com")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def open_to_pages(with_origins: SharedRest) -> AsyncIterator[Both]:
    async with with_origins.lent() as running:
        yield running


def frame(message: bytes) -> bytes:
    """Return a message as gRPC-Web sends it: a flag, its length in four bytes, and itself."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def frames(body: bytes) -> tuple[list[bytes], dict[str, str]]:
    """Return the messages and the trailers of an answer."""
    messages, trailers = [], {}
    while body:
        length = int.from_bytes(body[1:5], "big")
        content, flag, body = body[5 : 5 + length], body[0], body[5 + length :]
        if flag & TRAILERS:
            trailers = dict(line.split(":", 1) for line in content.decode().strip().split("\r\n"))
        else:
            messages.append(content)
    return messages, trailers


async def call(rest: Rest, method: str, body: bytes, **headers: str) -> tuple[int, list[bytes], dict[str, str]]:
    """Return the status, the messages, and the headers and trailers of a gRPC-Web call."""
    url = f"{rest.url}/{SERVICE}/{method}"
    async with rest.session.post(url, data=body, headers={**WEB, **headers}) as answer:
        content = await answer.read()
        if answer.headers["content-type"].startswith("application/grpc-web-text"):
            # Each piece is encoded by itself, and may so end with padding.
            content = b"".join(base64.b64decode(piece) for piece in re.findall(rb"[^=]+=*", content))
        messages, trailers = frames(content)
        return answer.status, messages, {name.lower(): value for name, value in answer.headers.items()} | trailers


async def test_a_page_calls_over_grpc_web(rest: Rest) -> None:
    status, (message,), trailers = await call(rest, "GetScoringBatch", frame(GET))

    assert (status, trailers["grpc-status"]) == (200, "0")
    assert scoring_service_pb2.GetScoringBatchResponse.FromString(message).batch.id == "cbatch"


async def test_a_page_calls_over_grpc_web_in_text(rest: Rest) -> None:
    text = {"Content-Type": "application/grpc-web-text", "Accept": "application/grpc-web-text"}

    _, (message,), trailers = await call(rest, "GetScoringBatch", base64.b64encode(frame(GET)), **text)

    assert trailers["grpc-status"] == "0"
    assert scoring_service_pb2.GetScoringBatchResponse.FromString(message).scoring_jobs[0].id == "cjob"


async def test_a_page_watches_a_batch(rest: Rest, served: Served) -> None:
    served.use_cases.changes = [served.use_cases.found, BatchWithJobs(ENDED, (JOB,))]

    _, messages, trailers = await call(rest, "WatchScoringBatch", frame(WATCH))

    assert trailers["grpc-status"] == "0"
    changes = [scoring_service_pb2.WatchScoringBatchResponse.FromString(message) for message in messages]
    assert [change.batch.completed_jobs for change in changes] == [0, 1]


async def test_a_page_learns_why_its_call_failed(rest: Rest, served: Served) -> None:
    served.use_cases.fault = BatchNotFound()

    _, messages, found = await call(rest, "GetScoringBatch", frame(GET))

    assert (messages, found["grpc-status"]) == ([], "5")
    status = status_pb2.Status.FromString(base64.b64decode(unquote(found["grpc-status-details-bin"]) + "=="))
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    assert info.reason == "BATCH_NOT_FOUND"
    assert info.metadata["trace_id"] == found["x-trace-id"]


async def test_a_page_without_a_key_is_refused(rest: Rest) -> None:
    _, _, found = await call(rest, "GetScoringBatch", frame(GET), Authorization="")

    assert found["grpc-status"] == "16"


async def test_no_page_of_another_origin_may_call_unless_it_is_let_in(rest: Rest) -> None:
    answer = await rest.call("OPTIONS", BATCHES, headers=PREFLIGHT)
    assert (answer.status, answer.content_type) == (404, PROBLEM_TYPE)

    for path in (READ, "/openapi.json", "/v1/nothing"):
        answer = await rest.get(path, headers={**HEADERS, "Origin": ORIGIN})
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("path", [BATCHES, f"/{SERVICE}/GetScoringBatch"])
async def test_a_page_that_is_let_in_may_ask_first(open_to_pages: Both, path: str) -> None:
    answer = await open_to_pages[0].call("OPTIONS", path, headers=PREFLIGHT)

    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "content-type", "x-tenant-id", "x-grpc-web"} <= set(allowed)
    assert {"idempotency-key", "x-expected-criteria-revision"} <= set(allowed)
    assert answer.headers["Access-Control-Allow-Methods"].split(", ") == ["DELETE", "GET", "PATCH", "POST", "PUT"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    ("path", "headers", "status"), [(READ, HEADERS, 200), (READ, {}, 401), ("/v1/nothing", HEADERS, 404)]
)
async def test_a_page_that_is_let_in_reads_every_answer(
    open_to_pages: Both, path: str, headers: dict[str, str], status: int
) -> None:
    answer = await open_to_pages[0].get(path, headers={**headers, "Origin": ORIGIN})

    assert answer.status == status
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"x-trace-id", "retry-after", "idempotent-replayed"} <= set(exposed)


async def test_a_page_that_is_let_in_makes_a_change_once(open_to_pages: Both) -> None:
    rest, served = open_to_pages
    served.criteria.changed = replace(served.criteria.changed, replayed=True)
    headers = {**HEADERS, "Origin": ORIGIN, "Idempotency-Key": "key-1"}

    answer = await rest.call("PUT", "/v1/jobs/job-1/criteria", json={"criteria": []}, headers=headers)

    assert (answer.status, answer.headers["Idempotent-Replayed"]) == (200, "true")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


async def test_a_page_learns_over_grpc_web_that_an_answer_is_given_again(rest: Rest, served: Served) -> None:
    served.criteria.changed = replace(served.criteria.changed, replayed=True)
    request = criteria_service_pb2.ArchiveCriteriaRequest(job_id="job-1").SerializeToString()
    url = f"{rest.url}/{CRITERIA_SERVICE}/ArchiveCriteria"

    async with rest.session.post(url, data=frame(request), headers={**WEB, "Idempotency-Key": "key-1"}) as answer:
        _, trailers = frames(await answer.read())

    assert (trailers["grpc-status"], trailers["idempotent-replayed"]) == ("0", "true")


async def test_a_page_that_is_let_in_learns_that_its_body_was_too_large(open_to_pages: Both) -> None:
    headers = {**HEADERS, "Origin": ORIGIN, "Content-Type": "application/json", "Content-Length": "4718593"}

    async def nothing() -> AsyncIterator[bytes]:
        yield b"x" * 4_718_593

    answer = await open_to_pages[0].post(BATCHES, data=nothing(), headers=headers)

    assert (answer.status, answer.headers.get("Access-Control-Allow-Origin")) == (413, ORIGIN)


@pytest.mark.parametrize(
    "origin", ["https://evil.example.com", "http://app.example.com", "https://app.example.com.evil.com", "null", "*"]
)
async def test_a_page_of_any_other_origin_is_not_let_in(open_to_pages: Both, origin: str) -> None:
    rest, _ = open_to_pages
    preflight = await rest.call("OPTIONS", BATCHES, headers={**PREFLIGHT, "Origin": origin})
    read = await rest.get(READ, headers={**HEADERS, "Origin": origin})

    assert "Access-Control-Allow-Origin" not in preflight.headers
    assert "Access-Control-Allow-Origin" not in read.headers
