"""The tools that `make` runs."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from nova_server.cli.applications import read_resumes
from nova_server.cli.webhook_receiver import Arrival
from nova_server.ports.clock import Instant

from tools import generated
from tools.demo import GOOD_FITS, POOR_FITS, SAMPLES, UNREADABLE, check, submission
from tools.demo_server import Unexpected, free_addresses
from tools.demo_webhooks import EVENTS, Webhooks, check_webhooks


def job(score: int | None = None, code: str | None = None) -> Mapping[str, Any]:
    return {"status": "completed" if score else "failed", "score": score, "errorCode": code}


def outcome() -> dict[str, Mapping[str, Any]]:
    """Return the jobs of a demo that went well."""
    scored = {**dict.fromkeys(GOOD_FITS, job(9)), **dict.fromkeys(POOR_FITS, job(2))}
    return {**scored, **{name: job(code=code) for name, code in UNREADABLE.items()}}


def test_a_demo_that_went_well_passes() -> None:
    check(outcome())


def test_a_demo_in_which_a_poor_fit_is_above_a_good_one_fails() -> None:
    with pytest.raises(Unexpected, match="a good fit has 3, and a poor one 4"):
        check({**outcome(), GOOD_FITS[0]: job(3), POOR_FITS[0]: job(4)})


def test_a_demo_in_which_another_resume_fails_fails() -> None:
    with pytest.raises(Unexpected, match="should have been scored: Priya"):
        check({**outcome(), "Priya": job(code="RESUME_CORRUPTED")})


@pytest.mark.parametrize("unexpected", [job(5), job(code="RESUME_CORRUPTED")])
def test_a_demo_in_which_a_scan_is_read_or_fails_otherwise_fails(unexpected: Mapping[str, Any]) -> None:
    with pytest.raises(Unexpected, match="should have failed with RESUME_EMPTY"):
        check({**outcome(), "Ruth Calloway": unexpected})


def test_the_demo_submits_every_sample_and_knows_whom_it_names() -> None:
    paths = sorted((SAMPLES / "resumes").iterdir())
    request = submission(read_resumes(paths), {path: f"http://127.0.0.1/{number}" for number, path in enumerate(paths)})
    names = {application["applicationId"] for application in request["applications"]}
    assert {*GOOD_FITS, *POOR_FITS, *UNREADABLE} <= names
    assert len(names) == len(paths) >= 8


def told(jobs: Mapping[str, Mapping[str, Any]], batches: int = 1) -> Webhooks:
    """Return what webhooks tell of jobs."""
    webhooks = Webhooks()
    for name, ended in jobs.items():
        end = {"result": {"score": ended["score"]}} if ended["score"] else {"error": {"code": ended["errorCode"]}}
        webhooks.note(arrival(f"score.{ended['status']}", name, {"applicationId": name, **end}))
    for number in range(batches):
        webhooks.note(arrival("batch.completed", f"batch {number}", {}))
    return webhooks


def arrival(event: str, delivery_id: str, body: Mapping[str, Any], fault: str | None = None) -> Arrival:
    return Arrival(Instant(0), event, delivery_id, 204, fault, body)


async def test_a_demo_passes_whose_webhooks_tell_what_the_batch_shows_however_often() -> None:
    webhooks = told(outcome())
    webhooks.note(next(iter(webhooks.arrivals.values())))
    await webhooks.all_of(outcome())
    check_webhooks(webhooks, outcome())
    assert set(webhooks.counts()) == set(EVENTS)


@pytest.mark.parametrize("batches", [0, 2])
def test_a_demo_whose_batch_is_not_told_of_once_fails(batches: int) -> None:
    with pytest.raises(Unexpected, match="the webhooks are "):
        check_webhooks(told(outcome(), batches), outcome())


def test_a_demo_whose_webhook_tells_of_another_score_fails() -> None:
    with pytest.raises(Unexpected, match="another end"):
        check_webhooks(told({**outcome(), GOOD_FITS[0]: job(8)}), outcome())


def test_a_demo_whose_webhook_is_not_verified_fails() -> None:
    webhooks = told(outcome())
    webhooks.note(arrival("score.completed", GOOD_FITS[0], {}, "webhook-signature is missing or wrong"))
    with pytest.raises(Unexpected, match="refused: webhook-signature is missing or wrong"):
        check_webhooks(webhooks, outcome())


def test_free_addresses_differ_and_are_free() -> None:
    addresses = free_addresses("one", "two", "three")
    assert len(set(addresses.values())) == 3
    for address in addresses.values():
        host, _, port = address.partition(":")
        socket.create_server((host, int(port))).close()


def test_a_stale_generated_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/configuration.md").write_text("stale", encoding="utf-8")
    assert generated.check(tmp_path, ["docs/configuration.md"]) == 1
    assert capsys.readouterr().err == "docs/configuration.md is out of date: run `make generate`\n"


def test_a_missing_generated_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "new.md").write_text("new", encoding="utf-8")
    assert generated.check(tmp_path, ["new.md"]) == 1
    assert "new.md" in capsys.readouterr().err


def test_a_fresh_generated_file_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README.md").write_bytes((generated.ROOT / "README.md").read_bytes())
    assert generated.check(tmp_path, ["README.md"]) == 0
    assert capsys.readouterr().err == ""
