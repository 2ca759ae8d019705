"""What is said of a scoring job."""

from __future__ import annotations

import json
import re

import pytest
from nova.errors.v1 import error_reason_pb2
from nova.scoring.v1.assessment_pb2 import Assessment
from nova.scoring.v1.scoring_job_pb2 import ScoringJob
from nova_server.cli.job_display import origin, show_job
from nova_server.cli.results import failure_of

from tests.unit.cli.fake_service import failed, pending, scored

NOON = "2026-01-02T12:00:00Z"
LATER = "2026-01-02T12:00:00.000001Z"


def queued(job_id: str, instant: str, *, is_rescore: bool = True) -> ScoringJob:
    job = pending("ann")
    job.id, job.is_rescore = job_id, is_rescore
    job.queued_at.FromJsonString(instant)
    return job


def test_a_scored_job_shows_score_words_and_criteria_version(capsys: pytest.CaptureFixture[str]) -> None:
    job = scored("ann", 8)
    job.criteria_version_id = "version-2"
    assessment = Assessment(verdict="Strong.", strengths=["Python", "gRPC"], concerns=["No Kubernetes"])
    job.assessment.CopyFrom(assessment)
    show_job(job, as_json=False)
    assert [re.split(r" {2,}", line) for line in capsys.readouterr().out.splitlines()] == [
        ["application", "ann"],
        ["scoring job", "job-of-ann"],
        ["criteria version", "version-2"],
        ["status", "completed"],
        ["score", "8"],
        ["verdict", "Strong."],
        ["strengths", "- Python"],
        ["", "- gRPC"],
        ["concerns", "- No Kubernetes"],
    ]


def test_a_failed_job_shows_its_code_and_sentence_and_no_score(capsys: pytest.CaptureFixture[str]) -> None:
    show_job(failed("ann", error_reason_pb2.RESUME_EMPTY), as_json=False)
    shown = capsys.readouterr().out
    assert re.search(r"^status +failed$", shown, re.MULTILINE)
    assert re.search(r"^error +RESUME_EMPTY: The resume's document holds no text\.", shown, re.MULTILINE)
    assert "score " not in shown
    assert "verdict" not in shown


def test_a_code_of_a_newer_server_is_shown_as_its_number() -> None:
    job = ScoringJob(status=ScoringJob.FAILED, error_message="New.")
    job.error_code = 999  # type: ignore[assignment]  # a newer server may send it
    assert failure_of(job) == "999: New."


def test_text_of_an_assessment_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    job = scored("ann", verdict="Good\x1b[2J")
    job.assessment.concerns.append("\x9b31mred\nstatus  completed")
    show_job(job, as_json=False)
    shown = capsys.readouterr().out
    assert shown.replace("\n", "").isprintable()
    assert len(re.findall(r"^status ", shown, re.MULTILINE)) == 1


@pytest.mark.parametrize("job", [scored("ann"), failed("ann", error_reason_pb2.RESUME_EMPTY)])
def test_json_is_the_documented_answer_with_every_key(capsys: pytest.CaptureFixture[str], job: ScoringJob) -> None:
    show_job(job, as_json=True)
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["scoringJob"]
    assert set(answer["scoringJob"]) == {field.json_name for field in ScoringJob.DESCRIPTOR.fields}
    assert answer["scoringJob"]["failedAt"] is None
    assert answer["scoringJob"]["status"] == ("completed" if job.HasField("score") else "failed")


def test_a_job_younger_than_the_latest_one_is_new() -> None:
    said = origin(queued("job-2", LATER), queued("job-1", NOON))
    assert said == "Scoring job job-2 is new: it scores ann again."


def test_a_job_of_the_same_microsecond_is_new_when_it_is_another() -> None:
    assert "is new" in origin(queued("job-2", NOON), queued("job-1", NOON))


def test_the_first_job_of_an_application_is_no_rescore() -> None:
    said = origin(queued("job-1", NOON, is_rescore=False), None)
    assert said == "Scoring job job-1 is new: it scores ann for the first time."


@pytest.mark.parametrize("latest", [queued("job-1", NOON), queued("job-2", LATER)])
def test_a_job_that_was_there_is_said_to_be(latest: ScoringJob) -> None:
    assert origin(queued("job-1", NOON), latest) == (
        "Scoring job job-1 was made before, at 2026-01-02 12:00:00Z: there is one for each criteria version."
    )
