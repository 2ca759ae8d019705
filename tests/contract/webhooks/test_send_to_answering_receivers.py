"""Sending to receivers that answer: what counts as a success, what else an answer says, and what is left unread."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import tracemalloc

import pytest
from aiohttp import web
from nova_server.errors import ServiceUnavailable
from nova_server.ports.clock import plus_seconds
from nova_server.ports.lifecycle import Service
from nova_server.ports.webhooks import FailureReason
from nova_server.webhooks.retry import read_retry_after
from nova_server.webhooks.sender import Answer
from nova_server.webhooks.signing import verify

from tests.contract.webhooks.receivers import drips, raw_receiver, sends, sends_and_waits
from tests.contract.webhooks.sending import BODY, HEADERS, NAME, SECRET, started_sender
from tests.support.clock import START
from tests.support.connections import listening_canary
from tests.support.sites import Handler, running_site

PATIENCE_SECONDS = 10
MEBIBYTE = 1024 * 1024


def answers(status: int, body: bytes = b"", **headers: str) -> Handler:
    """Return a handler; underscores in the names of `headers` stand for hyphens."""

    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return handle


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_a_status_of_success_is_a_success(status: int, tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with running_site(answers(status), tls=tls) as site, started_sender(trusting) as sending:
        assert await sending.to(site.port) == Answer(status, None)


@pytest.mark.parametrize("status", [304, 400, 401, 404, 408, 425, 500, 503])
async def test_any_other_status_is_a_failure(status: int, tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with running_site(answers(status), tls=tls) as site, started_sender(trusting) as sending:
        assert await sending.to(site.port) == Answer(status, FailureReason.STATUS)


async def test_a_receiver_that_is_gone_says_so(tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with running_site(answers(410), tls=tls) as site, started_sender(trusting) as sending:
        assert await sending.to(site.port) == Answer(410, FailureReason.GONE)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int, tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    with listening_canary() as canary:
        target = f"https://127.0.0.1:{canary.port}/webhooks"
        async with (
            running_site(answers(status, Location=target), tls=tls) as site,
            started_sender(trusting) as sending,
        ):
            assert await sending.to(site.port) == Answer(status, FailureReason.REDIRECT)
            assert len(site.requests) == 1
        assert not canary.was_reached()


@pytest.mark.parametrize(("header", "seconds"), [("120", 120), ("Sun, 01 Mar 2026 09:10:00 GMT", 600), ("soon", None)])
async def test_the_wish_to_be_left_alone_is_handed_on(
    header: str, seconds: float | None, tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    handler = answers(429, Retry_After=header)
    async with running_site(handler, tls=tls) as site, started_sender(trusting) as sending:
        answer = await sending.to(site.port)
    assert (answer.http_status, answer.failure) == (429, FailureReason.STATUS)
    assert read_retry_after(answer.retry_after, START) == seconds


async def test_what_arrives_is_a_signed_post_and_nothing_else(tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    bodies: list[bytes] = []

    async def keep(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        return web.Response(status=204)

    async with running_site(keep, tls=tls) as site, started_sender(trusting) as sending:
        await sending.to(site.port, "/webhooks?tenant=a%2Fb")
        (request,) = site.requests
    assert (request.method, request.path_qs, bodies) == ("POST", "/webhooks?tenant=a%2Fb", [BODY])
    assert dict(request.headers) == HEADERS | {
        "Host": f"{NAME}:{site.port}",
        "User-Agent": "nova-scoring",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Content-Length": str(len(BODY)),
    }
    verify(request.headers, bodies[0], SECRET, plus_seconds(START, 1))


async def test_a_receiver_may_take_its_time(tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    arrived, answering = asyncio.Event(), asyncio.Event()

    async def answer_late(_: web.Request) -> web.Response:
        arrived.set()
        await answering.wait()
        return web.Response(status=200)

    async with running_site(answer_late, tls=tls) as site, started_sender(trusting) as sending:
        attempt = asyncio.create_task(sending.to(site.port))
        await asyncio.wait_for(arrived.wait(), PATIENCE_SECONDS)
        assert not attempt.done()
        answering.set()
        assert await attempt == Answer(200, None)


async def test_a_slow_receiver_holds_up_no_other(tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with (
        raw_receiver(sends_and_waits(), tls) as slow,
        running_site(answers(200), tls=tls) as fast,
        started_sender(trusting, connection_limit=101) as sending,
    ):
        waiting = [asyncio.create_task(sending.to(slow.port)) for _ in range(100)]
        assert await asyncio.wait_for(sending.to(fast.port), PATIENCE_SECONDS) == Answer(200, None)
        for attempt in waiting:
            attempt.cancel()
        await asyncio.wait(waiting)


async def test_a_body_that_drips_does_not_make_a_success_a_failure(
    tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    behaviour = drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x")
    async with raw_receiver(behaviour, tls) as receiver, started_sender(trusting) as sending:
        assert await sending.to(receiver.port) == Answer(200, None)
        await asyncio.wait_for(receiver.hung_up.wait(), PATIENCE_SECONDS)


async def test_of_a_large_body_only_the_begin_is_taken_in(tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async def pour(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(10 * MEBIBYTE)})
        await response.prepare(request)
        chunk = bytes(MEBIBYTE // 16)
        for _ in range(160):
            await response.write(chunk)
        return response

    async with running_site(pour, tls=tls) as site, started_sender(trusting, body_seconds=30) as sending:
        tracemalloc.start()
        try:
            assert await sending.to(site.port) == Answer(200, None)
            assert tracemalloc.get_traced_memory()[1] < 4 * MEBIBYTE
        finally:
            tracemalloc.stop()


async def test_a_body_that_would_unpack_to_much_is_not_unpacked(tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    bomb = gzip.compress(bytes(8 * MEBIBYTE))
    handler = answers(200, bomb, Content_Encoding="gzip")
    async with running_site(handler, tls=tls) as site, started_sender(trusting, body_seconds=30) as sending:
        tracemalloc.start()
        try:
            assert await sending.to(site.port) == Answer(200, None)
            assert tracemalloc.get_traced_memory()[1] < 4 * MEBIBYTE
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 100\r\n\r\nshort",
        b"Transfer-Encoding: chunked\r\n\r\n64\r\nshort",
        b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nfour",
        b"\r\nwithout a length",
    ],
)
async def test_a_broken_body_does_not_make_a_success_a_failure(
    rest: bytes, tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with raw_receiver(sends(b"HTTP/1.1 200 OK\r\n" + rest), tls) as receiver, started_sender(trusting) as sending:
        assert await sending.to(receiver.port) == Answer(200, None)


async def test_a_connection_is_used_again(tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with running_site(answers(200, b"thank you"), tls=tls) as site, started_sender(trusting) as sending:
        for _ in range(3):
            assert await sending.to(site.port) == Answer(200, None)
        assert len({id(request.transport) for request in site.requests}) == 1


async def test_stopping_ends_what_is_being_sent_without_a_word_against_the_receiver(
    tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    arrived = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        arrived.set()
        await asyncio.Event().wait()
        return web.Response()

    async with running_site(hang, tls=tls) as site, started_sender(trusting) as sending:
        attempt = asyncio.create_task(sending.to(site.port))
        await asyncio.wait_for(arrived.wait(), PATIENCE_SECONDS)
        await sending.sender.stop()
        with pytest.raises(ServiceUnavailable):
            await attempt
        with pytest.raises(ServiceUnavailable):
            await sending.to(site.port)


async def test_a_sender_is_a_service_that_can_be_stopped_twice(trusting: ssl.SSLContext) -> None:
    async with started_sender(trusting) as sending:
        service: Service = sending.sender
        assert service.ready()
        await service.stop()
        await service.stop()
        assert not service.ready()
