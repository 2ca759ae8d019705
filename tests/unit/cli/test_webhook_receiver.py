"""The receiver for development, on a real socket, and `nova webhooks listen`, which runs it."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from nova_server.cli.failures import UsageFault
from nova_server.cli.webhook_receiver import BODY_LIMIT_BYTES, Arrival, Receiver, receiving, require_secret
from nova_server.clock import SystemClock
from nova_server.ports.clock import Instant, plus_seconds
from nova_server.ports.webhooks import WebhookEvent
from nova_server.webhooks.signing import new_secret, signed_headers

from tests.unit.cli.command_line import nova, start

PATIENCE_SECONDS = 60
SECRET = new_secret(lambda count: b"a" * count)
OTHER = new_secret(lambda count: b"b" * count)
COMPLETED = {
    "event": "score.completed",
    "tenantId": "acme",
    "applicationId": "Amara Okafor",
    "result": {"score": 8, "assessment": {"verdict": "A strong fit."}},
}
BODY = json.dumps(COMPLETED).encode()


def now() -> Instant:
    return SystemClock().now()


def signed(body: bytes = BODY, *, secret: str = SECRET, at: Instant | None = None) -> dict[str, str]:
    return signed_headers("cdelivery", WebhookEvent.SCORE_COMPLETED, body, [secret], at or now())


@dataclass(slots=True)
class Bench:
    """A receiver that runs, and what it told."""

    url: str
    arrivals: list[Arrival] = field(default_factory=list)

    async def post(self, headers: dict[str, str], body: bytes = BODY) -> int:
        async with aiohttp.ClientSession() as session, session.post(self.url, data=body, headers=headers) as answer:
            return answer.status


@asynccontextmanager
async def bench(*secrets: str, status: int = 204) -> AsyncIterator[Bench]:
    arrivals: list[Arrival] = []
    receiver = Receiver(list(secrets or [SECRET]), arrivals.append, SystemClock(), status)
    async with receiving(receiver) as url:
        yield Bench(f"{url}hooks/nova", arrivals)


async def test_what_both_signatures_fit_is_verified_and_told_with_its_facts() -> None:
    async with bench() as receiver:
        assert await receiver.post(signed()) == 204
    (arrival,) = receiver.arrivals
    assert arrival.fault is None
    assert arrival.body == COMPLETED
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  score\.completed  cdelivery  verified  answered 204"
        r'  applicationId="Amara Okafor"  score=8',
        arrival.line(),
    )


async def test_during_a_rotation_either_secret_will_do() -> None:
    async with bench(OTHER, SECRET) as receiver:
        assert await receiver.post(signed()) == 204
        assert await receiver.post(signed(secret=OTHER)) == 204


async def test_another_status_can_be_answered_to_rehearse_failures() -> None:
    async with bench(status=503) as receiver:
        assert await receiver.post(signed()) == 503
    assert receiver.arrivals[0].fault is None


@pytest.mark.parametrize(
    ("header", "value", "fault"),
    [
        ("X-Webhook-Signature", "sha256=" + "0" * 64, "X-Webhook-Signature is missing or wrong"),
        ("webhook-signature", "v1,AAAA", "webhook-signature is missing or wrong"),
        ("webhook-id", "another", "webhook-signature is missing or wrong"),
        ("webhook-id", "\udcff", "webhook-signature is missing or wrong"),
        ("webhook-timestamp", "yesterday", "webhook-timestamp is missing or no number"),
    ],
)
async def test_what_one_signature_does_not_fit_is_refused(header: str, value: str, fault: str) -> None:
    async with bench() as receiver:
        assert await receiver.post({**signed(), header: value}) == 401
    (arrival,) = receiver.arrivals
    assert arrival.fault == fault
    assert arrival.body == {}
    assert f"  refused: {fault}  answered 401" in arrival.line()


async def test_what_another_secret_signed_is_refused_whatever_the_status_to_answer() -> None:
    async with bench(status=200) as receiver:
        assert await receiver.post(signed(secret=OTHER)) == 401


async def test_a_body_that_was_changed_on_the_way_is_refused() -> None:
    async with bench() as receiver:
        assert await receiver.post(signed(), BODY.replace(b"8", b"9")) == 401


async def test_what_was_signed_long_ago_is_refused() -> None:
    async with bench() as receiver:
        assert await receiver.post(signed(at=plus_seconds(now(), -301))) == 401
    assert receiver.arrivals[0].fault == "webhook-timestamp is more than 5 minutes away"


async def test_a_body_over_the_limit_is_refused_unread() -> None:
    body = b" " * (BODY_LIMIT_BYTES + 1)
    async with bench() as receiver:
        assert await receiver.post(signed(body), body) == 413
    assert receiver.arrivals[0].fault == "the body is larger than 262,144 bytes"


@pytest.mark.parametrize("body", [b"", b"hello", b"[1]", b'"event"', b"\xff", b"[" * 100_000])
async def test_a_signed_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    async with bench() as receiver:
        assert await receiver.post(signed(body), body) == 400
    assert receiver.arrivals[0].fault == "the body is no JSON object"


async def test_only_posts_are_received() -> None:
    async with bench() as receiver, aiohttp.ClientSession() as session, session.get(receiver.url) as answer:
        assert answer.status == 405
    assert receiver.arrivals == []


async def test_a_line_stays_one_short_line_whatever_is_sent() -> None:
    body = json.dumps({"event": "\x1b[2J\nscore.completed", "applicationId": "a" * 4000, "status": {"a": [1]}}).encode()
    async with bench() as receiver:
        await receiver.post(signed(body), body)
        await receiver.post({"X-Webhook-Event": "e" * 4000, "X-Webhook-Id": "\u202eid"})
    for line in (arrival.line() for arrival in receiver.arrivals):
        assert line.isprintable()
        assert len(line) < 400


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_größe", SECRET.removeprefix("whsec_"), f"{SECRET}***"]
)
def test_what_is_no_secret_is_refused_without_repeating_it(secret: str) -> None:
    with pytest.raises(UsageFault) as refusal:
        require_secret(secret)
    assert str(refusal.value) == "A secret begins with whsec_, as `nova webhooks create` prints it."


def test_a_secret_is_one() -> None:
    assert require_secret(SECRET) == SECRET


async def test_listening_says_where_and_prints_a_line_for_each_delivery_until_ctrl_c() -> None:
    process = await start("webhooks", "listen", "--status", "410", NOVA_WEBHOOK_SECRET=f"{OTHER} {SECRET}")
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        listening = (await process.stderr.readline()).decode()
        hint = (await process.stderr.readline()).decode()
    url = re.fullmatch(r"Listening on (http://127\.0\.0\.1:\d+/) until Ctrl-C\.\n", listening)
    assert url is not None
    assert "NOVA_ALLOW_NETWORKS=127.0.0.0/8" in hint
    assert await Bench(url[1]).post(signed()) == 410
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(PATIENCE_SECONDS):
        output, errors = await process.communicate()
    assert process.returncode == 0
    assert re.fullmatch(r".+  score\.completed  cdelivery  verified  answered 410  .+  score=8\n", output.decode())
    assert errors.decode() == "Stopped listening.\n"


async def test_listening_needs_a_secret() -> None:
    outcome = await nova("webhooks", "listen", "--secret", "whsec_")
    assert (outcome.code, outcome.output) == (2, "")
    assert outcome.errors == "A secret begins with whsec_, as `nova webhooks create` prints it.\n"
    assert (await nova("webhooks", "listen")).code == 2


async def test_a_port_that_is_taken_is_said_to_be() -> None:
    async with bench() as receiver:
        port = receiver.url.split(":")[2].split("/")[0]
        outcome = await nova("webhooks", "listen", "--secret", SECRET, "--port", port)
    assert outcome.code == 1
    assert "address already in use" in outcome.errors
    assert "Traceback" not in outcome.errors
