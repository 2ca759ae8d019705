"""Renders what Envoy needs to serve REST: its configuration, the Lua filter, the descriptor and the pages."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from nova_gateway.pages import PAGES

PACKAGE = Path(__file__).parent
CONFIGURATION = "envoy.yaml"

# One file, because each local of a part is seen by those after it, and Envoy reads one.
_LUA = (
    "generated/json_table",
    "lua/json_text",
    "lua/json_request",
    "lua/url",
    "lua/json_view",
    "lua/problem",
    "lua/filter",
)

_UNIX = "unix:"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files that Envoy reads: who it is, and, if it checks who the other side is, by which authority."""

    certificate: Path | None = None
    private_key: Path | None = None
    authority: Path | None = None


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """Where the gateway listens and what it calls. An address is `host:port` or `unix:path`.

    `cors_origins` are the origins whose pages may call, such as `https://app.example.com`. `timeout_seconds` is how
    long the api may take for a call, `headers_seconds` and `request_seconds` how long a caller may take to send the
    headers and all of a request. `rest_tls` is spoken with callers and `api_tls` with the api, when given.
    """

    rest_address: str
    api_addresses: tuple[str, ...]
    admin_address: str
    cors_origins: tuple[str, ...] = ()
    rest_tls: TlsFiles | None = None
    api_tls: TlsFiles | None = None
    timeout_seconds: float = 35
    headers_seconds: float = 10
    request_seconds: float = 30
    max_connections: int = 10_000
    max_heap_bytes: int = 1024 * 1024 * 1024


def render(options: GatewayOptions, folder: Path, *, seen_as: Path | None = None) -> Path:
    """Write everything into `folder`, which may exist, and return the path of the configuration.

    `seen_as` is the path by which Envoy sees the folder, where that is another: in a container, for one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for source in (PACKAGE / "generated/transcoder.binpb", *(page.source for page in PAGES)):
        shutil.copyfile(source, folder / source.name)
    (folder / "filter.lua").write_text(lua_source())
    path = folder / CONFIGURATION
    path.write_text(configuration(options, seen_as or folder.resolve()))
    return path


def lua_source() -> str:
    """Return the source of the Lua filter."""
    return "\n".join((PACKAGE / f"{name}.lua").read_text() for name in _LUA)


def configuration(options: GatewayOptions, folder: Path) -> str:
    """Return Envoy's configuration, whose files are in `folder`."""
    environment = Environment(
        loader=FileSystemLoader(PACKAGE),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=select_autoescape(()),
    )
    routes = json.loads((PACKAGE / "generated/routes.json").read_text())
    return environment.get_template("envoy.yaml.j2").render(
        **routes,
        folder=str(folder),
        rest_address=options.rest_address,
        api_addresses=options.api_addresses,
        admin_address=options.admin_address,
        cluster_type="STATIC" if all(a.startswith(_UNIX) for a in options.api_addresses) else "STRICT_DNS",
        cors_origins=options.cors_origins,
        rest_tls=options.rest_tls,
        api_tls=options.api_tls,
        timeout_seconds=options.timeout_seconds,
        headers_seconds=options.headers_seconds,
        request_seconds=options.request_seconds,
        max_connections=options.max_connections,
        max_heap_bytes=options.max_heap_bytes,
        pages=PAGES,
    )
