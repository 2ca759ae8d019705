"""What `nova webhooks` does with deliveries: `test`, `deliveries`, `delivery`, `redeliver` and `redeliver-failed`."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from nova_server.cli.webhook_administration import (
    TIME,
    DeliveryId,
    EndpointId,
    Partner,
    World,
    administer,
)
from nova_server.ports.clock import Instant
from nova_server.ports.webhooks import (
    DeliveryFilter,
    DeliveryState,
    DeliveryWithAttempts,
    StoredAttempt,
    WebhookDelivery,
    WebhookEvent,
)

LONGEST_LIST = 1000


class Status(StrEnum):
    """The states of a delivery as callers see them: what is being sent is pending too."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> Status:
        return cls.PENDING if delivery.state is DeliveryState.RUNNING else cls(delivery.state.value)


def send_test(endpoint_id: EndpointId, environment: World, partner: Partner = "default") -> None:
    """Deliver an event `test` to an endpoint. `nova serve` sends it."""
    delivery = administer(partner, environment, lambda webhooks, owner: webhooks.send_test(owner, endpoint_id))
    typer.echo(f"{delivery.id} is {_state(delivery)}.")


def list_deliveries(
    environment: World,
    endpoint: Annotated[str | None, typer.Option(metavar="ID", help="Only those to this endpoint.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only those in this state.")] = None,
    event: Annotated[WebhookEvent | None, typer.Option(help="Only those of this event.")] = None,
    since: Annotated[Instant | None, typer.Option(help="Only events from this time on.", **TIME)] = None,
    before: Annotated[Instant | None, typer.Option(help="Only events before this time.", **TIME)] = None,
    limit: Annotated[int, typer.Option(min=1, max=LONGEST_LIST, help="How many to show.")] = 20,
    partner: Partner = "default",
) -> None:
    """Show deliveries, newest first."""
    from nova_server.cli.text import print_table

    wanted = DeliveryFilter(
        endpoint_id=endpoint,
        status=DeliveryState(status) if status else None,
        event=event,
        created_after=since,
        created_before=before,
        limit=limit,
    )
    page = administer(partner, environment, lambda webhooks, owner: webhooks.list_deliveries(owner, wanted))
    titles = ("Id", "Endpoint", "Event", "Tenant", "Created", "Attempts", "State")
    print_table(titles, [_row(delivery) for delivery in page.deliveries])
    if page.next_page_token is not None:
        typer.echo("There are more: raise --limit, or narrow the list with --before.", err=True)


def show_delivery(delivery_id: DeliveryId, environment: World, partner: Partner = "default") -> None:
    """Show a delivery with its attempts and its body."""
    _show(administer(partner, environment, lambda webhooks, owner: webhooks.get_delivery(owner, None, delivery_id)))


def redeliver(
    endpoint_id: EndpointId, delivery_id: DeliveryId, environment: World, partner: Partner = "default"
) -> None:
    """Deliver an event again, with the same id and body, whether it was delivered before or not."""
    delivery = administer(
        partner, environment, lambda webhooks, owner: webhooks.redeliver(owner, endpoint_id, delivery_id)
    )
    typer.echo(f"{delivery.id} is {_state(delivery)}.")


def redeliver_failed(
    endpoint_id: EndpointId,
    environment: World,
    since: Annotated[Instant, typer.Option(help="Only events from this time on.", **TIME)],
    partner: Partner = "default",
) -> None:
    """Deliver again what has failed, and print how much that is."""
    typer.echo(
        administer(partner, environment, lambda webhooks, owner: webhooks.redeliver_failed(owner, endpoint_id, since))
    )


def _row(delivery: WebhookDelivery) -> tuple[str, ...]:
    from nova_server.cli.text import shown_time

    return (
        delivery.id,
        delivery.endpoint_id,
        delivery.event.value,
        delivery.tenant_id or "–",
        shown_time(delivery.created_at),
        str(delivery.attempts),
        Status.of(delivery).value,
    )


def _state(delivery: WebhookDelivery) -> str:
    from nova_server.cli.text import shown_time

    due = delivery.next_attempt_at
    return Status.of(delivery).value + (f", due {shown_time(due)}" if due is not None else "")


def _show(found: DeliveryWithAttempts) -> None:
    from nova_server.cli.text import print_facts, printable, shown_time

    delivery = found.delivery
    print_facts(
        {
            "id": delivery.id,
            "endpoint": delivery.endpoint_id,
            "event": delivery.event.value,
            "tenant": delivery.tenant_id,
            "state": _state(delivery),
            "created": shown_time(delivery.created_at),
            "finished": None if delivery.finished_at is None else shown_time(delivery.finished_at),
            **{f"attempt {stored.number}": _outcome(stored) for stored in found.attempts},
        }
    )
    for line in json.dumps(json.loads(found.payload), indent=2, ensure_ascii=False).split("\n"):
        typer.echo(printable(line))


def _outcome(stored: StoredAttempt) -> str:
    """Say when an attempt began, how long it took, and what came of it."""
    from nova_server.cli.text import shown_time

    attempt = stored.attempt
    words = [attempt.failure.value if attempt.failure else "delivered"]
    words += [f"status {attempt.http_status}"] if attempt.http_status else []
    return f"{shown_time(attempt.started_at)}, {attempt.duration_ms} ms: {', '.join(words)}"
