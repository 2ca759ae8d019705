"""`nova criteria`: what the applications for a job are scored against."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nova_server.cli.options import Address, ApiKey, Tenant, TlsCa, TlsCertificate, TlsKey

MAY_BE_SET = "Stopped looking. The criteria may be set all the same: see them with `nova criteria show`."
NOTHING_CHANGED = "Stopped looking. Nothing was changed."

JobId = Annotated[str, typer.Argument(metavar="JOB_ID", help="Your id of the job.")]

application = typer.Typer(help="Show and set what the applications for a job are scored against.", no_args_is_help=True)


@application.command("show")
def show(
    job_id: JobId,
    api_key: ApiKey,
    version: Annotated[str | None, typer.Option(metavar="ID", help="Show this version, not the current one.")] = None,
    versions: Annotated[bool, typer.Option("--versions", help="List all versions, newest first.")] = False,
    tenant: Tenant = "default",
    address: Address = None,
    tls_ca: TlsCa = None,
    tls_certificate: TlsCertificate = None,
    tls_key: TlsKey = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer of the REST route, not a table.")] = False,
) -> None:
    """Show the current criteria of a job, one version of them, or which versions there are.

    What --json prints can be changed and given to `nova criteria set`.
    """
    from nova_server.cli.criteria_client import CriteriaClient
    from nova_server.cli.criteria_display import Shown, show_criteria
    from nova_server.cli.failures import USAGE, end
    from nova_server.cli.session import Service, run

    if versions and version is not None:
        end("--version shows one version, and --versions lists all of them. Give one of the two.", USAGE)
    shown = Shown(version, versions, as_json)
    service = Service(address, api_key, tenant, tls_ca, tls_certificate, tls_key)
    run(lambda connection: show_criteria(CriteriaClient(connection), job_id, shown), service, NOTHING_CHANGED)


@application.command("set")
def set_criteria(
    job_id: JobId,
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The criteria.")],
    api_key: ApiKey,
    expected_revision: Annotated[
        str | None,
        typer.Option(metavar="REVISION", help="Set them only if this is still the revision that `show` shows."),
    ] = None,
    idempotency_key: Annotated[
        str | None,
        typer.Option(metavar="KEY", show_default="a random one", help="The same change with one key is done once."),
    ] = None,
    tenant: Tenant = "default",
    address: Address = None,
    tls_ca: TlsCa = None,
    tls_certificate: TlsCertificate = None,
    tls_key: TlsKey = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer of SetCriteria, not a table.")] = False,
) -> None:
    """Replace the criteria of a job, and show them.

    FILE is JSON, as the REST route takes it and as `show --json` prints it, or a list of lines such as
    `- MUST_HAVE: Five years of Python`, with MUST_HAVE, PREFERRED or NICE_TO_HAVE. Blank lines and lines that begin
    with # are skipped.

    A criterion that keeps its exact text keeps its id. An empty list, which only JSON can give, clears the criteria:
    they follow from the texts of the job's submissions again.
    """
    from nova_server.cli.criteria_client import CriteriaClient
    from nova_server.cli.criteria_setting import ChangeOptions, set_from_file
    from nova_server.cli.session import Service, run

    options = ChangeOptions(expected_revision, idempotency_key, as_json)
    service = Service(address, api_key, tenant, tls_ca, tls_certificate, tls_key)
    run(lambda connection: set_from_file(CriteriaClient(connection), job_id, file, options), service, MAY_BE_SET)
