"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

ApiKey = Annotated[
    str, typer.Option("--api-key", envvar="NOVA_API_KEY", show_envvar=True, help="API key: `nova keys create`.")
]
Tenant = Annotated[str, typer.Option(help="Your id of the customer whose data this is.")]
Address = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="gRPC address of the service. [default: NOVA_GRPC_ADDRESS]")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer of GetScoringBatch instead of a table.")]

_FILE: dict[str, Any] = {"metavar": "FILE", "exists": True, "dir_okay": False}
TlsCa = Annotated[
    Path | None, typer.Option(help="Authority of the service's certificate. Without it TLS is not spoken.", **_FILE)
]
TlsCertificate = Annotated[Path | None, typer.Option(help="Certificate to show to the service.", **_FILE)]
TlsKey = Annotated[Path | None, typer.Option(help="Its private key.", **_FILE)]
