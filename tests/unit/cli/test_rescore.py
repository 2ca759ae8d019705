"""`nova rescore`, as a person runs it."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from pathlib import Path

from nova.errors.v1 import error_reason_pb2
from nova_server.cli.main import application
from typer.testing import CliRunner

from tests.unit.cli.command_line import TIMEOUT_SECONDS, Outcome, ended, nova, start
from tests.unit.cli.fake_service import RunningService, failed, scored
from tests.unit.cli.refusals import refusal

KEY = "sk_test_secret"


def arguments(service: RunningService, folder: Path, file: str) -> tuple[str | Path, ...]:
    job = ("--job-id", "backend", "--job-description", folder / "job.txt")
    return ("rescore", folder / file, *job, "--address", service.address)


async def rescore(service: RunningService, folder: Path, *options: str, file: str = "jane-smith.txt") -> Outcome:
    return await nova(*arguments(service, folder, file), *options, NOVA_API_KEY=KEY)


async def test_the_score_is_shown_with_the_version_that_it_was_made_with(service: RunningService, folder: Path) -> None:
    job = scored("app-001", 9, "Exceptional.")
    job.criteria_version_id = "version-1"
    service.fake.reads = [job]
    options = ("--application-id", "app-001", "--criteria-version", "version-1", "--tenant", "acme")
    outcome = await rescore(service, folder, *options)
    assert outcome.code == 0, outcome.errors
    (request,) = service.fake.job_submissions
    assert (request.application_id, request.rescore.criteria_version_id) == ("app-001", "version-1")
    assert service.fake.metadata[0]["x-tenant-id"] == "acme"
    facts = [re.split(r" {2,}", line) for line in outcome.output.splitlines()]
    assert ["criteria version", "version-1"] in facts
    assert ["score", "9"] in facts
    assert ["verdict", "Exceptional."] in facts
    assert outcome.errors == "Scoring job job-of-app-001 is new: it scores app-001 for the first time.\n"


async def test_a_failed_document_is_shown_as_json_and_ends_the_command_as_submit_does(
    service: RunningService, folder: Path
) -> None:
    service.fake.reads = [failed("john-doe", error_reason_pb2.RESUME_ENCRYPTED)]
    outcome = await rescore(service, folder, "--json", file="john-doe.pdf")
    assert outcome.code == 0, outcome.errors
    job = json.loads(outcome.output)["scoringJob"]
    assert (job["status"], job["errorCode"], job["score"]) == ("failed", "RESUME_ENCRYPTED", None)
    assert service.fake.job_submissions[0].resume.url.startswith("http://127.0.0.1:")


async def test_an_unknown_version_is_refused_with_code_and_trace_id(service: RunningService, folder: Path) -> None:
    service.fake.refusal = refusal(error_reason_pb2.CRITERIA_VERSION_NOT_FOUND)
    outcome = await rescore(service, folder, "--criteria-version", "version-9")
    assert outcome.code == 1, outcome.errors
    assert outcome.output == ""
    assert outcome.errors.splitlines() == [
        "CRITERIA_VERSION_NOT_FOUND: There is no such version.",
        "Trace id: 4bf92f3577b34da6a3ce929d0e0e4736",
    ]


async def test_ctrl_c_stops_looking_and_says_how_to_see_the_job(service: RunningService, folder: Path) -> None:
    reading, never = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        reading.set()
        await never.wait()

    service.fake.before_scoring = hang
    process = await start(*arguments(service, folder, "jane-smith.txt"), NOVA_API_KEY=KEY)
    await asyncio.wait_for(reading.wait(), TIMEOUT_SECONDS)
    process.send_signal(signal.SIGINT)
    outcome = await ended(process)
    assert outcome.code == 130, outcome.errors
    assert "goes on: the same command shows it." in outcome.errors.splitlines()[-1]


def test_the_job_and_its_text_have_to_be_named(folder: Path) -> None:
    resume = str(folder / "jane-smith.txt")
    for given, missing in (([], "--job-id"), (["--job-id", "backend"], "--job-description")):
        outcome = CliRunner().invoke(application, ["rescore", resume, "--api-key", KEY, *given])
        assert outcome.exit_code == 2, outcome.stderr
        assert missing in outcome.stderr
