"""Scoring one application again, from a file to its scoring job."""

from __future__ import annotations

import json
from pathlib import Path

import aiohttp
import pytest
from nova.errors.v1 import error_reason_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova.scoring.v1.resume_pb2 import Resume
from nova_server.cli.applications import JobOptions
from nova_server.cli.call_failure import CallFailed
from nova_server.cli.client import ScoringClient
from nova_server.cli.failures import UsageFault
from nova_server.cli.rescoring import RescoreOptions, rescore_file

from tests.unit.cli.conftest import RESUME
from tests.unit.cli.fake_service import FakeScoring, failed, pending, scored
from tests.unit.cli.refusals import refusal
from tests.unit.cli.waits import Waits

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def job(folder: Path) -> JobOptions:
    return JobOptions("backend", folder / "job.txt")


async def rescore(client: ScoringClient, job: JobOptions, path: Path, options: RescoreOptions | None = None) -> Waits:
    waits = Waits()
    await rescore_file(client, job, path, options or RescoreOptions(), sleep=waits)
    return waits


async def test_a_text_resume_is_submitted_for_a_fresh_score(
    client: ScoringClient, fake: FakeScoring, job: JobOptions, folder: Path
) -> None:
    await rescore(client, job, folder / "jane-smith.txt")
    (request,) = fake.job_submissions
    assert (request.job_id, request.application_id) == ("backend", "jane-smith")
    assert request.job_description == "Senior Backend Engineer. Python."
    assert request.resume == Resume(type=Resume.TEXT, content=RESUME)
    assert request.rescore.enabled
    assert not request.rescore.HasField("criteria_version_id")
    assert not any(request.HasField(name) for name in ("job_title", "company_name", "role_knowledge"))
    assert [(read.job_id, read.application_id) for read in fake.latest_reads] == [("backend", "jane-smith")]


async def test_everything_that_is_said_is_submitted(client: ScoringClient, fake: FakeScoring, folder: Path) -> None:
    (folder / "knowledge.md").write_text("Kindness.", encoding="utf-8")
    job = JobOptions("backend", folder / "job.txt", "Engineer", "Acme", folder / "knowledge.md")
    await rescore(client, job, folder / "jane-smith.txt", RescoreOptions("app-001", "version-1"))
    (request,) = fake.job_submissions
    assert (request.job_title, request.company_name, request.role_knowledge) == ("Engineer", "Acme", "Kindness.")
    assert (request.application_id, request.rescore.criteria_version_id) == ("app-001", "version-1")


async def test_a_document_can_be_fetched_until_its_job_ended_and_not_after(
    client: ScoringClient, fake: FakeScoring, job: JobOptions, folder: Path
) -> None:
    fetched = []

    async def fetch_resume() -> None:
        url = fake.job_submissions[0].resume.url
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            fetched.append(await response.read())

    fake.before_scoring = fetch_resume
    fake.reads = [pending("john-doe"), scored("john-doe")]
    await rescore(client, job, folder / "john-doe.pdf")
    assert fetched == [b"%PDF-1.7 pretended"] * 2
    with pytest.raises(aiohttp.ClientConnectionError):
        await fetch_resume()


async def test_a_new_job_is_told_beside_the_output(
    client: ScoringClient, fake: FakeScoring, job: JobOptions, folder: Path, capsys: Captured
) -> None:
    fake.latest = pending("jane-smith")
    fake.accepted = pending("jane-smith")
    fake.accepted.id, fake.accepted.is_rescore = "job-2", True
    await rescore(client, job, folder / "jane-smith.txt", RescoreOptions(as_json=True))
    shown = capsys.readouterr()
    assert shown.err == "Scoring job job-2 is new: it scores jane-smith again.\n"
    assert json.loads(shown.out)["scoringJob"]["status"] == "completed"


async def test_a_job_that_was_there_is_told_and_shown_without_waiting(
    client: ScoringClient, fake: FakeScoring, job: JobOptions, folder: Path, capsys: Captured
) -> None:
    fake.latest = fake.accepted = scored("jane-smith")
    waits = await rescore(client, job, folder / "jane-smith.txt")
    assert capsys.readouterr().err.startswith("Scoring job job-of-jane-smith was made before, at ")
    assert waits.seconds == []
    assert fake.job_reads == []


async def test_an_application_that_was_never_scored_is_scored(
    client: ScoringClient, job: JobOptions, folder: Path, capsys: Captured
) -> None:
    await rescore(client, job, folder / "jane-smith.txt")
    assert capsys.readouterr().err.endswith(" is new: it scores jane-smith for the first time.\n")


async def test_a_failed_job_is_shown_and_fails_nothing(
    client: ScoringClient, fake: FakeScoring, job: JobOptions, folder: Path, capsys: Captured
) -> None:
    fake.reads = [failed("jane-smith", error_reason_pb2.RESUME_EMPTY)]
    await rescore(client, job, folder / "jane-smith.txt")
    assert "RESUME_EMPTY: The resume's document holds no text." in capsys.readouterr().out


async def test_a_submission_with_faults_names_all_of_them_and_not_those_of_the_first_read(
    client: ScoringClient, fake: FakeScoring, job: JobOptions, folder: Path
) -> None:
    faults = [("application_id", "is too long"), ("resume.content", "is too short")]
    fake.latest_refusal = refusal(error_reason_pb2.VALIDATION_ERROR, faults[0])
    fake.refusal = refusal(error_reason_pb2.VALIDATION_ERROR, *faults)
    with pytest.raises(CallFailed) as caught:
        await rescore(client, job, folder / "jane-smith.txt")
    assert [(fault.field, fault.message) for fault in caught.value.fields] == faults


@pytest.mark.parametrize("reason", [error_reason_pb2.UNAUTHORIZED, error_reason_pb2.INTERNAL_ERROR])
async def test_nothing_is_submitted_when_it_could_not_be_told_what_came_of_it(
    client: ScoringClient, fake: FakeScoring, job: JobOptions, folder: Path, reason: ErrorReason.ValueType
) -> None:
    fake.latest_refusal = refusal(reason)
    with pytest.raises(CallFailed):
        await rescore(client, job, folder / "jane-smith.txt")
    assert fake.job_submissions == []


@pytest.mark.parametrize(("file", "explained"), [("john-doe.pdf", True), ("jane-smith.txt", False)])
async def test_only_a_server_that_refuses_a_lent_document_is_explained(
    client: ScoringClient, fake: FakeScoring, job: JobOptions, folder: Path, file: str, explained: bool
) -> None:
    fake.refusal = refusal(error_reason_pb2.VALIDATION_ERROR, ("resume.url", "must be an https URL"))
    with pytest.raises(CallFailed) as caught:
        await rescore(client, job, folder / file)
    assert ("NOVA_ALLOW_NETWORKS=127.0.0.0/8" in (caught.value.advice or "")) is explained


async def test_a_submission_is_repeated_by_the_channel_while_the_server_is_away(
    client: ScoringClient, fake: FakeScoring, job: JobOptions, folder: Path
) -> None:
    fake.passing_refusals = [refusal(error_reason_pb2.SERVICE_UNAVAILABLE)]
    await rescore(client, job, folder / "jane-smith.txt")
    assert len(fake.job_submissions) == 2


async def test_a_job_without_its_text_is_a_usage_fault(client: ScoringClient, fake: FakeScoring, folder: Path) -> None:
    (folder / "job.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageFault, match="is not UTF-8 text"):
        await rescore(client, JobOptions("backend", folder / "job.txt"), folder / "jane-smith.txt")
    assert fake.job_submissions == fake.latest_reads == []
