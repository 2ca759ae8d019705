"""Sending to receivers that do not answer, break HTTP or TLS, or lead to where nothing may be sent."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from nova_server.ports.webhooks import FailureReason
from nova_server.webhooks.sender import Answer

from tests.contract.webhooks.receivers import Behaviour, drips, raw_receiver, resets, sends, sends_and_waits
from tests.contract.webhooks.sending import NAME, started_sender
from tests.support.authority import Authority
from tests.support.connections import dialled_addresses, listening_canary
from tests.support.sites import running_site
from tests.unit.egress.fake_resolver import FakeResolver
from tests.unit.egress.refused_addresses import REFUSED_ADDRESSES, in_url

SHORT = 0.2
PATIENCE_SECONDS = 10

SILENT = {
    "nothing": sends_and_waits(),
    "half-a-status-line": sends_and_waits(b"HTTP/1.1 2"),
    "half-the-headers": sends_and_waits(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "only-informational-answers": drips(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "dripping-headers": drips(b"HTTP/1.1 200 OK\r\nX-Drop: ", b"x"),
}

NO_HTTP = {
    "another-protocol": b"SSH-2.0-OpenSSH_9.9\r\n",
    "a-status-that-is-no-number": b"HTTP/1.1 OK\r\n\r\n",
    "a-header-without-a-colon": b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
    "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "a-negative-length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "bytes": bytes(range(256)) * 8,
    "too-long-a-header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "too-many-headers": b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 1_000 + b"\r\n",
}


async def ok(_: web.Request) -> web.Response:
    return web.Response(status=200)


@pytest.mark.parametrize("behaviour", SILENT.values(), ids=SILENT)
async def test_a_receiver_that_gives_no_answer_times_out(
    behaviour: Behaviour, tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with raw_receiver(behaviour, tls) as receiver, started_sender(trusting, deadline_seconds=SHORT) as sending:
        assert await sending.to(receiver.port) == Answer(None, FailureReason.TIMEOUT)


async def test_a_receiver_that_never_shakes_hands_times_out(trusting: ssl.SSLContext) -> None:
    with listening_canary() as listener:
        async with started_sender(trusting, deadline_seconds=SHORT) as sending:
            assert await sending.to(listener.port) == Answer(None, FailureReason.TIMEOUT)


async def test_a_lookup_that_never_ends_times_out(trusting: ssl.SSLContext) -> None:
    async with started_sender(trusting, resolver=FakeResolver(silent=True), deadline_seconds=SHORT) as sending:
        assert await sending.to(443) == Answer(None, FailureReason.TIMEOUT)


async def test_a_connection_that_is_reset_has_failed(tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with raw_receiver(resets, tls) as receiver, started_sender(trusting) as sending:
        assert await sending.to(receiver.port) == Answer(None, FailureReason.CONNECTION_FAILED)
        assert receiver.connections == 1


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-"], ids=["at-once", "in-the-headers"])
async def test_a_connection_that_ends_without_an_answer_has_failed(
    answer: bytes, tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with raw_receiver(sends(answer), tls) as receiver, started_sender(trusting) as sending:
        assert await sending.to(receiver.port) == Answer(None, FailureReason.CONNECTION_FAILED)


async def test_a_connection_that_is_refused_has_failed(trusting: ssl.SSLContext) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with started_sender(trusting) as sending:
        assert await sending.to(port) == Answer(None, FailureReason.CONNECTION_FAILED)


@pytest.mark.parametrize("answer", NO_HTTP.values(), ids=NO_HTTP)
async def test_an_answer_that_is_not_http_is_malformed(
    answer: bytes, tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with raw_receiver(sends(answer), tls) as receiver, started_sender(trusting) as sending:
        assert await sending.to(receiver.port) == Answer(None, FailureReason.MALFORMED_ANSWER)


@settings(max_examples=50, deadline=None)
@given(answer=st.binary(max_size=64) | st.binary(max_size=64).map(lambda rest: b"HTTP/1.1 500 \r\n" + rest))
def test_whatever_comes_back_the_attempt_ends_with_a_failure_of_the_closed_set(
    answer: bytes, trusting: ssl.SSLContext, tls: ssl.SSLContext
) -> None:
    async def attempt() -> Answer:
        async with raw_receiver(sends(answer), tls) as receiver, started_sender(trusting) as sending:
            return await asyncio.wait_for(sending.to(receiver.port), PATIENCE_SECONDS)

    failures = {FailureReason.MALFORMED_ANSWER, FailureReason.CONNECTION_FAILED, FailureReason.STATUS}
    assert asyncio.run(attempt()).failure in failures


@pytest.mark.parametrize("fault", ["expired", "wrong name", "self-signed", "unknown authority"])
async def test_a_receiver_without_a_certificate_that_is_in_order_gets_nothing(
    fault: str, authority: Authority, trusting: ssl.SSLContext, tmp_path_factory: pytest.TempPathFactory
) -> None:
    contexts = {
        "expired": authority.server(NAME, expired=True),
        "wrong name": authority.server("other.example"),
        "self-signed": authority.self_signed_server(NAME),
        "unknown authority": Authority(tmp_path_factory.mktemp("other")).server(NAME),
    }
    async with raw_receiver(sends(b"HTTP/1.1 200 OK\r\n\r\n"), contexts[fault]) as receiver:
        async with started_sender(trusting) as sending:
            assert await sending.to(receiver.port) == Answer(None, FailureReason.TLS_FAILED)
        assert receiver.requests == []


async def test_a_receiver_that_speaks_without_tls_gets_nothing(trusting: ssl.SSLContext) -> None:
    async with running_site(ok) as site, started_sender(trusting) as sending:
        assert await sending.to(site.port) == Answer(None, FailureReason.TLS_FAILED)
        assert site.requests == []


@pytest.mark.parametrize("error", [None, socket.gaierror(socket.EAI_AGAIN, "try again")], ids=["unknown", "unclear"])
async def test_a_name_without_an_address_is_not_resolved(error: OSError | None, trusting: ssl.SSLContext) -> None:
    async with started_sender(trusting, resolver=FakeResolver(error=error)) as sending:
        assert await sending.to(443) == Answer(None, FailureReason.NAME_NOT_RESOLVED)


@pytest.mark.parametrize(("address", "reason"), REFUSED_ADDRESSES)
async def test_a_name_that_leads_to_a_refused_address_is_not_dialled(
    address: str, reason: str, trusting: ssl.SSLContext
) -> None:
    resolver = FakeResolver({NAME: [[address]]})
    with dialled_addresses() as dialled:
        async with started_sender(trusting, allow=(), resolver=resolver) as sending:
            assert await sending.to(443) == Answer(None, FailureReason.ADDRESS_REFUSED)
            assert await sending.to(443, host=in_url(address)) == Answer(None, FailureReason.ADDRESS_REFUSED)
            assert sending.denials == [reason, reason]
    assert dialled == []


@pytest.mark.parametrize("url", ["http://receiver.example/", "https://user@receiver.example/", "https://127.1/", ""])
async def test_a_url_that_the_policy_refuses_is_not_asked_for(url: str, trusting: ssl.SSLContext) -> None:
    resolver = FakeResolver()
    async with started_sender(trusting, allow=(), resolver=resolver) as sending:
        assert await sending.sender.post(url, {}, b"") == Answer(None, FailureReason.ADDRESS_REFUSED)
    assert resolver.asked == []


async def test_a_name_that_moves_to_a_private_address_is_refused_at_the_next_attempt(
    tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    resolver = FakeResolver({NAME: [["127.0.0.2"], ["127.0.0.1"]]})

    async def ok_and_bye(_: web.Request) -> web.Response:
        return web.Response(status=200, headers={"Connection": "close"})

    async with (
        running_site(ok_and_bye, host="127.0.0.2", tls=tls) as site,
        started_sender(trusting, allow=["127.0.0.2/32"], resolver=resolver) as sending,
    ):
        with dialled_addresses() as dialled:
            assert await sending.to(site.port) == Answer(200, None)
            assert await sending.to(site.port) == Answer(None, FailureReason.ADDRESS_REFUSED)
        assert dialled == ["127.0.0.2"]
        assert sending.denials == ["loopback"]


async def test_nothing_of_a_receiver_that_fails_is_logged(
    tls: ssl.SSLContext, trusting: ssl.SSLContext, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = os.urandom(8).hex()
    async with (
        raw_receiver(sends(b"HTTP/1.1 500 " + secret.encode() + b"\r\n\r\n" + secret.encode()), tls) as failing,
        raw_receiver(sends(secret.encode()), tls) as malformed,
        started_sender(trusting) as sending,
    ):
        for port in (failing.port, malformed.port, 1):
            assert (await sending.to(port, f"/{secret}")).failure is not None
    printed = capsys.readouterr()
    assert secret not in caplog.text + printed.out + printed.err
    assert secret not in repr(Answer(429, FailureReason.STATUS, secret))
