"""`nova webhooks` and its endpoints, on a real store."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.cli.command_line import nova
from tests.unit.cli.webhook_commands import ID, TIME, URL, create, output_of, store, webhooks


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "data")


async def test_the_id_and_the_secret_of_a_new_endpoint_are_printed_and_nothing_else(data: str) -> None:
    given = ("webhooks", "create", "--environment", "sandbox", "--url", URL)
    outcome = await nova(*given, NOVA_DATA_DIR=data)
    assert (outcome.code, outcome.errors) == (0, "")
    assert re.fullmatch(rf"{ID}\nwhsec_[A-Za-z0-9+/]{{43}}=\n", outcome.output)


def test_endpoints_are_listed_without_their_secrets_to_their_owner_alone(data: str) -> None:
    mine, secret = create(data, "--name", "scores")
    others, _ = create(data, "--partner", "acme")
    listing = output_of(data, "list")
    assert mine in listing
    assert "scores" in listing
    assert secret not in listing
    assert others not in listing
    assert others in output_of(data, "list", "--partner", "acme")
    assert mine not in output_of(data, "list", environment="production")


def test_an_endpoint_is_shown_as_it_was_made(data: str) -> None:
    endpoint_id, secret = create(data, "--event", "score.failed", "--event", "score.completed", "--disabled")
    shown = output_of(data, "show", endpoint_id)
    assert re.fullmatch(
        rf"id +{endpoint_id}\nurl +{URL}\nevents +score\.completed, score\.failed\nstate +disabled\n"
        rf"created +{TIME}\nupdated +{TIME}\n",
        shown,
    )
    assert secret not in shown


def test_what_is_given_of_an_endpoint_is_changed_and_the_rest_stays(data: str) -> None:
    endpoint_id, _ = create(data, "--name", "scores")
    shown = output_of(data, "update", endpoint_id, "--disable", "--url", "https://example.com/new")
    assert re.search(r"^url +https://example\.com/new$", shown, re.MULTILINE)
    assert re.search(r"^state +disabled$", shown, re.MULTILINE)
    assert re.search(r"^name +scores$", shown, re.MULTILINE)
    shown = output_of(data, "update", endpoint_id, "--enable", "--name", "other", "--event", "batch.completed")
    assert re.search(r"^state +enabled$", shown, re.MULTILINE)
    assert re.search(r"^name +other$", shown, re.MULTILINE)
    assert re.search(r"^events +batch\.completed$", shown, re.MULTILINE)


def test_an_update_of_nothing_is_refused(data: str) -> None:
    outcome = webhooks(data, "update", "any")
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert outcome.stderr == "Say what to change: --url, --name, --event, --enable or --disable.\n"


def test_a_failing_endpoint_is_shown_to_be(data: str) -> None:
    endpoint_id, _ = create(data)
    with store(data) as connection:
        connection.execute("UPDATE webhook_endpoints SET failing_since = 0")
    assert "failing since 1970-01-01 00:00:00Z" in output_of(data, "show", endpoint_id)


def test_a_rotation_prints_a_new_secret_and_the_old_one_signs_for_as_long_as_is_said(data: str) -> None:
    endpoint_id, first = create(data)
    second = (output_of(data, "rotate", endpoint_id, "--overlap-seconds", "60")).strip()
    assert re.fullmatch(r"whsec_\S{44}", second)
    assert re.search(rf"^old secret +signs until {TIME}$", output_of(data, "show", endpoint_id), re.MULTILINE)
    third = (output_of(data, "rotate", endpoint_id, "--overlap-seconds", "0")).strip()
    assert "old secret" not in output_of(data, "show", endpoint_id)
    assert len({first, second, third}) == 3


def test_a_deleted_endpoint_is_not_there_any_more(data: str) -> None:
    endpoint_id, _ = create(data)
    assert output_of(data, "delete", endpoint_id) == f"{endpoint_id} is deleted.\n"
    assert endpoint_id not in output_of(data, "list")
    outcome = webhooks(data, "show", endpoint_id)
    assert outcome.exit_code == 1
    assert outcome.stderr == "WEBHOOK_ENDPOINT_NOT_FOUND: There is no such webhook endpoint.\n"


@pytest.mark.parametrize(
    "command",
    [
        ("update", "--disable"),
        ("rotate",),
        ("delete",),
        ("test",),
        ("redeliver", "unknown"),
        ("redeliver-failed", "--since", "2026-03-01"),
    ],
)
def test_an_unknown_endpoint_fails_the_command(data: str, command: tuple[str, ...]) -> None:
    outcome = webhooks(data, command[0], "unknown", *command[1:])
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr == "WEBHOOK_ENDPOINT_NOT_FOUND: There is no such webhook endpoint.\n"


def test_a_sixth_endpoint_is_refused(data: str) -> None:
    for _ in range(5):
        create(data)
    outcome = webhooks(data, "create", "--url", URL)
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("WEBHOOK_ENDPOINT_LIMIT_REACHED: ")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://example.com/", "The URL must begin with https://."),
        ("https://127.0.0.1/token", "The URL must not lead to a private or reserved address."),
        ("https://me:secret@example.com/", "The URL must not carry a user name or a password."),
        ("webhooks", "The URL is malformed."),
        (f"https://example.com/{'a' * 2048}", "The URL must hold at most 2,048 characters."),
    ],
)
def test_a_url_to_which_nothing_could_be_delivered_is_refused_in_a_sentence(data: str, url: str, sentence: str) -> None:
    for command in (("create",), ("update", "any")):
        outcome = webhooks(data, *command, "--url", url)
        assert (outcome.exit_code, outcome.stdout) == (2, "")
        assert outcome.stderr.startswith(sentence)
        assert url not in outcome.stderr


def test_networks_can_be_opened_for_development(data: str) -> None:
    url = "http://127.0.0.1:9000/"
    outcome = webhooks(data, "create", "--url", url, NOVA_ALLOW_NETWORKS="127.0.0.0/8")
    assert outcome.exit_code == 0, outcome.stderr
    assert "NOVA_ALLOW_NETWORKS" in (webhooks(data, "create", "--url", url)).stderr


@pytest.mark.parametrize("option", ["--name", "--partner"])
@pytest.mark.parametrize("name", ["", "line\nbreak", "n" * 256])
def test_a_name_that_is_none_is_refused(data: str, option: str, name: str) -> None:
    outcome = webhooks(data, "create", "--url", URL, option, name)
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert outcome.stderr.endswith("name must hold 1 to 255 printable characters.\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "--url", URL, "--event", "test"),
        ("create", "--url", URL, "--event", "SCORE_COMPLETED"),
        ("rotate", "any", "--overlap-seconds", "604801"),
        ("deliveries", "--status", "running"),
        ("deliveries", "--since", "yesterday"),
        ("deliveries", "--limit", "0"),
    ],
)
def test_an_option_that_makes_no_sense_is_a_usage_fault(data: str, arguments: tuple[str, ...]) -> None:
    outcome = webhooks(data, *arguments)
    assert (outcome.exit_code, outcome.stdout) == (2, "")


def test_a_store_that_cannot_be_opened_is_said_to_be_unavailable(tmp_path: Path) -> None:
    (tmp_path / "nova.sqlite3").mkdir()
    outcome = webhooks(str(tmp_path), "list")
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert "SERVICE_UNAVAILABLE" in outcome.stderr
