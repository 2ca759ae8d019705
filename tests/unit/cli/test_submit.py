"""`nova submit`, from files on disk to a table of scores."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import aiohttp
from nova.errors.v1 import error_reason_pb2
from nova.scoring.v1.resume_pb2 import Resume

from tests.unit.cli.command_line import TIMEOUT_SECONDS, Outcome, ended, nova, start
from tests.unit.cli.conftest import RESUME
from tests.unit.cli.fake_service import FakeScoring, RunningService, change_of, failed, scored
from tests.unit.cli.refusals import refusal

KEY = "sk_test_secret"


async def submit(service: RunningService, *arguments: str | Path) -> Outcome:
    return await nova("submit", *arguments, "--address", service.address, NOVA_API_KEY=KEY)


def job_options(folder: Path) -> tuple[str | Path, ...]:
    return ("--job-id", "backend", "--job-description", folder / "job.txt")


async def test_a_text_resume_travels_in_the_request(service: RunningService, folder: Path) -> None:
    outcome = await submit(service, folder / "jane-smith.txt", *job_options(folder))
    assert outcome.code == 0, outcome.errors
    (request,) = service.fake.submissions
    assert request.job_id == "backend"
    assert request.job_description == "Senior Backend Engineer. Python."
    assert not request.HasField("job_title")
    (application,) = request.applications
    assert application.application_id == "jane-smith"
    assert application.resume == Resume(type=Resume.TEXT, content=RESUME)


async def test_everything_said_about_the_job_is_submitted(service: RunningService, folder: Path) -> None:
    (folder / "knowledge.md").write_text("Kindness.", encoding="utf-8")
    said = ("--job-title", "Engineer", "--company-name", "Acme", "--role-knowledge", folder / "knowledge.md")
    await submit(service, folder / "jane-smith.txt", *job_options(folder), *said)
    (request,) = service.fake.submissions
    assert (request.job_title, request.company_name, request.role_knowledge) == ("Engineer", "Acme", "Kindness.")


async def test_key_and_tenant_travel_as_metadata(service: RunningService, folder: Path) -> None:
    await submit(service, folder / "jane-smith.txt", *job_options(folder), "--tenant", "acme")
    for metadata in service.fake.metadata:
        assert metadata["authorization"] == f"Bearer {KEY}"
        assert metadata["x-tenant-id"] == "acme"


async def test_a_document_can_be_fetched_until_its_batch_ended(service: RunningService, folder: Path) -> None:
    fetched = []

    async def fetch_resumes() -> None:
        url = service.fake.submissions[0].applications[0].resume.url
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            fetched.append(await response.read())

    service.fake.before_scoring = fetch_resumes
    outcome = await submit(service, folder / "john-doe.pdf", *job_options(folder))
    assert outcome.code == 0, outcome.errors
    assert fetched == [b"%PDF-1.7 pretended"]
    assert service.fake.submissions[0].applications[0].resume.type == Resume.URL


async def test_the_table_shows_the_best_score_first_and_failures_last(service: RunningService, folder: Path) -> None:
    jobs = [
        scored("ann", 4, "Gaps."),
        failed("bob", error_reason_pb2.RESUME_ENCRYPTED),
        scored("cyd", 9, "Exceptional."),
    ]
    service.fake.streams = [[change_of("batch-1", jobs)]]
    outcome = await submit(service, folder / "jane-smith.txt", *job_options(folder))
    assert outcome.code == 0, outcome.errors
    places = [outcome.output.index(word) for word in ("cyd", "Exceptional.", "ann", "Gaps.", "bob", "RESUME_ENCRYPTED")]
    assert places == sorted(places)
    assert "protected by a password" in outcome.output


async def test_away_from_a_terminal_progress_is_plain_lines_beside_the_output(
    service: RunningService, folder: Path
) -> None:
    outcome = await submit(service, folder / "jane-smith.txt", *job_options(folder))
    assert "1 of 1 scored or failed" in outcome.errors.splitlines()
    assert "Batch batch-1 of job backend" in outcome.errors
    assert "scored or failed" not in outcome.output
    assert "\x1b" not in outcome.output + outcome.errors


async def test_json_output_is_the_documented_answer_with_every_key(service: RunningService, folder: Path) -> None:
    outcome = await submit(service, folder / "jane-smith.txt", *job_options(folder), "--json")
    answer = json.loads(outcome.output)
    assert answer["batch"]["status"] == "completed"
    assert answer["batch"]["completedAt"] == "2026-01-02T03:04:05Z"
    (job,) = answer["scoringJobs"]
    assert job["score"] == 7
    assert job["errorCode"] is None
    assert job["failedAt"] is None


async def test_more_files_than_a_batch_takes_become_several_batches(service: RunningService, folder: Path) -> None:
    files = [folder / f"applicant-{number:02}.md" for number in range(60)]
    for file in files:
        file.write_text(RESUME, encoding="utf-8")
    outcome = await submit(service, *files, *job_options(folder))
    assert outcome.code == 0, outcome.errors
    assert [len(request.applications) for request in service.fake.submissions] == [25, 25, 10]
    assert "60 files make 3 batches of at most 25." in outcome.errors
    assert "60 of 60 scored or failed" in outcome.errors
    assert "applicant-00" in outcome.output
    assert "applicant-59" in outcome.output


async def test_the_order_of_the_files_does_not_change_the_batches(service: RunningService, folder: Path) -> None:
    files = [folder / f"applicant-{number:02}.md" for number in range(30)]
    for file in files:
        file.write_text(RESUME, encoding="utf-8")
    for order in (files, files[::-1]):
        outcome = await submit(service, *order, *job_options(folder))
        assert outcome.code == 0, outcome.errors
    first, second = service.fake.submissions[:2], service.fake.submissions[2:]
    assert first == second


async def test_a_refusal_names_code_fields_applications_and_trace_id(service: RunningService, folder: Path) -> None:
    service.fake.refusal = refusal(
        error_reason_pb2.VALIDATION_ERROR,
        ("applications[0].resume.content", "must be at least 50 characters"),
        ("job_description", "must not be empty"),
    )
    outcome = await submit(service, folder / "jane-smith.txt", *job_options(folder))
    assert outcome.code == 1
    assert outcome.output == ""
    assert outcome.errors.splitlines() == [
        "VALIDATION_ERROR: Request validation failed.",
        "  applications[0].resume.content (jane-smith): must be at least 50 characters",
        "  job_description: must not be empty",
        "Trace id: 4bf92f3577b34da6a3ce929d0e0e4736",
    ]


async def test_a_server_that_refuses_lent_documents_is_explained(service: RunningService, folder: Path) -> None:
    service.fake.refusal = refusal(
        error_reason_pb2.VALIDATION_ERROR, ("applications[0].resume.url", "must be an https URL")
    )
    outcome = await submit(service, folder / "john-doe.pdf", *job_options(folder))
    assert outcome.code == 1
    assert "Start it with NOVA_ALLOW_NETWORKS=127.0.0.0/8." in outcome.errors


async def test_a_refused_url_of_a_json_request_is_not_explained_by_lending(
    service: RunningService, folder: Path
) -> None:
    request = {"jobDescription": "Python", "applications": [{"applicationId": "a", "resume": {"type": "url"}}]}
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    service.fake.refusal = refusal(error_reason_pb2.VALIDATION_ERROR, ("applications[0].resume.url", "is not https"))
    outcome = await submit(service, folder / "request.json", "--job-id", "backend")
    assert outcome.code == 1
    assert "NOVA_ALLOW_NETWORKS" not in outcome.errors


async def test_a_json_request_is_submitted_as_it_is_documented(service: RunningService, folder: Path) -> None:
    request = {
        "jobDescription": "Python",
        "roleKnowledge": "Kindness.",
        "somethingNew": True,
        "applications": [
            {
                "applicationId": "app-001",
                "resume": {"type": "url", "url": "https://storage.example.com/1.pdf"},
                "applicationData": {"applicationAnswers": [{"question": "Why?", "answer": "Because."}]},
            }
        ],
    }
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    outcome = await submit(service, folder / "request.json", "--job-id", "backend")
    assert outcome.code == 0, outcome.errors
    (submitted,) = service.fake.submissions
    assert submitted.job_id == "backend"
    assert submitted.role_knowledge == "Kindness."
    (application,) = submitted.applications
    assert application.resume == Resume(type=Resume.URL, url="https://storage.example.com/1.pdf")
    assert application.application_data.application_answers[0].answer == "Because."


async def test_a_server_that_is_not_there_is_said_to_be(folder: Path) -> None:
    outcome = await nova(
        "submit", folder / "jane-smith.txt", *job_options(folder), "--address", "127.0.0.1:1", NOVA_API_KEY=KEY
    )
    assert outcome.code == 1
    assert outcome.errors == "UNAVAILABLE: The server cannot be reached.\n"


async def test_a_submission_is_repeated_while_the_server_is_away_for_a_moment(
    service: RunningService, folder: Path
) -> None:
    service.fake.passing_refusals = [refusal(error_reason_pb2.SERVICE_UNAVAILABLE)] * 2
    outcome = await submit(service, folder / "jane-smith.txt", *job_options(folder))
    assert outcome.code == 0, outcome.errors
    assert len(service.fake.submissions) == 3


async def test_ctrl_c_stops_looking_and_says_that_the_batch_goes_on(service: RunningService, folder: Path) -> None:
    watching, never = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        watching.set()
        await never.wait()

    service.fake.before_scoring = hang
    arguments = ("submit", folder / "jane-smith.txt", *job_options(folder), "--address", service.address)
    process = await start(*arguments, NOVA_API_KEY=KEY)
    await asyncio.wait_for(watching.wait(), TIMEOUT_SECONDS)
    process.send_signal(signal.SIGINT)
    outcome = await ended(process)
    assert outcome.code == 130
    assert "goes on: see it with `nova watch`." in outcome.errors.splitlines()[-1]


async def test_the_address_of_the_settings_is_used_when_none_is_given(service: RunningService, folder: Path) -> None:
    outcome = await nova(
        "submit",
        folder / "jane-smith.txt",
        *job_options(folder),
        NOVA_API_KEY=KEY,
        NOVA_GRPC_ADDRESS=service.address,
    )
    assert outcome.code == 0, outcome.errors


async def test_without_a_key_the_usage_is_shown(service: RunningService, folder: Path) -> None:
    outcome = await nova("submit", folder / "jane-smith.txt", *job_options(folder), "--address", service.address)
    assert outcome.code == 2
    assert "--api-key" in outcome.errors
    assert service.fake.submissions == []


async def test_a_key_with_a_line_break_never_leaves_the_machine(fake: FakeScoring, folder: Path) -> None:
    outcome = await nova("submit", folder / "jane-smith.txt", *job_options(folder), NOVA_API_KEY=f"{KEY}\n")
    assert outcome.code == 2
    assert outcome.errors == "The API key may only hold printable ASCII characters.\n"
    assert fake.metadata == []


async def test_resumes_without_a_job_are_a_usage_fault(service: RunningService, folder: Path) -> None:
    outcome = await submit(service, folder / "jane-smith.txt", "--job-id", "backend")
    assert outcome.code == 2
    assert "--job-description" in outcome.errors


async def test_an_invalid_setting_is_named_without_its_value(folder: Path) -> None:
    outcome = await nova(
        "submit", folder / "jane-smith.txt", *job_options(folder), NOVA_API_KEY=KEY, NOVA_LOG_LEVEL="sk_live_x"
    )
    assert outcome.code == 2
    assert "NOVA_LOG_LEVEL" in outcome.errors
    assert "sk_live_x" not in outcome.errors
