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
    str | None,
    typer.Option(metavar="HOST:PORT", show_default="NOVA_GRPC_ADDRESS", help="gRPC address of the service."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer of GetScoringBatch instead of a table.")]

Roles = Annotated[
    str | None,
    typer.Option(metavar="ROLE,…", show_default="NOVA_ROLES", help="What to do: api, worker, dispatcher, sweeper."),
]
Workers = Annotated[
    int | None, typer.Option(min=1, show_default="NOVA_WORKERS", help="Processes to run on this machine.")
]

JobDescription = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="File with the text of the job.")
]
JobTitle = Annotated[str | None, typer.Option(help="Title of the job.")]
CompanyName = Annotated[str | None, typer.Option(help="Name of the hiring company.")]
RoleKnowledge = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="File with what the hiring team values.")
]

_FILE: dict[str, Any] = {"metavar": "FILE", "exists": True, "dir_okay": False}
TlsCa = Annotated[
    Path | None, typer.Option(help="Authority of the service's certificate. Without it TLS is not spoken.", **_FILE)
]
TlsCertificate = Annotated[Path | None, typer.Option(help="Certificate to show to the service.", **_FILE)]
TlsKey = Annotated[Path | None, typer.Option(help="Its private key.", **_FILE)]
