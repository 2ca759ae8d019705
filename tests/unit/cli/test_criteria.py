"""`nova criteria`, as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

from nova.errors.v1 import error_reason_pb2
from nova_server.cli.main import application
from typer.testing import CliRunner

from tests.unit.cli.command_line import Outcome, nova
from tests.unit.cli.fake_service import RunningService
from tests.unit.cli.refusals import refusal


async def criteria(service: RunningService, *arguments: str | Path) -> Outcome:
    given = ("--address", service.address, "--tenant", "acme")
    return await nova("criteria", *arguments, *given, NOVA_API_KEY="sk_test_secret")


async def test_what_is_shown_as_json_can_be_set_again(service: RunningService, tmp_path: Path) -> None:
    shown = await criteria(service, "show", "backend", "--json")
    assert shown.code == 0, shown.errors
    file = tmp_path / "criteria.json"
    file.write_text(shown.output, encoding="utf-8")
    revision = json.loads(shown.output)["criteriaRevision"]
    outcome = await criteria(service, "set", "backend", file, "--expected-revision", revision, "--json")
    assert outcome.code == 0, outcome.errors
    assert json.loads(outcome.output)["criteria"] == json.loads(shown.output)["criteria"]
    assert service.criteria.metadata[-1]["x-expected-criteria-revision"] == revision
    assert service.criteria.metadata[-1]["x-tenant-id"] == "acme"


async def test_a_list_is_set_and_shown_as_a_table(service: RunningService, tmp_path: Path) -> None:
    file = tmp_path / "criteria.md"
    file.write_text("- MUST_HAVE: Python\n- NICE_TO_HAVE: Rust\n", encoding="utf-8")
    outcome = await criteria(service, "set", "backend", file, "--idempotency-key", "key-1")
    assert outcome.code == 0, outcome.errors
    places = [outcome.output.index(word) for word in ("Version 2 ", "MUST_HAVE", "Python", "NICE_TO_HAVE", "Rust")]
    assert places == sorted(places)
    assert service.criteria.metadata[0]["idempotency-key"] == "key-1"
    assert "\x1b" not in outcome.output + outcome.errors


async def test_criteria_that_were_changed_meanwhile_are_left_alone_and_said_to_be(
    service: RunningService, tmp_path: Path
) -> None:
    file = tmp_path / "criteria.md"
    file.write_text("- MUST_HAVE: Python\n", encoding="utf-8")
    service.criteria.refusals = [refusal(error_reason_pb2.CRITERIA_REVISION_MISMATCH)]
    outcome = await criteria(service, "set", "backend", file, "--expected-revision", "crit_6")
    assert outcome.code == 1, outcome.errors
    assert outcome.output == ""
    assert outcome.errors.splitlines() == [
        "CRITERIA_REVISION_MISMATCH: The criteria were changed in the meantime.",
        "Trace id: 4bf92f3577b34da6a3ce929d0e0e4736",
    ]


async def test_a_line_at_fault_ends_the_command_before_anything_is_sent(
    service: RunningService, tmp_path: Path
) -> None:
    file = tmp_path / "criteria.md"
    file.write_text("- MUST_HAVE: Python\n\nKindness\n", encoding="utf-8")
    outcome = await criteria(service, "set", "backend", file)
    assert outcome.code == 2, outcome.errors
    assert f"{file}, line 3:" in outcome.errors
    assert service.criteria.changes == []


def test_one_version_and_all_of_them_cannot_be_shown_at_once() -> None:
    given = ["criteria", "show", "backend", "--version", "version-1", "--versions", "--api-key", "sk_test_secret"]
    outcome = CliRunner().invoke(application, given)
    assert outcome.exit_code == 2, outcome.stderr
    assert outcome.stderr.startswith("--version shows one version")


def test_without_a_key_the_usage_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "criteria.md"
    file.write_text("- MUST_HAVE: Python\n", encoding="utf-8")
    for given in (["show", "backend"], ["set", "backend", str(file)]):
        outcome = CliRunner().invoke(application, ["criteria", *given], env={"NOVA_API_KEY": None})
        assert outcome.exit_code == 2, outcome.stderr
        assert "--api-key" in outcome.stderr
