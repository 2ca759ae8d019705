"""`nova gateway render`, whose configuration a real Envoy checks, and runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from nova_server.gateway.admin import UNREACHABLE, EnvoyAdmin
from nova_server.gateway.process import spawn
from nova_server.kept_process import end

from tests.support.certificates import Authority
from tests.unit.cli.command_line import Outcome, nova

PATIENCE_SECONDS = 60


async def render(folder: Path, *options: str | Path) -> Outcome:
    return await nova("gateway", "render", folder, *options)


async def until_listening(admin: EnvoyAdmin) -> int:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return await admin.listening_port()
            except UNREACHABLE:
                continue


async def test_envoy_runs_with_what_is_rendered(tmp_path: Path) -> None:
    folder = tmp_path / "envoy"
    admin = EnvoyAdmin(tmp_path / "admin.sock")
    outcome = await render(folder, "--rest-address", "127.0.0.1:0", "--admin-address", f"unix:{admin.socket}")
    assert (outcome.code, outcome.errors) == (0, "")
    assert outcome.output == f"envoy --config-path {folder}/envoy.yaml\n"
    process = await spawn(folder / "envoy.yaml")
    try:
        assert await until_listening(admin) > 0
    finally:
        await end(process)


async def test_rendering_again_replaces_what_was_rendered(tmp_path: Path) -> None:
    await render(tmp_path, "--rest-address", "127.0.0.1:18080")
    outcome = await render(tmp_path, "--rest-address", "127.0.0.1:18081")
    assert outcome.code == 0
    text = (tmp_path / "envoy.yaml").read_text()
    assert "18081" in text
    assert "18080" not in text


async def test_every_option_makes_a_configuration_that_envoy_takes(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    mine = authority.issue("gateway")
    outcome = await render(
        tmp_path / "envoy",
        *("--api-address", "api-1.internal:50051", "--api-address", "[::1]:50051", "--timeout", "2.5"),
        *("--cors-origin", "https://app.example.com", "--cors-origin", "http://localhost:3000"),
        *("--tls-certificate", mine.certificate, "--tls-key", mine.key),
        *("--api-ca", authority.file, "--api-certificate", mine.certificate, "--api-key", mine.key),
    )
    assert (outcome.code, outcome.errors) == (0, "")


async def test_a_folder_that_envoy_sees_elsewhere_is_named_as_envoy_sees_it(tmp_path: Path) -> None:
    outcome = await render(tmp_path, "--seen-as", "/etc/envoy")
    assert outcome.output == "envoy --config-path /etc/envoy/envoy.yaml\n"
    text = (tmp_path / "envoy.yaml").read_text()
    assert '"/etc/envoy/filter.lua"' in text
    assert str(tmp_path) not in text


async def test_what_envoy_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    outcome = await render(tmp_path, "--tls-certificate", nonsense, "--tls-key", nonsense)
    assert outcome.code == 1
    assert outcome.errors.startswith("Envoy refuses the configuration.\n")
    assert "nonsense.pem" in outcome.errors


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--api-address", "nonsense"), "An address is HOST:PORT or unix:PATH."),
        (("--rest-address", "a b:80"), "An address is HOST:PORT or unix:PATH."),
        (("--cors-origin", "app.example.com"), "An origin is a scheme and a host"),
        (("--cors-origin", "https://app.example.com/path"), "An origin is a scheme and a host"),
        (("--tls-key", __file__), "--tls-certificate and --tls-key come together."),
        (("--api-certificate", __file__, "--api-key", __file__), "--api-certificate needs --api-ca."),
        (("--tls-key", "/nowhere/key.pem"), "does not exist"),
        (("--timeout", "0"), "0.1"),
    ],
)
async def test_options_that_make_no_sense_are_refused(tmp_path: Path, options: tuple[str, ...], sentence: str) -> None:
    outcome = await render(tmp_path / "envoy", *options)
    assert outcome.code == 2
    assert sentence in " ".join(outcome.errors.replace("│", " ").split())
    assert not (tmp_path / "envoy").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--rest-address", "unix:/run/nova/rest.sock"), "The address is HOST:PORT."),
        (("--api-address", "nonsense"), "An address is HOST:PORT or unix:PATH."),
        (("--tls-key", __file__), "--tls-certificate and --tls-key come together."),
    ],
)
async def test_a_gateway_is_not_run_with_options_that_make_no_sense(options: tuple[str, ...], sentence: str) -> None:
    outcome = await nova("gateway", "run", *options)
    assert outcome.code == 2
    assert sentence in " ".join(outcome.errors.replace("│", " ").split())


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outcome = await render(tmp_path / "file" / "envoy")
    assert outcome.code == 1
    assert str(tmp_path / "file") in outcome.errors
