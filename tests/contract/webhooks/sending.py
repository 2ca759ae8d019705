"""A started sender with everything around it."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network

from nova_server.egress.denied import DenyReason
from nova_server.egress.policy import EgressPolicy
from nova_server.ports.webhooks import WebhookEvent
from nova_server.webhooks.sender import DEADLINE_SECONDS, Answer, WebhookSender
from nova_server.webhooks.signing import signed_headers

from tests.support.clock import START
from tests.unit.egress.fake_resolver import FakeResolver

NAME = "receiver.example"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwbJy1Xr3pQ0k="
BODY = b'{"event":"test","message":"This is a test webhook.","timestamp":"2026-03-01T09:00:00Z"}'
HEADERS = signed_headers("cmlz26fk7003xwp61q2m8s4va", WebhookEvent.TEST, BODY, [SECRET], START)


@dataclass(frozen=True)
class Sending:
    """A started sender, and the reasons of the connections it was denied."""

    sender: WebhookSender
    denials: list[DenyReason] = field(default_factory=list)

    async def to(self, port: int, path: str = "/webhooks", *, host: str = NAME) -> Answer:
        """Send a signed test to a receiver over TLS."""
        return await self.sender.post(f"https://{host}:{port}{path}", HEADERS, BODY)


@asynccontextmanager
async def started_sender(
    tls: ssl.SSLContext,
    *,
    allow: Sequence[str] = ("127.0.0.0/8",),
    resolver: FakeResolver | None = None,
    connection_limit: int = 100,
    deadline_seconds: float = DEADLINE_SECONDS,
    body_seconds: float = 0.2,
) -> AsyncIterator[Sending]:
    """Run a sender that may send to the networks `allow`, and for which NAME is on this machine."""
    denials: list[DenyReason] = []
    sender = WebhookSender(
        EgressPolicy([ip_network(network) for network in allow], on_denied=denials.append),
        connection_limit=connection_limit,
        resolver=resolver or FakeResolver({NAME: [["127.0.0.1"]]}),
        tls=tls,
        deadline_seconds=deadline_seconds,
        body_seconds=body_seconds,
    )
    await sender.start()
    try:
        yield Sending(sender, denials)
    finally:
        await sender.stop()
