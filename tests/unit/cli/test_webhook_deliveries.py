"""What `nova webhooks` does with deliveries, on a real store."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.cli.webhook_commands import ID, TIME, create, let_fail, output_of, send_test, store, webhooks


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "data")


def test_a_test_is_a_delivery_like_any_other(data: str) -> None:
    endpoint_id, _ = create(data, "--event", "score.failed")
    delivery_id = send_test(data, endpoint_id)
    listing = output_of(data, "deliveries")
    assert re.search(rf"│ {delivery_id} │ {endpoint_id} │ test +│ – +│ {TIME} │ 0 +│ pending +│", listing)
    shown = output_of(data, "delivery", delivery_id)
    assert re.search(rf"^endpoint +{endpoint_id}$", shown, re.MULTILINE)
    assert '{\n  "event": "test",\n' in shown


def test_a_disabled_endpoint_is_sent_no_test(data: str) -> None:
    endpoint_id, _ = create(data, "--disabled")
    outcome = webhooks(data, "test", endpoint_id)
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("WEBHOOK_ENDPOINT_DISABLED: ")


def test_deliveries_can_be_filtered_and_those_left_out_are_spoken_of(data: str) -> None:
    first, _ = create(data)
    second, _ = create(data)
    pending, failed = send_test(data, first), send_test(data, second)
    let_fail(data, failed)
    for options, shown, hidden in (
        (("--endpoint", first), pending, failed),
        (("--status", "failed"), failed, pending),
        (("--status", "pending"), pending, failed),
    ):
        listing = output_of(data, "deliveries", *options)
        assert shown in listing
        assert hidden not in listing
    for options in (("--event", "score.failed"), ("--before", "2026-03-01"), ("--since", "2999-01-01T00:00:00+01:00")):
        assert not re.search(ID, output_of(data, "deliveries", *options))
    outcome = webhooks(data, "deliveries", "--limit", "1")
    assert len(re.findall(rf"^│ {ID} ", outcome.stdout, re.MULTILINE)) == 1
    assert outcome.stderr == "There are more: raise --limit, or narrow the list with --before.\n"


def test_what_failed_is_shown_with_its_attempts_and_can_be_delivered_again(data: str) -> None:
    endpoint_id, _ = create(data)
    delivery_id = send_test(data, endpoint_id)
    let_fail(data, delivery_id)
    shown = output_of(data, "delivery", delivery_id)
    assert re.search(r"^state +failed$", shown, re.MULTILINE)
    assert re.search(r"^attempt 1 +1970-01-01 00:00:00Z, 184 ms: status, status 503$", shown, re.MULTILINE)
    assert re.search(r"^attempt 2 +1970-01-01 00:01:00Z, 30000 ms: timeout$", shown, re.MULTILINE)
    said = output_of(data, "redeliver", endpoint_id, delivery_id)
    assert re.fullmatch(rf"{delivery_id} is pending, due {TIME}\.\n", said)


def test_all_that_failed_since_a_time_can_be_delivered_again(data: str) -> None:
    endpoint_id, _ = create(data)
    for _ in range(2):
        let_fail(data, send_test(data, endpoint_id))
    assert output_of(data, "redeliver-failed", endpoint_id, "--since", "2999-01-01") == "0\n"
    assert output_of(data, "redeliver-failed", endpoint_id, "--since", "2026-01-01T00:00:00Z") == "2\n"
    assert not re.search(ID, output_of(data, "deliveries", "--status", "failed"))


@pytest.mark.parametrize("command", [("delivery",), ("redeliver", "endpoint")])
def test_an_unknown_delivery_fails_the_command(data: str, command: tuple[str, ...]) -> None:
    endpoint_id, _ = create(data)
    arguments = [endpoint_id if argument == "endpoint" else argument for argument in command]
    outcome = webhooks(data, *arguments, "unknown")
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr == "WEBHOOK_DELIVERY_NOT_FOUND: There is no such webhook delivery.\n"


def test_what_others_wrote_cannot_rewrite_the_terminal(data: str) -> None:
    endpoint_id, _ = create(data)
    delivery_id = send_test(data, endpoint_id)
    with store(data) as connection:
        connection.execute("""UPDATE webhook_events SET body = '{"event":"\u202e\u009b2J"}', tenant_id = '\u001b[2J'""")
        connection.execute("UPDATE webhook_endpoints SET name = '\u001b]0;owned\u0007'")
    for arguments in (("show", endpoint_id), ("list",), ("deliveries",), ("delivery", delivery_id)):
        shown = output_of(data, *arguments)
        assert all(line.isprintable() for line in shown.splitlines())
