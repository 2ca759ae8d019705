"""JSON as it is documented, in both directions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from nova.criteria.v1.criterion_pb2 import PREFERRED, CriterionText
from nova.errors.v1 import error_reason_pb2
from nova.scoring.v1.resume_pb2 import Resume
from nova.scoring.v1.scoring_batch_pb2 import ScoringBatch
from nova.scoring.v1.scoring_job_pb2 import ScoringJob
from nova.scoring.v1.scoring_service_pb2 import (
    GetScoringBatchResponse,
    SubmitScoringBatchRequest,
    SubmitScoringJobRequest,
)
from nova_server.cli.applications import read_request
from nova_server.cli.documented_json import parse, render
from nova_server.cli.failures import UsageFault

from tests.unit.cli.fake_criteria import criterion, version
from tests.unit.cli.fake_service import failed, scored


@pytest.mark.parametrize("spelling", ["url", "URL", "Url"])
def test_enum_values_are_read_in_the_documented_spelling(spelling: str) -> None:
    assert parse({"type": spelling, "url": "https://example.com"}, Resume()).type == Resume.URL


def test_enum_values_are_read_deep_inside_lists() -> None:
    body = {"applications": [{"resume": {"type": "text", "content": "a"}}, {"resume": {"type": "url", "url": "b"}}]}
    request = parse(body, SubmitScoringBatchRequest())
    assert [application.resume.type for application in request.applications] == [Resume.TEXT, Resume.URL]


def test_a_text_that_happens_to_be_an_enum_value_stays_as_it_is() -> None:
    assert parse({"type": "text", "content": "url"}, Resume()).content == "url"


def test_unknown_keys_are_ignored() -> None:
    assert parse({"jobId": "backend", "colour": {"type": "url"}}, SubmitScoringBatchRequest()).job_id == "backend"


def test_an_empty_optional_text_is_kept_so_that_the_service_can_refuse_it() -> None:
    assert parse({"jobTitle": ""}, SubmitScoringBatchRequest()).HasField("job_title")


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        None,
        {"applications": "none"},
        {"applications": ["none"]},
        {"applications": [None]},
        {"applications": [{"resume": "none"}]},
        {"applications": [{"resume": 7}]},
        {"jobId": 7},
    ],
)
def test_another_shape_is_refused_in_words(body: object) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        parse(body, SubmitScoringBatchRequest())


def test_what_is_not_known_yet_is_null() -> None:
    job = render(ScoringJob(id="j", status=ScoringJob.PENDING))
    assert set(job) == {
        "id",
        "criteriaVersionId",
        "jobId",
        "applicationId",
        "status",
        "isRescore",
        "score",
        "assessment",
        "errorCode",
        "errorMessage",
        "queuedAt",
        "startedAt",
        "completedAt",
        "failedAt",
    }
    assert job["status"] == "pending"
    assert job["isRescore"] is False
    assert job["score"] is job["assessment"] is job["errorCode"] is job["failedAt"] is None


def test_an_assessment_shows_its_empty_lists() -> None:
    assert render(scored("ann"))["assessment"] == {
        "verdict": "A good fit.",
        "strengths": ["Python"],
        "concerns": [],
        "interviewFocus": [],
    }


def test_error_codes_keep_their_capitals() -> None:
    assert render(failed("bob", error_reason_pb2.RESUME_EMPTY))["errorCode"] == "RESUME_EMPTY"


def test_enum_values_that_stand_alone_keep_their_capitals() -> None:
    assert render(criterion(0, "Python", PREFERRED))["importance"] == "PREFERRED"
    assert render(version(1, archived=True))["status"] == "ARCHIVED"
    assert parse({"text": "Python", "importance": "PREFERRED"}, CriterionText()).importance == PREFERRED


def test_a_null_is_a_field_that_is_not_given() -> None:
    assert parse({"resume": None, "applicationData": None}, SubmitScoringJobRequest()) == SubmitScoringJobRequest()


def test_a_value_of_a_newer_server_is_shown_as_its_number() -> None:
    assert render(ScoringBatch(status=99))["status"] == 99  # type: ignore[arg-type]  # a newer server may send it


def test_times_are_rfc_3339_in_utc() -> None:
    batch = ScoringBatch(created_at=Timestamp(seconds=1_767_323_045))
    assert render(GetScoringBatchResponse(batch=batch))["batch"]["createdAt"] == "2026-01-02T03:04:05Z"


def test_what_is_shown_is_read_as_the_same() -> None:
    shown = scored("ann")
    shown.queued_at.FromJsonString("2026-01-02T03:04:05Z")
    assert parse(render(shown), ScoringJob()) == shown


def test_a_job_id_beside_a_request_wins_over_the_one_inside(tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"jobId": "inside", "jobDescription": "Python"}), encoding="utf-8")
    assert read_request(file, "beside").job_id == "beside"
    assert read_request(file, None).job_id == "inside"


@pytest.mark.parametrize(
    "content",
    ["{", "[" * 100_000, '{"applications":' * 100_000, "[]", '{"applications": 3}', '{"jobDescription": "no job id"}'],
)
def test_a_file_that_is_not_a_request_is_a_usage_fault(tmp_path: Path, content: str) -> None:
    file = tmp_path / "request.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(UsageFault):
        read_request(file, None)
