"""`nova keys` and `nova migrate`, on a real store."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.cli.command_line import Outcome, called, nova


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "data")


async def keys(data: str, *arguments: str) -> Outcome:
    return await called("keys", *arguments, NOVA_DATA_DIR=data)


async def create(data: str, environment: str = "sandbox", *options: str) -> str:
    outcome = await keys(data, "create", "--environment", environment, *options)
    assert outcome.code == 0, outcome.errors
    return outcome.output


def ids(listing: Outcome) -> list[str]:
    return re.findall(r"^│ ([0-9a-z]{25}) ", listing.output, flags=re.MULTILINE)


@pytest.mark.parametrize(("environment", "prefix"), [("sandbox", "sk_test_"), ("production", "sk_live_")])
async def test_the_key_and_nothing_else_is_printed(data: str, environment: str, prefix: str) -> None:
    outcome = await nova("keys", "create", "--environment", environment, NOVA_DATA_DIR=data)
    assert re.fullmatch(rf"{prefix}\S{{16,}}\n", outcome.output), outcome.errors


async def test_the_list_shows_keys_without_their_secrets(data: str) -> None:
    secrets = [await create(data), await create(data, "production", "--partner", "acme")]
    listing = await keys(data, "list")
    assert len(ids(listing)) == 2
    assert "acme" in listing.output
    for secret in secrets:
        assert secret.strip() not in listing.output
        assert f"****{secret.strip()[-4:]}" in listing.output


async def test_the_list_can_be_of_one_environment(data: str) -> None:
    await create(data)
    await create(data, "production")
    listing = await keys(data, "list", "--environment", "production")
    assert len(ids(listing)) == 1
    assert "sk_live_" in listing.output
    assert "sk_test_" not in listing.output


async def test_a_key_is_revoked_and_restored(data: str) -> None:
    await create(data)
    (key_id,) = ids(await keys(data, "list"))
    assert re.fullmatch(r"sk_test_\S+ is revoked since .+Z\.\n", (await keys(data, "revoke", key_id)).output)
    assert "revoked since" in (await keys(data, "list")).output
    assert re.fullmatch(r"sk_test_\S+ is in force\.\n", (await keys(data, "restore", key_id)).output)
    assert "revoked since" not in (await keys(data, "list")).output


@pytest.mark.parametrize("command", ["revoke", "restore"])
async def test_an_unknown_key_fails_the_command(data: str, command: str) -> None:
    outcome = await keys(data, command, "unknown")
    assert outcome.code == 1
    assert outcome.errors == "There is no such key. `nova keys list` shows them.\n"


async def test_an_unknown_environment_is_a_usage_fault(data: str) -> None:
    outcome = await keys(data, "create", "--environment", "staging")
    assert outcome.code == 2
    assert outcome.output == ""


@pytest.mark.parametrize("partner", ["", "  ", "line\nbreak", "p" * 256])
async def test_a_partner_without_a_proper_name_gets_no_key(data: str, partner: str) -> None:
    outcome = await keys(data, "create", "--environment", "sandbox", "--partner", partner)
    assert outcome.code == 2
    assert outcome.output == ""
    assert outcome.errors == "The partner's name must hold 1 to 255 printable characters.\n"
    assert ids(await keys(data, "list")) == []


async def test_a_store_that_cannot_be_opened_is_said_to_be_unavailable(tmp_path: Path) -> None:
    (tmp_path / "nova.sqlite3").mkdir()
    outcome = await keys(str(tmp_path), "create", "--environment", "sandbox")
    assert outcome.code == 1
    assert outcome.output == ""
    assert "SERVICE_UNAVAILABLE" in outcome.errors
    assert "Traceback" not in outcome.errors


async def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder", encoding="utf-8")
    outcome = await keys(str(tmp_path / "data"), "create", "--environment", "sandbox")
    assert outcome.code == 1
    assert outcome.errors == f"File exists: {tmp_path / 'data'}\n"


async def test_migrate_makes_the_store_and_may_be_repeated(data: str) -> None:
    for _ in range(2):
        outcome = await called("migrate", NOVA_DATA_DIR=data)
        assert outcome.code == 0, outcome.errors
        assert outcome.output == ""
    assert (Path(data) / "nova.sqlite3").is_file()
