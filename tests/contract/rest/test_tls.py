"""TLS on both sides of the gateway, and on the gRPC api itself."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from nova_gateway.configuration import TlsFiles

from tests.support.certificates import Authority
from tests.support.rest import PROBLEM_TYPE, Rest, gateway_to
from tests.support.running_server import RunningServer, forked, new_key
from tests.unit.cli.command_line import nova

ROUTE = "/v1/jobs/job-1/scoring-batches/unknown"
PATIENCE_SECONDS = 60


@asynccontextmanager
async def api_with_tls(
    data: Path, authority: Authority, *, client_ca: Path | None = None
) -> AsyncIterator[RunningServer]:
    certificate = authority.issue("localhost")
    settings: dict[str, object] = {"grpc_tls_certificate": certificate.certificate, "grpc_tls_key": certificate.key}
    if client_ca:
        settings["grpc_tls_client_ca"] = client_ca
    with forked(data, **settings) as server:
        yield server


async def port_of(server: RunningServer) -> str:
    return (await asyncio.to_thread(lambda: server.address)).rpartition(":")[2]


async def until_healthy(rest: Rest) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await rest.get("/healthz")).status != 200:
            pass


async def test_callers_speak_tls_with_the_gateway(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    shown = authority.issue("localhost")
    files = TlsFiles(shown.certificate, shown.key)
    async with gateway_to(f"unix:{tmp_path}/nobody", rest_tls=files) as rest, aiohttp.ClientSession() as session:
        trusted = ssl.create_default_context(cafile=str(authority.file))
        url = f"https://localhost:{rest.gateway.port}{ROUTE}"
        async with session.get(url, ssl=trusted) as answer:
            assert (answer.status, answer.headers["content-type"]) == (503, PROBLEM_TYPE)
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(url)


async def test_the_gateway_and_the_api_show_each_other_who_they_are(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    secret = await asyncio.to_thread(new_key, tmp_path)
    headers = {"Authorization": f"Bearer {secret}", "X-Tenant-Id": "tenant-1"}
    mine = authority.issue("gateway")
    async with api_with_tls(tmp_path, authority, client_ca=authority.file) as server:
        address = f"localhost:{await port_of(server)}"
        known = TlsFiles(mine.certificate, mine.key, authority.file)
        async with gateway_to(address, api_tls=known) as rest:
            await until_healthy(rest)
            assert (await rest.get(ROUTE, headers=headers)).json["code"] == "BATCH_NOT_FOUND"
        async with gateway_to(address, api_tls=TlsFiles(authority=authority.file)) as rest:
            assert (await rest.get(ROUTE, headers=headers)).status == 503


async def test_the_gateway_calls_no_api_whose_certificate_is_of_another_authority_or_host(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    async with api_with_tls(tmp_path, authority) as server:
        port = await port_of(server)
        for host, trusted in (("localhost", other.file), ("127.0.0.1", authority.file)):
            async with gateway_to(f"{host}:{port}", api_tls=TlsFiles(authority=trusted)) as rest:
                assert (await rest.get(ROUTE)).status == 503


async def test_the_command_line_speaks_tls_with_the_api(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    secret = await asyncio.to_thread(new_key, tmp_path)
    async with api_with_tls(tmp_path, authority) as server:
        address = f"localhost:{await port_of(server)}"
        named = ("watch", "unknown", "--job-id", "job-1", "--api-key", secret, "--address", address)
        trusting = await nova(*named, "--tls-ca", authority.file)
        assert "BATCH_NOT_FOUND" in trusting.errors
        half = await nova(*named, "--tls-ca", authority.file, "--tls-key", authority.file)
        assert (half.code, half.errors) == (2, "--tls-certificate comes with --tls-key and --tls-ca.\n")


@pytest.mark.parametrize(
    ("missing", "variable"), [("grpc_tls_key", "NOVA_GRPC_TLS_KEY"), ("grpc_tls_certificate", "NOVA_GRPC_TLS_KEY")]
)
async def test_half_of_a_certificate_is_refused(tmp_path: Path, missing: str, variable: str) -> None:
    shown = Authority(tmp_path).issue("localhost")
    files = {"grpc_tls_certificate": shown.certificate, "grpc_tls_key": shown.key}
    del files[missing]
    outcome = await nova("serve", **{f"NOVA_{name.upper()}": str(path) for name, path in files.items()})
    assert outcome.code == 2
    assert outcome.errors == f"{variable}: Value error, a certificate and its key come together\n"


async def test_callers_cannot_be_asked_for_a_certificate_by_an_api_that_shows_none(tmp_path: Path) -> None:
    outcome = await nova("serve", NOVA_GRPC_TLS_CLIENT_CA=str(Authority(tmp_path).file))
    assert outcome.code == 2
    assert outcome.errors.startswith("NOVA_GRPC_TLS_CLIENT_CA: ")


async def test_a_file_that_is_no_certificate_ends_the_server_with_advice(tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    with forked(tmp_path / "data", grpc_tls_certificate=nonsense, grpc_tls_key=nonsense) as server:
        advice = await asyncio.to_thread(lambda: server.log.wait_for("start_failed")["advice"])
        assert "TLS files" in advice
        assert await asyncio.to_thread(server.exit_code) == 1
