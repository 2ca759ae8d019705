"""Fetching from servers that would use up time, memory or disk, or that break HTTP."""

from __future__ import annotations

import asyncio
import gzip
import socket
import tracemalloc

import pytest
from aiohttp import web
from nova.errors.v1 import error_reason_pb2

from tests.contract.resumes.fetching import Fetching, assert_lasting, assert_passing, started_fetcher
from tests.support.sites import Handler, running_raw_server, running_site
from tests.unit.egress.fake_resolver import FakeResolver

KIB = 1024
LIMIT = 64 * KIB


def redirecting(times: int, status: int = 302) -> Handler:
    """Return a handler that redirects `/0` to `/1` and so on, and answers with a document after `times` redirects."""

    async def handle(request: web.Request) -> web.Response:
        step = int(request.path.removeprefix("/"))
        if step == times:
            return web.Response(body=b"document")
        return web.Response(
            status=status, headers={"Location": str(step + 1), "Set-Cookie": "session=secret"}, body=b"moved"
        )

    return handle


async def test_five_redirects_are_followed() -> None:
    async with running_site(redirecting(5)) as site, started_fetcher() as fetching:
        assert await fetching.content(site.url("/0")) == b"document"
        assert [request.path for request in site.requests] == ["/0", "/1", "/2", "/3", "/4", "/5"]


async def test_the_sixth_redirect_is_not_followed() -> None:
    async with running_site(redirecting(6)) as site, started_fetcher() as fetching:
        assert_lasting(await fetching.failure(site.url("/0")))
        assert len(site.requests) == 6


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_every_kind_of_redirect_is_followed(status: int) -> None:
    async with running_site(redirecting(1, status)) as site, started_fetcher() as fetching:
        assert await fetching.content(site.url("/0")) == b"document"


async def test_a_redirected_request_carries_no_cookie_and_no_trace_of_where_it_came_from() -> None:
    async with running_site(redirecting(1)) as site, started_fetcher() as fetching:
        await fetching.content(site.url("/0"))
    first, second = site.requests
    assert dict(second.headers) == dict(first.headers)


async def test_each_redirect_is_resolved_and_checked_anew() -> None:
    resolver = FakeResolver({"storage.example": [["127.0.0.1"]]})
    async with running_site(redirecting(2)) as site, started_fetcher(resolver=resolver) as fetching:
        await fetching.content(site.url("/0", host="storage.example"))
        assert set(resolver.asked) == {"storage.example"}


@pytest.mark.parametrize("location", [None, "http://[::1/", "http://"])
async def test_a_redirect_to_nowhere_is_lasting(location: str | None) -> None:
    async def redirect(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={} if location is None else {"Location": location})

    async with running_site(redirect) as site, started_fetcher() as fetching:
        assert_lasting(await fetching.failure(site.url()))


async def test_a_redirect_to_itself_ends() -> None:
    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.path})

    async with running_site(redirect) as site, started_fetcher() as fetching:
        assert_lasting(await fetching.failure(site.url("/loop")))


def dripping(reached: asyncio.Event) -> Handler:
    """Return a handler that sends the begin of a body and then nothing until the client leaves."""

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"%PDF-1.7")
        reached.set()
        await asyncio.Event().wait()
        return response

    return drip


async def test_a_body_that_never_ends_is_passing_after_the_deadline() -> None:
    async with running_site(dripping(asyncio.Event())) as site, started_fetcher(deadline_seconds=0.1) as fetching:
        assert_passing(await fetching.failure(site.url()))


async def test_headers_that_never_come_are_passing_after_the_deadline() -> None:
    async with running_raw_server(b"", silent=True) as site, started_fetcher(deadline_seconds=0.1) as fetching:
        assert_passing(await fetching.failure(site.url()))


async def test_a_lookup_that_never_ends_is_passing_after_the_deadline() -> None:
    async with started_fetcher(resolver=FakeResolver(silent=True), deadline_seconds=0.1) as fetching:
        assert_passing(await fetching.failure("https://storage.example/"))


async def test_a_lookup_that_may_succeed_later_is_passing() -> None:
    error = socket.gaierror(socket.EAI_AGAIN, "try again")
    async with started_fetcher(resolver=FakeResolver(error=error)) as fetching:
        assert_passing(await fetching.failure("https://storage.example/"))


async def test_a_refused_connection_is_passing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with started_fetcher() as fetching:
        assert_passing(await fetching.failure(f"http://127.0.0.1:{port}/"))


async def test_cancelling_removes_the_file() -> None:
    reached = asyncio.Event()
    async with running_site(dripping(reached)) as site, started_fetcher() as fetching:
        task = asyncio.create_task(fetching.content(site.url()))
        await asyncio.wait_for(reached.wait(), timeout=10)
        assert len(fetching.files()) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert fetching.files() == []


async def test_a_reader_that_fails_leaves_no_file() -> None:
    async with running_site(answer_with(b"document")) as site, started_fetcher() as fetching:
        with pytest.raises(ZeroDivisionError):
            await _fail_while_reading(fetching, site.url())
        assert fetching.files() == []


async def _fail_while_reading(fetching: Fetching, url: str) -> None:
    async with fetching.fetcher.fetch(url):
        raise ZeroDivisionError


async def test_stopping_fails_what_is_running_so_that_it_is_tried_again() -> None:
    reached = asyncio.Event()
    async with running_site(dripping(reached)) as site, started_fetcher() as fetching:
        task = asyncio.create_task(fetching.failure(site.url()))
        await asyncio.wait_for(reached.wait(), timeout=10)
        await fetching.fetcher.stop()
        assert_passing(await asyncio.wait_for(task, timeout=10))


async def test_a_fetch_after_stopping_is_passing() -> None:
    async with started_fetcher() as fetching:
        await fetching.fetcher.stop()
        assert_passing(await fetching.failure("https://storage.example/"))


def answer_with(body: bytes, *, encoding: str | None = None, announced: bool = True) -> Handler:
    """Return a handler that sends `body`, in chunks when its length is not to be announced."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Encoding": encoding} if encoding else {})
        if announced:
            response.content_length = len(body)
        await response.prepare(request)
        await response.write(body)
        return response

    return handle


@pytest.mark.parametrize("announced", [True, False])
async def test_a_document_of_exactly_the_limit_is_fetched(announced: bool) -> None:
    async with (
        running_site(answer_with(b"x" * LIMIT, announced=announced)) as site,
        started_fetcher(limit_bytes=LIMIT) as fetching,
    ):
        assert await fetching.content(site.url()) == b"x" * LIMIT


@pytest.mark.parametrize("announced", [True, False])
async def test_a_document_over_the_limit_is_too_large(announced: bool) -> None:
    async with (
        running_site(answer_with(b"x" * (LIMIT + 1), announced=announced)) as site,
        started_fetcher(limit_bytes=LIMIT) as fetching,
    ):
        assert_lasting(await fetching.failure(site.url()), error_reason_pb2.RESUME_TOO_LARGE)


async def test_a_document_that_announces_too_much_is_refused_before_its_body_is_sent() -> None:
    announcement = f"HTTP/1.1 200 OK\r\nContent-Length: {LIMIT + 1}\r\n\r\n".encode()
    async with running_raw_server(announcement, silent=True) as site, started_fetcher(limit_bytes=LIMIT) as fetching:
        assert_lasting(await fetching.failure(site.url()), error_reason_pb2.RESUME_TOO_LARGE)


async def test_the_limit_counts_decoded_bytes() -> None:
    body = gzip.compress(b"x" * (LIMIT + 1))
    assert len(body) < KIB
    async with (
        running_site(answer_with(body, encoding="gzip")) as site,
        started_fetcher(limit_bytes=LIMIT) as fetching,
    ):
        assert_lasting(await fetching.failure(site.url()), error_reason_pb2.RESUME_TOO_LARGE)


@pytest.mark.parametrize("members", [1, 100], ids=["one-member", "many-members"])
async def test_a_compression_bomb_costs_neither_memory_nor_disk(members: int) -> None:
    bomb = gzip.compress(bytes(100_000 * KIB // members)) * members
    async with running_site(answer_with(bomb, encoding="gzip")) as site, started_fetcher() as fetching:
        tracemalloc.start()
        try:
            failure = await fetching.failure(site.url())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert_lasting(failure, error_reason_pb2.RESUME_TOO_LARGE)
    assert peak < 4 * KIB * KIB


CUT_SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n%PDF-1.7"


@pytest.mark.parametrize(
    "sent",
    [
        CUT_SHORT,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n%PDF-1.7\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"",
    ],
    ids=["body", "chunks", "headers", "everything"],
)
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
async def test_a_connection_that_ends_too_early_is_passing(sent: bytes, reset: bool) -> None:
    async with running_raw_server(sent, reset=reset) as site, started_fetcher() as fetching:
        assert_passing(await fetching.failure(site.url()))


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nX-Large: " + b"x" * 9000 + b"\r\n\r\n",
        b"HTTP/1.1 200 " + b"x" * 9000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: x\r\n" % number for number in range(200)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n%PDF-1.7 and more than was announced",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
    ],
    ids=[
        "long header",
        "long status line",
        "many headers",
        "two lengths",
        "negative length",
        "wordy length",
        "length too small",
        "other protocol",
        "wordy status",
    ],
)
async def test_an_answer_that_is_not_acceptable_http_is_lasting(answer: bytes) -> None:
    async with running_raw_server(answer) as site, started_fetcher() as fetching:
        assert_lasting(await fetching.failure(site.url()))


async def test_endless_headers_end_the_fetch() -> None:
    endless = b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 100_000
    async with running_raw_server(endless, silent=True) as site, started_fetcher() as fetching:
        assert_lasting(await fetching.failure(site.url()))


async def test_a_body_that_is_not_in_its_encoding_fails() -> None:
    async with (
        running_site(answer_with(b"no gzip at all", encoding="gzip")) as site,
        started_fetcher() as fetching,
    ):
        failure = await fetching.failure(site.url())
    assert failure.reason == error_reason_pb2.RESUME_FETCH_FAILED


async def test_an_informational_answer_before_the_document_is_passed_over() -> None:
    answer = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n%PDF-1.7"
    async with running_raw_server(answer) as site, started_fetcher() as fetching:
        assert await fetching.content(site.url()) == b"%PDF-1.7"
