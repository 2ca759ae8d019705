"""`nova webhooks`: where results are delivered, administered where the store is."""

from __future__ import annotations

from typing import Annotated

import typer

from nova_server.cli import webhook_deliveries, webhook_listening
from nova_server.cli.webhook_administration import EVENT, EndpointId, Partner, World, administer
from nova_server.ports.webhooks import EndpointChange, WebhookEndpoint, WebhookEvent

LONGEST_URL = 2048
LONGEST_OVERLAP_SECONDS = 7 * 86_400

Events = Annotated[list[WebhookEvent], typer.Option("--event", help="An event to deliver, instead of all.", **EVENT)]

application = typer.Typer(
    help="Create and change webhook endpoints, look at deliveries, and receive some.", no_args_is_help=True
)


@application.command("create")
def create(
    url: Annotated[str, typer.Option(help="Where events are sent with POST.")],
    environment: World,
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    event: Events = [],  # noqa: B006 (only read)
    disabled: Annotated[bool, typer.Option("--disabled", help="Deliver nothing yet.")] = False,
    partner: Partner = "default",
) -> None:
    """Print the id of a new endpoint, then its secret, which cannot be shown again."""
    from nova_server.cli.failures import require_name

    require_name(partner, "The partner's name")
    _require_usable(url, name)
    endpoint, secret = administer(
        partner,
        environment,
        lambda webhooks, owner: webhooks.create_endpoint(owner, url, name=name, events=event, enabled=not disabled),
    )
    typer.echo(f"{endpoint.id}\n{secret}")


@application.command("list")
def list_endpoints(environment: World, partner: Partner = "default") -> None:
    """Show the endpoints, without their secrets."""
    from nova_server.cli.text import print_table

    endpoints = administer(partner, environment, lambda webhooks, owner: webhooks.list_endpoints(owner))
    rows = [(found.id, found.name or "–", found.url, ", ".join(found.events), _state(found)) for found in endpoints]
    print_table(("Id", "Name", "URL", "Events", "State"), rows)


@application.command("show")
def show(endpoint_id: EndpointId, environment: World, partner: Partner = "default") -> None:
    """Show an endpoint, without its secret."""
    _show(administer(partner, environment, lambda webhooks, owner: webhooks.get_endpoint(owner, endpoint_id)))


@application.command("update")
def update(
    endpoint_id: EndpointId,
    environment: World,
    url: Annotated[str | None, typer.Option(help="Where events are sent from now on.")] = None,
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    event: Events = [],  # noqa: B006 (only read)
    enable: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether to deliver. What was noted before waits.")
    ] = None,
    partner: Partner = "default",
) -> None:
    """Change what is given of an endpoint, and show it. Deliveries that wait go to the new URL."""
    from nova_server.cli.failures import USAGE, end

    _require_usable(url, name)
    change = EndpointChange(url, name, tuple(event) or None, enable)
    if change == EndpointChange():
        end("Say what to change: --url, --name, --event, --enable or --disable.", USAGE)
    _show(
        administer(partner, environment, lambda webhooks, owner: webhooks.update_endpoint(owner, endpoint_id, change))
    )


@application.command("rotate")
def rotate(
    endpoint_id: EndpointId,
    environment: World,
    overlap_seconds: Annotated[
        int, typer.Option(min=0, max=LONGEST_OVERLAP_SECONDS, help="How long the old secret signs too.")
    ] = 86_400,
    partner: Partner = "default",
) -> None:
    """Print a new secret for an endpoint. It cannot be shown again."""
    _, secret = administer(
        partner, environment, lambda webhooks, owner: webhooks.rotate_secret(owner, endpoint_id, overlap_seconds)
    )
    typer.echo(secret)


@application.command("delete")
def delete(endpoint_id: EndpointId, environment: World, partner: Partner = "default") -> None:
    """Delete an endpoint. What waits for it is not delivered any more."""
    administer(partner, environment, lambda webhooks, owner: webhooks.delete_endpoint(owner, endpoint_id))
    typer.echo(f"{endpoint_id} is deleted.")


application.command("test")(webhook_deliveries.send_test)
application.command("deliveries")(webhook_deliveries.list_deliveries)
application.command("delivery")(webhook_deliveries.show_delivery)
application.command("redeliver")(webhook_deliveries.redeliver)
application.command("redeliver-failed")(webhook_deliveries.redeliver_failed)
application.command("listen")(webhook_listening.listen)


def _require_usable(url: str | None, name: str | None) -> None:
    """End the command when a given URL or name is none that an endpoint may have."""
    from nova_server.cli.failures import require_name

    if name is not None:
        require_name(name, "The endpoint's name")
    if url is not None:
        _require_url(url)


def _require_url(url: str) -> None:
    """End the command when nothing could be delivered to `url`. It is not repeated: it may hold a token."""
    from nova_server.cli.configuration import read_settings
    from nova_server.cli.failures import USAGE, end
    from nova_server.egress.policy import EgressPolicy

    if len(url) > LONGEST_URL:
        end(f"The URL must hold at most {LONGEST_URL:,} characters.", USAGE)
    fault = EgressPolicy(read_settings().allow_networks).fault(url)
    if fault is not None:
        end(f"{fault} NOVA_ALLOW_NETWORKS opens networks for development.", USAGE)


def _show(endpoint: WebhookEndpoint) -> None:
    from nova_server.cli.text import print_facts, shown_time

    overlap_end = endpoint.previous_secret_expires_at
    print_facts(
        {
            "id": endpoint.id,
            "name": endpoint.name,
            "url": endpoint.url,
            "events": ", ".join(endpoint.events),
            "state": _state(endpoint),
            "old secret": None if overlap_end is None else f"signs until {shown_time(overlap_end)}",
            "created": shown_time(endpoint.created_at),
            "updated": shown_time(endpoint.updated_at),
        }
    )


def _state(endpoint: WebhookEndpoint) -> str:
    from nova_server.cli.text import shown_time

    if not endpoint.enabled:
        return "disabled"
    return "enabled" if endpoint.failing_since is None else f"failing since {shown_time(endpoint.failing_since)}"
