"""Receives webhooks on this machine, for development: verifies what arrives, and says so in a line each."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web
from yarl import URL

from nova_server.cli.failures import UsageFault
from nova_server.cli.text import printable, shown_time
from nova_server.ports.clock import Clock, Instant
from nova_server.webhooks.signing import SECRET_PREFIX, SignatureInvalid, verify

HOST = "127.0.0.1"
BODY_LIMIT_BYTES = 256 * 1024
# A header may be 8 KiB long; a line should stay one.
LONGEST_SHOWN = 80
SECRET_LENGTHS = range(24, 65)

# What is shown of a body, where it has it. A dot leads into an object.
FACTS = (
    "applicationId",
    "result.score",
    "error.code",
    "batchId",
    "totalJobs",
    "completedJobs",
    "failedJobs",
    "status",
    "message",
)

TOO_LARGE = f"the body is larger than {BODY_LIMIT_BYTES:,} bytes"
NOT_JSON = "the body is no JSON object"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What arrived. `fault` is None when it is a webhook of ours, and only then `body` holds anything."""

    at: Instant
    event: str
    id: str
    answered: int
    fault: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """Return it in one line, fit for a terminal whatever was sent."""
        verdict = "verified" if self.fault is None else f"refused: {self.fault}"
        words = (shown_time(self.at), self.event, self.id, verdict, f"answered {self.answered}", *_facts(self.body))
        return "  ".join(_short(word) for word in words)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Verifies with any of `secrets`, to which more may be added, and tells `arrived` of everything that comes.

    What is verified is answered with `status`, all else with one that says what is wrong.
    """

    secrets: list[str]
    arrived: Callable[[Arrival], None]
    clock: Clock
    status: int = HTTPStatus.NO_CONTENT

    async def receive(self, request: web.Request) -> web.Response:
        """Answer one request."""
        arrival = await self._examine(request)
        self.arrived(arrival)
        return web.Response(status=arrival.answered)

    async def _examine(self, request: web.Request) -> Arrival:
        now = self.clock.now()
        event, delivery_id = request.headers.get("X-Webhook-Event", "–"), request.headers.get("X-Webhook-Id", "–")

        def refused(status: HTTPStatus, fault: str) -> Arrival:
            return Arrival(now, event, delivery_id, status, fault)

        try:
            content = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE)
        if fault := signature_fault(request.headers, content, self.secrets, now):
            return refused(HTTPStatus.UNAUTHORIZED, fault)
        body = _read_object(content)
        if body is None:
            return refused(HTTPStatus.BAD_REQUEST, NOT_JSON)
        return Arrival(now, str(body.get("event", event)), delivery_id, self.status, None, body)


def signature_fault(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: Instant) -> str | None:
    """Return why none of `secrets` signed what arrived at `now`, or None when one did."""
    fault = "there is no secret to verify it with"
    for secret in secrets:
        try:
            verify(headers, body, secret, now)
        except SignatureInvalid as invalid:
            fault = str(invalid)
        else:
            return None
    return fault


def require_secret(secret: str) -> str:
    """Return a secret that is one. Raises UsageFault, without repeating it."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or len(key) not in SECRET_LENGTHS:
        raise UsageFault(f"A secret begins with {SECRET_PREFIX}, as `nova webhooks create` prints it.")
    return secret


@asynccontextmanager
async def receiving(receiver: Receiver, host: str = HOST, port: int = 0) -> AsyncIterator[str]:
    """Receive on `port`, or a free one, and on any path. Yields the URL. Raises OSError."""
    application = web.Application(client_max_size=BODY_LIMIT_BYTES)
    application.router.add_post("/{path:.*}", receiver.receive)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield str(URL.build(scheme="http", host=host, port=runner.addresses[0][1], path="/"))
    finally:
        await runner.cleanup()


def _read_object(content: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _facts(body: Mapping[str, Any]) -> list[str]:
    found = {path.rpartition(".")[2]: _at(body, path) for path in FACTS}
    return [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in found.items() if value is not None]


def _at(body: Mapping[str, Any], path: str) -> object:
    """Return what is at `path`, or None where the body has nothing there."""
    value: object = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _short(word: str) -> str:
    shown = printable(word)
    return shown if len(shown) <= LONGEST_SHOWN else shown[: LONGEST_SHOWN - 1] + "…"
