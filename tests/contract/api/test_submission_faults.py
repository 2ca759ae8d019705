"""Every fault of a submission, by its field path and its code, all at once and without quoting a value."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from nova.scoring.v1 import resume_pb2, scoring_service_pb2
from nova_server.api.field_rules import MAX_NAMED

from tests.support.api import METADATA, Served, refusal, serving, submission

Change = Callable[[Any], Any]
FIRST = "applications[0]"


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


def change(field: str, value: Any) -> Change:
    """Return a change that sets `field`, a path from the request or, with a leading dot, from its first resume."""

    def apply(request: Any) -> None:
        owner = request.applications[0].resume if field.startswith(".") else request
        *parents, last = field.lstrip(".").split(".")
        for parent in parents:
            owner = owner[int(parent)] if parent.isdigit() else getattr(owner, parent)
        setattr(owner, last, value)

    return apply


def url(value: str) -> Change:
    return lambda request: request.applications[0].resume.CopyFrom(
        resume_pb2.Resume(type=resume_pb2.Resume.URL, url=value)
    )


def answers(count: int) -> Change:
    def apply(request: Any) -> None:
        for _ in range(count):
            request.applications[0].application_data.application_answers.add(question="q", answer="a")

    return apply


def resume(**fields: Any) -> Change:
    return lambda request: request.applications[0].resume.CopyFrom(resume_pb2.Resume(**fields))


DATA = "applications.0.application_data"
ANSWER = f"{FIRST}.application_data.application_answers[0]"
FAULTS: list[tuple[str, Change, str, str]] = [
    ("no job", change("job_id", ""), "job_id", "required"),
    ("long job", change("job_id", "j" * 256), "job_id", "too_long"),
    ("control in job", change("job_id", "a\x07"), "job_id", "invalid"),
    ("no description", change("job_description", ""), "job_description", "required"),
    ("long description", change("job_description", "x" * 50_001), "job_description", "too_long"),
    ("NUL in description", change("job_description", "a\0"), "job_description", "invalid"),
    ("empty title", change("job_title", ""), "job_title", "too_short"),
    ("long title", change("job_title", "x" * 1_001), "job_title", "too_long"),
    ("empty company", change("company_name", ""), "company_name", "too_short"),
    ("long company", change("company_name", "x" * 1_001), "company_name", "too_long"),
    ("empty knowledge", change("role_knowledge", ""), "role_knowledge", "too_short"),
    ("long knowledge", change("role_knowledge", "x" * 15_001), "role_knowledge", "too_long"),
    ("NUL in knowledge", change("role_knowledge", "\0"), "role_knowledge", "invalid"),
    ("no applications", lambda request: request.ClearField("applications"), "applications", "too_few"),
    ("no application id", change("applications.0.application_id", ""), f"{FIRST}.application_id", "required"),
    ("long application id", change("applications.0.application_id", "a" * 256), f"{FIRST}.application_id", "too_long"),
    ("control in id", change("applications.0.application_id", "a\n"), f"{FIRST}.application_id", "invalid"),
    ("no resume", lambda request: request.applications[0].ClearField("resume"), f"{FIRST}.resume", "required"),
    ("no type", change(".type", 0), f"{FIRST}.resume.type", "required"),
    ("unknown type", change(".type", 7), f"{FIRST}.resume.type", "invalid"),
    ("type of the other source", change(".type", 1), f"{FIRST}.resume.type", "mismatch"),
    ("no text", resume(type=2), f"{FIRST}.resume.content", "required"),
    ("no url", resume(type=1), f"{FIRST}.resume.url", "required"),
    ("short text", change(".content", "x" * 49), f"{FIRST}.resume.content", "too_short"),
    ("long text", change(".content", "é" * 51_201), f"{FIRST}.resume.content", "too_long"),
    ("NUL in text", change(".content", "x" * 50 + "\0"), f"{FIRST}.resume.content", "invalid"),
    ("empty url", url(""), f"{FIRST}.resume.url", "too_short"),
    ("long url", url("https://example.com/" + "x" * 2_029), f"{FIRST}.resume.url", "too_long"),
    ("refused url", url("http://example.com/cv"), f"{FIRST}.resume.url", "url_not_allowed"),
    ("long context", change(f"{DATA}.context", "x" * 15_001), f"{FIRST}.application_data.context", "too_long"),
    ("many answers", answers(501), f"{FIRST}.application_data.application_answers", "too_many"),
]


def faulty(*changes: Change) -> scoring_service_pb2.SubmitScoringBatchRequest:
    request = submission()
    for apply in changes:
        apply(request)
    return request


@pytest.mark.parametrize(("apply", "field", "code"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
async def test_a_fault_is_named_by_its_field_and_code(served: Served, apply: Change, field: str, code: str) -> None:
    failed = await refusal(served.stub.SubmitScoringBatch(faulty(apply), metadata=METADATA))

    assert failed.info.reason == "VALIDATION_ERROR"
    assert [fault[:2] for fault in failed.faults] == [(field, code)]
    assert all(sentence.endswith(".") and "{" not in sentence for *_, sentence in failed.faults)
    assert served.use_cases.submissions == []


@pytest.mark.parametrize("text", ["question", "answer"])
async def test_a_long_answer_is_named_by_its_place(served: Served, text: str) -> None:
    request = faulty(answers(1), change(f"{DATA}.application_answers.0.{text}", "x" * 15_001))

    failed = await refusal(served.stub.SubmitScoringBatch(request, metadata=METADATA))

    assert [fault[:2] for fault in failed.faults] == [(f"{ANSWER}.{text}", "too_long")]


async def test_a_repeated_application_is_named_at_its_later_places(served: Served) -> None:
    request = submission(4)
    request.applications[1].application_id = request.applications[3].application_id = "app-1"

    failed = await refusal(served.stub.SubmitScoringBatch(request, metadata=METADATA))

    assert [fault[:2] for fault in failed.faults] == [
        ("applications[1].application_id", "duplicate"),
        ("applications[3].application_id", "duplicate"),
    ]


async def test_all_faults_are_found_at_once(served: Served) -> None:
    request = submission(3)
    request.job_id = ""
    request.job_title = ""
    request.applications[1].application_id = "app-1"
    request.applications[2].resume.CopyFrom(resume_pb2.Resume(type=resume_pb2.Resume.TEXT, url="http://10.0.0.1/"))

    failed = await refusal(served.stub.SubmitScoringBatch(request, metadata=METADATA))

    assert [fault[:2] for fault in failed.faults] == [
        ("job_id", "required"),
        ("job_title", "too_short"),
        ("applications[1].application_id", "duplicate"),
        ("applications[2].resume.type", "mismatch"),
        ("applications[2].resume.url", "url_not_allowed"),
    ]


async def test_no_fault_quotes_what_was_sent(served: Served) -> None:
    marker = "jane-smith"
    request = submission(2)
    request.job_id = request.applications[0].application_id = request.applications[1].application_id = f"{marker}\x07"
    request.job_description = f"{marker}\0"
    request.applications[0].resume.content = marker
    request.applications[1].resume.CopyFrom(resume_pb2.Resume(type=resume_pb2.Resume.URL, url=f"ftp://{marker}/"))

    failed = await refusal(served.stub.SubmitScoringBatch(request, metadata=METADATA))

    assert len(failed.faults) == 7
    assert marker not in str(failed)


async def test_twenty_six_applications_are_one_too_many(served: Served) -> None:
    failed = await refusal(served.stub.SubmitScoringBatch(submission(26), metadata=METADATA))

    assert [fault[:2] for fault in failed.faults] == [("applications", "too_many")]


async def test_a_million_empty_applications_are_refused_like_twenty_six(served: Served) -> None:
    request = submission()
    body = request.SerializeToString() + b"\x12\x00" * 1_000_000

    failed = await refusal(served.raw("/nova.scoring.v1.ScoringService/SubmitScoringBatch", body, METADATA))

    assert failed.faults[0][:2] == ("applications", "too_many")
    assert failed.trailing_bytes <= 6 * 1024


async def test_the_search_ends_when_there_are_more_faults_than_can_be_told(served: Served) -> None:
    request = submission(25)
    for application in request.applications:
        for _ in range(500):
            application.application_data.application_answers.add(question="\0", answer="\0")

    failed = await refusal(served.stub.SubmitScoringBatch(request, metadata=METADATA))

    assert failed.faults[0][:2] == (f"{ANSWER}.question", "invalid")
    assert failed.message.endswith(f" and {MAX_NAMED - len(failed.faults)} more were found.")
    assert failed.trailing_bytes <= 6 * 1024


async def test_a_single_fault_is_found_wherever_it_is(served: Served) -> None:
    request = submission(25)
    for application in request.applications:
        for _ in range(500):
            application.application_data.application_answers.add(question="q", answer="a")
    request.applications[24].application_data.application_answers[499].answer = "\0"

    failed = await refusal(served.stub.SubmitScoringBatch(request, metadata=METADATA))

    last = "applications[24].application_data.application_answers[499].answer"
    assert [fault[:2] for fault in failed.faults] == [(last, "invalid")]


async def test_more_faults_than_fit_are_counted_and_stay_under_six_kibibytes(served: Served) -> None:
    request = submission(25)
    for application in request.applications:
        application.application_id = "\x07" + "a" * 256
        application.resume.CopyFrom(resume_pb2.Resume(type=resume_pb2.Resume.TEXT, url="ftp://x"))
        application.application_data.context = "\0" * 15_001

    failed = await refusal(served.stub.SubmitScoringBatch(request, metadata=METADATA))

    found = 25 * 6 + 24
    assert 40 < len(failed.faults) < found
    assert failed.message == (
        f"Request validation failed. {len(failed.faults)} faults are listed, "
        f"and {found - len(failed.faults)} more were found."
    )
    assert 5 * 1024 < failed.trailing_bytes <= 6 * 1024


async def test_the_largest_valid_values_are_accepted(served: Served) -> None:
    request = faulty(
        change("job_id", "j" * 255),
        change("job_description", "ü" * 50_000),
        change("job_title", "x"),
        change("role_knowledge", "x" * 15_000),
        change("applications.0.application_id", "a" * 255),
        change(".content", "é" * 51_200),
        answers(500),
    )

    await served.stub.SubmitScoringBatch(request, metadata=METADATA)

    assert len(served.use_cases.submissions) == 1


@pytest.mark.parametrize("name", ["GetScoringBatch", "WatchScoringBatch"])
async def test_a_read_names_its_faults_too(served: Served, name: str) -> None:
    body = scoring_service_pb2.GetScoringBatchRequest(job_id="j" * 256).SerializeToString()

    failed = await refusal(served.raw(f"/nova.scoring.v1.ScoringService/{name}", body, METADATA))

    assert [fault[:2] for fault in failed.faults] == [("job_id", "too_long"), ("scoring_batch_id", "required")]
