"""The bodies of the events, to the letter."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nova_server.ports.clock import Instant
from nova_server.ports.scorer import Assessment
from nova_server.ports.webhooks import EndedBatch, EndedJob, EventBodies
from nova_server.webhooks.bodies import JsonEventBodies

from tests.support.clock import START

BODIES: EventBodies = JsonEventBodies()
ENDED = EndedJob("acme-corp", "job-1", "version-1", "backend", "jane", START)
SCORED = replace(ENDED, score=7, assessment=Assessment("Good – über.", ("Python", "Go"), (), ("Ask “why”.",)))
BATCH = EndedBatch("acme-corp", "batch-1", "backend", 25, 24, 1, START)


def test_a_score_is_told_with_its_assessment() -> None:
    assert BODIES.of_job(SCORED) == (
        '{"event":"score.completed","tenantId":"acme-corp","scoringJobId":"job-1","criteriaVersionId":"version-1",'
        '"jobId":"backend","applicationId":"jane","result":{"score":7,"assessment":{"verdict":"Good – über.",'
        '"strengths":["Python","Go"],"concerns":[],"interviewFocus":["Ask “why”."]}},'
        '"completedAt":"2026-03-01T09:00:00Z"}'
    )


def test_a_failure_is_told_with_its_code_and_sentence() -> None:
    failed = replace(ENDED, error_code="RESUME_EMPTY", error_message="The resume's document holds no text.")

    assert BODIES.of_job(failed) == (
        '{"event":"score.failed","tenantId":"acme-corp","scoringJobId":"job-1","criteriaVersionId":"version-1",'
        '"jobId":"backend","applicationId":"jane","error":{"code":"RESUME_EMPTY",'
        '"message":"The resume\'s document holds no text."},"failedAt":"2026-03-01T09:00:00Z"}'
    )


def test_the_end_of_a_batch_is_told_with_its_counts() -> None:
    assert BODIES.of_batch(BATCH) == (
        '{"event":"batch.completed","tenantId":"acme-corp","batchId":"batch-1","jobId":"backend","totalJobs":25,'
        '"completedJobs":24,"failedJobs":1,"status":"failed","completedAt":"2026-03-01T09:00:00Z"}'
    )


def test_a_batch_of_which_nothing_failed_is_completed() -> None:
    assert json.loads(BODIES.of_batch(replace(BATCH, completed_jobs=25, failed_jobs=0)))["status"] == "completed"


def test_a_test_says_that_it_is_one() -> None:
    assert BODIES.of_test(START) == (
        '{"event":"test","message":"This is a test webhook.","timestamp":"2026-03-01T09:00:00Z"}'
    )


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [(0, "09:00:00Z"), (500_000, "09:00:00.500Z"), (123_000, "09:00:00.123Z"), (1, "09:00:00.000001Z")],
)
def test_a_time_has_as_many_digits_as_the_rest_api_prints(microseconds: int, text: str) -> None:
    assert json.loads(BODIES.of_test(Instant(START + microseconds)))["timestamp"] == f"2026-03-01T{text}"


@given(text=st.text())
def test_every_text_comes_out_as_it_went_in(text: str) -> None:
    body = BODIES.of_job(replace(SCORED, assessment=Assessment(text, (text,), (), (text,))))

    words = json.loads(body.encode("utf-8"))["result"]["assessment"]
    assert words == {"verdict": text, "strengths": [text], "concerns": [], "interviewFocus": [text]}
