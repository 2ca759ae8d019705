"""`nova submit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nova_server.cli.options import (
    Address,
    ApiKey,
    AsJson,
    CompanyName,
    JobDescription,
    JobTitle,
    RoleKnowledge,
    Tenant,
    TlsCa,
    TlsCertificate,
    TlsKey,
)


def submit(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", exists=True, dir_okay=False, help="Resumes, or one request as .json."),
    ],
    api_key: ApiKey,
    job_id: Annotated[str | None, typer.Option(help="Your id of the job.")] = None,
    job_description: JobDescription = None,
    job_title: JobTitle = None,
    company_name: CompanyName = None,
    role_knowledge: RoleKnowledge = None,
    tenant: Tenant = "default",
    address: Address = None,
    tls_ca: TlsCa = None,
    tls_certificate: TlsCertificate = None,
    tls_key: TlsKey = None,
    as_json: AsJson = False,
) -> None:
    """Submit resumes for a job, and show their scores.

    A resume is submitted as the application named by its file name. Text and markdown travel in the request; other
    documents are served from this machine until the batch ended, so the server must run here and be started with
    NOVA_ALLOW_NETWORKS=127.0.0.0/8. A .json file is a whole request as the REST route takes it.

    Submitting the same applications for the same job again shows the same batch.
    """
    from nova_server.cli.applications import JobOptions
    from nova_server.cli.client import ScoringClient
    from nova_server.cli.session import Service, run
    from nova_server.cli.submission import submit_files

    job = JobOptions(job_id, job_description, job_title, company_name, role_knowledge)
    service = Service(address, api_key, tenant, tls_ca, tls_certificate, tls_key)
    run(lambda connection: submit_files(ScoringClient(connection), job, files, as_json=as_json), service)
