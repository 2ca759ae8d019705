"""What the commands of `nova webhooks` share: whose webhooks they are about, and the way to them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer

from nova_server.ports.clock import MICROSECONDS, Instant
from nova_server.ports.tenancy import Caller, Environment
from nova_server.ports.webhook_administration import WebhookUseCases
from nova_server.ports.webhooks import FILTERED_EVENTS, WebhookEvent

Answer = TypeVar("Answer")
Work = Callable[[WebhookUseCases, Caller], Awaitable[Answer]]

Partner = Annotated[str, typer.Option(metavar="NAME", help="The integrator whose webhooks they are.")]
World = Annotated[Environment, typer.Option("--environment", help="The world whose webhooks they are.")]
EndpointId = Annotated[str, typer.Argument(metavar="ID", help="The id that `nova webhooks list` shows.")]
DeliveryId = Annotated[str, typer.Argument(metavar="DELIVERY_ID", help="The X-Webhook-Id, as `deliveries` shows it.")]


def _event(name: str) -> WebhookEvent:
    """Return an event that an endpoint can ask for. Raises BadParameter."""
    if name not in FILTERED_EVENTS:
        raise typer.BadParameter(f"The events are {', '.join(FILTERED_EVENTS)}.")
    return WebhookEvent(name)


def _instant(text: str) -> Instant:
    """Return a time. One that names no zone is in UTC, as all times that are shown. Raises BadParameter."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("A time is written 2026-03-01T09:00:00Z.") from None
    return Instant(round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * MICROSECONDS))


EVENT: dict[str, Any] = {"metavar": "EVENT", "parser": _event}
TIME: dict[str, Any] = {"metavar": "TIME", "parser": _instant}


def administer(partner: str, environment: Environment, work: Work[Answer]) -> Answer:
    """Return what `work` does with the webhooks of the partner in the configured store."""
    from nova_server.cli.configuration import read_settings
    from nova_server.cli.failures import failures_reported
    from nova_server.foundation import open_webhooks
    from nova_server.observability.logs import configure_logging

    settings = read_settings()
    configure_logging(settings.log_level)

    async def administer() -> Answer:
        async with open_webhooks(settings) as webhooks:
            return await work(webhooks, Caller(partner, environment))

    with failures_reported():
        return asyncio.run(administer())
