"""Every fault of a single application, by its field path and its code, all at once and without quoting a value."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from nova.scoring.v1 import scoring_service_pb2
from nova.scoring.v1.application_pb2 import ApplicationAnswer as Answer
from nova.scoring.v1.application_pb2 import ApplicationData as Data
from nova.scoring.v1.resume_pb2 import Resume
from nova.scoring.v1.scoring_job_pb2 import Rescore
from nova_server.api.field_rules import MAX_NAMED

from tests.support.api import METADATA, SERVICE, Served, called, job_submission, refusal, serving

URL, TEXT = Resume.URL, Resume.TEXT
UNKNOWN = cast("Resume.Type.ValueType", 7)
LONG = "x" * 15_001
ANSWERS = "application_data.application_answers"


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


async def faults(served: Served, request: scoring_service_pb2.SubmitScoringJobRequest) -> list[tuple[str, str]]:
    """Return the faults that a submission is refused for, which never reaches the use case."""
    failed = await refusal(served.stub.SubmitScoringJob(request, metadata=METADATA))
    assert failed.info.reason == "VALIDATION_ERROR"
    assert all(sentence.endswith(".") and "{" not in sentence for *_, sentence in failed.faults)
    assert served.use_cases.job_submissions == []
    return [fault[:2] for fault in failed.faults]


def text(content: str) -> Resume:
    return Resume(type=TEXT, content=content)


def url(value: str) -> Resume:
    return Resume(type=URL, url=value)


def answers(*given: Answer) -> Data:
    return Data(application_answers=given)


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"job_id": ""}, "job_id", "required"),
    ({"job_id": "j" * 256}, "job_id", "too_long"),
    ({"job_id": "a\x07"}, "job_id", "invalid"),
    ({"application_id": ""}, "application_id", "required"),
    ({"application_id": "a" * 256}, "application_id", "too_long"),
    ({"application_id": "a\n"}, "application_id", "invalid"),
    ({"job_description": ""}, "job_description", "required"),
    ({"job_description": "x" * 50_001}, "job_description", "too_long"),
    ({"job_description": "a\0"}, "job_description", "invalid"),
    ({"job_title": ""}, "job_title", "too_short"),
    ({"job_title": "x" * 1_001}, "job_title", "too_long"),
    ({"company_name": ""}, "company_name", "too_short"),
    ({"company_name": "x" * 1_001}, "company_name", "too_long"),
    ({"role_knowledge": ""}, "role_knowledge", "too_short"),
    ({"role_knowledge": LONG}, "role_knowledge", "too_long"),
    ({"resume": None}, "resume", "required"),
    ({"resume": Resume(content="x" * 50)}, "resume.type", "required"),
    ({"resume": Resume(type=UNKNOWN, content="x" * 50)}, "resume.type", "invalid"),
    ({"resume": Resume(type=URL, content="x" * 50)}, "resume.type", "mismatch"),
    ({"resume": Resume(type=TEXT, url="https://example.com/cv")}, "resume.type", "mismatch"),
    ({"resume": Resume(type=TEXT)}, "resume.content", "required"),
    ({"resume": Resume(type=URL)}, "resume.url", "required"),
    ({"resume": text("x" * 49)}, "resume.content", "too_short"),
    ({"resume": text("é" * 51_201)}, "resume.content", "too_long"),
    ({"resume": text("x" * 50 + "\0")}, "resume.content", "invalid"),
    ({"resume": url("")}, "resume.url", "too_short"),
    ({"resume": url("https://example.com/" + "x" * 2_029)}, "resume.url", "too_long"),
    ({"resume": url("http://example.com/cv")}, "resume.url", "url_not_allowed"),
    ({"application_data": Data(context=LONG)}, "application_data.context", "too_long"),
    ({"application_data": answers(Answer(question=LONG))}, f"{ANSWERS}[0].question", "too_long"),
    ({"application_data": answers(*[Answer()] * 3, Answer(answer="\0"))}, f"{ANSWERS}[3].answer", "invalid"),
    ({"application_data": answers(*[Answer()] * 501)}, ANSWERS, "too_many"),
    ({"rescore": Rescore()}, "rescore.enabled", "required"),
    ({"rescore": Rescore(criteria_version_id="cversion")}, "rescore.enabled", "required"),
    ({"rescore": Rescore(enabled=True, criteria_version_id="")}, "rescore.criteria_version_id", "too_short"),
    ({"rescore": Rescore(enabled=True, criteria_version_id="c" * 256)}, "rescore.criteria_version_id", "too_long"),
    ({"rescore": Rescore(enabled=False, criteria_version_id="cversion")}, "rescore.criteria_version_id", "conflict"),
]


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    FAULTS,
    ids=[f"{field} {code} {place}" for place, (_, field, code) in enumerate(FAULTS)],
)
async def test_a_fault_is_named_by_its_field_and_code(
    served: Served, fields: dict[str, Any], field: str, code: str
) -> None:
    assert await faults(served, job_submission(**fields)) == [(field, code)]


async def test_a_version_that_is_pinned_for_nothing_is_told_what_it_needs(served: Served) -> None:
    request = job_submission(rescore=Rescore(enabled=False, criteria_version_id="cversion"))

    failed = await refusal(served.stub.SubmitScoringJob(request, metadata=METADATA))

    sentence = "must not be given unless rescore.enabled is true."
    assert failed.faults == [("rescore.criteria_version_id", "conflict", sentence)]


async def test_all_faults_are_found_at_once(served: Served) -> None:
    request = job_submission(
        job_id="",
        job_title="",
        resume=Resume(type=TEXT, url="http://10.0.0.1/"),
        application_data=answers(Answer(question=LONG)),
        rescore=Rescore(enabled=False, criteria_version_id="cversion"),
    )

    assert await faults(served, request) == [
        ("job_id", "required"),
        ("job_title", "too_short"),
        (f"{ANSWERS}[0].question", "too_long"),
        ("resume.type", "mismatch"),
        ("resume.url", "url_not_allowed"),
        ("rescore.criteria_version_id", "conflict"),
    ]


async def test_no_fault_quotes_what_was_sent(served: Served) -> None:
    marker = "jane-smith"
    request = job_submission(
        job_id=f"{marker}\x07",
        application_id=f"{marker}\x07",
        job_description=f"{marker}\0",
        resume=url(f"ftp://{marker}/"),
        rescore=Rescore(enabled=False, criteria_version_id=marker),
    )

    failed = await refusal(served.stub.SubmitScoringJob(request, metadata=METADATA))

    assert len(failed.faults) == 5
    assert marker not in str(failed)


async def test_a_million_empty_answers_are_refused_like_five_hundred_and_one(served: Served) -> None:
    request = job_submission()
    data = b"\x0a\x00" * 1_000_000
    body = request.SerializeToString() + b"\x42\x80\x89\x7a" + data

    failed = await refusal(served.raw(f"/{SERVICE}/SubmitScoringJob", body, METADATA))

    assert [fault[:2] for fault in failed.faults] == [(ANSWERS, "too_many")]


async def test_the_search_ends_when_there_are_more_faults_than_can_be_told(served: Served) -> None:
    request = job_submission(application_data=answers(*[Answer(question="\0", answer="\0")] * 500))

    failed = await refusal(served.stub.SubmitScoringJob(request, metadata=METADATA))

    assert failed.faults[0][:2] == (f"{ANSWERS}[0].question", "invalid")
    assert failed.message.endswith(f" and {MAX_NAMED - len(failed.faults)} more were found.")
    assert failed.trailing_bytes <= 6 * 1024


async def test_the_largest_valid_values_are_accepted(served: Served) -> None:
    request = job_submission(
        job_id="j" * 255,
        application_id="a" * 255,
        job_description="ü" * 50_000,
        job_title="x",
        role_knowledge="x" * 15_000,
        resume=text("é" * 51_200),
        application_data=answers(*[Answer(question="q", answer="a")] * 500),
        rescore=Rescore(enabled=True, criteria_version_id="c" * 255),
    )

    await served.stub.SubmitScoringJob(request, metadata=METADATA)

    assert len(served.use_cases.job_submissions) == 1


READS = [scoring_service_pb2.GetScoringJobRequest, scoring_service_pb2.GetLatestScoreRequest]


@pytest.mark.parametrize("request_type", READS)
async def test_a_read_names_its_faults_too(served: Served, request_type: Any) -> None:
    request = request_type(job_id="j" * 256)

    failed = await refusal(
        served.raw(f"/{SERVICE}/{called(request).removesuffix('Request')}", request.SerializeToString(), METADATA)
    )

    missing = [field.name for field in request_type.DESCRIPTOR.fields if field.name != "job_id"]
    assert [fault[:2] for fault in failed.faults] == [("job_id", "too_long"), *((name, "required") for name in missing)]
    assert served.use_cases.job_reads == []
