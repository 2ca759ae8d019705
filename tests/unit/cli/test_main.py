"""The command as a whole."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.unit.cli.command_line import called, nova


async def test_help_names_every_command() -> None:
    outcome = await nova("--help")
    assert outcome.code == 0
    for command in ("serve", "worker", "migrate", "keys", "webhooks", "submit", "watch", "rescore", "criteria"):
        assert f" {command} " in outcome.output


@pytest.mark.parametrize("library", ["grpc", "sqlalchemy", "aiohttp", "google.protobuf"])
async def test_help_does_not_wait_for_what_only_commands_need(library: str) -> None:
    program = f"import sys, nova_server.cli.main; sys.exit({library!r} in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    assert await process.wait() == 0


@pytest.mark.parametrize(
    "command", [("serve",), ("migrate",), ("keys", "list"), ("webhooks", "list", "--environment", "sandbox")]
)
async def test_an_invalid_setting_ends_every_command_before_it_does_anything(command: tuple[str, ...]) -> None:
    outcome = await called(*command, NOVA_DATA_DIR="/nowhere/at/all", NOVA_LEASE_SECONDS="-1")
    assert outcome.code == 2
    assert outcome.errors == "NOVA_LEASE_SECONDS: Input should be greater than 0\n"


async def test_a_store_can_be_named_by_its_url(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "store.sqlite3"
    outcome = await called("migrate", NOVA_DATABASE_URL=f"sqlite+aiosqlite:///{file}")
    assert outcome.code == 0, outcome.errors
    assert file.exists()


async def test_an_unknown_command_is_a_usage_fault() -> None:
    outcome = await called("score")
    assert outcome.code == 2
    assert "No such command" in outcome.errors
