"""`nova watch`."""

from __future__ import annotations

from typing import Annotated

import typer

from nova_server.cli.options import Address, ApiKey, AsJson, Tenant, TlsCa, TlsCertificate, TlsKey


def watch(
    batch_id: Annotated[str, typer.Argument(metavar="BATCH_ID", help="The id that `nova submit` printed.")],
    job_id: Annotated[str, typer.Option(help="Your id of the job.")],
    api_key: ApiKey,
    tenant: Tenant = "default",
    address: Address = None,
    tls_ca: TlsCa = None,
    tls_certificate: TlsCertificate = None,
    tls_key: TlsKey = None,
    as_json: AsJson = False,
) -> None:
    """Follow a batch that was submitted before, and show its scores."""
    from nova_server.cli.client import ScoringClient
    from nova_server.cli.display import BatchName, show_batches
    from nova_server.cli.session import Service, run

    service = Service(address, api_key, tenant, tls_ca, tls_certificate, tls_key)
    names = [BatchName(job_id, batch_id)]
    run(lambda connection: show_batches(ScoringClient(connection), names, as_json=as_json), service)
