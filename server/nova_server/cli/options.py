"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

ApiKey = Annotated[
    str, typer.Option("--api-key", envvar="NOVA_API_KEY", show_envvar=True, help="API key: `nova keys create`.")
]
Tenant = Annotated[str, typer.Option(help="Your id of the customer whose data this is.")]
Address = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="gRPC address of the service. [default: NOVA_GRPC_ADDRESS]")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer of GetScoringBatch instead of a table.")]
