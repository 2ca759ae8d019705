"""`nova rescore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nova_server.cli.options import (
    Address,
    ApiKey,
    CompanyName,
    JobDescription,
    JobTitle,
    RoleKnowledge,
    Tenant,
    TlsCa,
    TlsCertificate,
    TlsKey,
)

JOB_GOES_ON = (
    "Stopped looking. A scoring job that was accepted goes on: the same command shows it. "
    "A document that it has not fetched from here yet can no longer be fetched."
)


def rescore(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The resume.")],
    api_key: ApiKey,
    job_id: Annotated[str, typer.Option(help="Your id of the job.")],
    job_description: JobDescription,
    job_title: JobTitle = None,
    company_name: CompanyName = None,
    role_knowledge: RoleKnowledge = None,
    application_id: Annotated[
        str | None,
        typer.Option(show_default="the file's name without its ending", help="Your id of the application."),
    ] = None,
    criteria_version: Annotated[
        str | None,
        typer.Option(metavar="ID", show_default="the current one", help="The criteria version to score against."),
    ] = None,
    tenant: Tenant = "default",
    address: Address = None,
    tls_ca: TlsCa = None,
    tls_certificate: TlsCertificate = None,
    tls_key: TlsKey = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the answer of GetScoringJob instead of lines to read.")
    ] = False,
) -> None:
    """Score an application again, and show its score.

    It is scored again once for each version of the job's criteria: the same command again shows the same scoring job.
    `nova criteria show` shows the versions. An application that was not scored before is scored for the first time.

    The resume is submitted as by `nova submit`: a document other than text and markdown is served from this machine
    until the scoring job ended, so the server must run here and be started with NOVA_ALLOW_NETWORKS=127.0.0.0/8.
    """
    from nova_server.cli.applications import JobOptions
    from nova_server.cli.client import ScoringClient
    from nova_server.cli.rescoring import RescoreOptions, rescore_file
    from nova_server.cli.session import Service, run

    job = JobOptions(job_id, job_description, job_title, company_name, role_knowledge)
    options = RescoreOptions(application_id, criteria_version, as_json)
    service = Service(address, api_key, tenant, tls_ca, tls_certificate, tls_key)
    run(lambda connection: rescore_file(ScoringClient(connection), job, file, options), service, JOB_GOES_ON)
