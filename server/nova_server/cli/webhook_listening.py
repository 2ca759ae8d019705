"""`nova webhooks listen`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nova_server.cli.webhook_receiver import Receiver

HINT = (
    "To deliver here, `nova serve` and `nova webhooks create` have to be started with NOVA_ALLOW_NETWORKS=127.0.0.0/8."
)


def listen(
    secret: Annotated[
        list[str],
        typer.Option(
            envvar="NOVA_WEBHOOK_SECRET", show_envvar=True, help="Secret of an endpoint. May be given several times."
        ),
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen. 0 is a free port.")] = 0,
    address: Annotated[str, typer.Option(help="On which address of this machine.")] = "127.0.0.1",
    status: Annotated[
        int, typer.Option(min=200, max=599, help="Status of the answer to what is verified, to rehearse failures.")
    ] = 204,
) -> None:
    """Receive webhooks on this machine, for development, until Ctrl-C.

    Both signatures of whatever arrives are verified, and a line says what it is. What is verified is answered with 204,
    what is not with 401.
    """
    import asyncio

    from nova_server.cli.failures import failures_reported
    from nova_server.cli.webhook_receiver import Receiver, require_secret
    from nova_server.clock import SystemClock

    with failures_reported():
        secrets = [require_secret(one) for one in secret]
        receiver = Receiver(secrets, lambda arrival: typer.echo(arrival.line()), SystemClock(), status)
        try:
            asyncio.run(_receive(receiver, address, port))
        except KeyboardInterrupt:
            typer.echo("Stopped listening.", err=True)


async def _receive(receiver: Receiver, address: str, port: int) -> None:
    import asyncio

    from nova_server.cli.webhook_receiver import receiving

    async with receiving(receiver, address, port) as url:
        typer.echo(f"Listening on {url} until Ctrl-C.\n{HINT}", err=True)
        await asyncio.Event().wait()
