"""Following a single job over calls that fail."""

from __future__ import annotations

import pytest
from nova.errors.v1 import error_reason_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova.scoring.v1.scoring_job_pb2 import ScoringJob
from nova_server.cli.call_failure import CallFailed
from nova_server.cli.client import ScoringClient
from nova_server.cli.following import LONGEST_DELAY_SECONDS, MOST_ATTEMPTS, POLL_SECONDS, follow_job

from tests.unit.cli.fake_service import FakeScoring, failed, pending, scored
from tests.unit.cli.refusals import refusal
from tests.unit.cli.waits import Waits

# Refusals that pass, and that the channel does not repeat by itself.
FAULT = error_reason_pb2.INTERNAL_ERROR
LIMITED = error_reason_pb2.RATE_LIMITED


async def follow(client: ScoringClient, job: ScoringJob, waits: Waits) -> list[ScoringJob]:
    return [known async for known in follow_job(client, job, sleep=waits)]


async def test_a_job_is_read_until_it_is_scored(client: ScoringClient, fake: FakeScoring) -> None:
    fake.reads = [pending("ann"), pending("ann"), scored("ann", 9)]
    waits = Waits()
    seen = await follow(client, pending("ann"), waits)
    assert [job.score for job in seen] == [0, 0, 0, 9]
    assert waits.seconds == [POLL_SECONDS] * 3
    assert {(read.job_id, read.application_id, read.scoring_job_id) for read in fake.job_reads} == {
        ("backend", "ann", "job-of-ann")
    }


@pytest.mark.parametrize("ended", [scored("ann"), failed("ann", error_reason_pb2.RESUME_EMPTY)])
async def test_a_job_that_ended_is_not_read_again(client: ScoringClient, fake: FakeScoring, ended: ScoringJob) -> None:
    waits = Waits()
    assert await follow(client, ended, waits) == [ended]
    assert fake.job_reads == []
    assert waits.seconds == []


async def test_a_failed_job_ends_the_following(client: ScoringClient, fake: FakeScoring) -> None:
    fake.reads = [failed("ann", error_reason_pb2.RESUME_EMPTY)]
    *_, last = await follow(client, pending("ann"), Waits())
    assert last.error_code == error_reason_pb2.RESUME_EMPTY


async def test_a_read_that_fails_is_repeated_and_the_job_stays_as_it_was(
    client: ScoringClient, fake: FakeScoring
) -> None:
    fake.reads = [refusal(FAULT), pending("ann"), scored("ann")]
    waits = Waits()
    seen = await follow(client, pending("ann"), waits)
    assert [job.status for job in seen] == [ScoringJob.PENDING] * 3 + [ScoringJob.COMPLETED]
    assert waits.seconds[0] == waits.seconds[2] == POLL_SECONDS
    assert 0.25 <= waits.seconds[1] <= 0.5


async def test_waits_grow_up_to_a_limit_and_then_the_failure_is_told(client: ScoringClient, fake: FakeScoring) -> None:
    fake.reads = [refusal(FAULT)] * MOST_ATTEMPTS
    waits = Waits()
    with pytest.raises(CallFailed) as caught:
        await follow(client, pending("ann"), waits)
    assert caught.value.code == "INTERNAL_ERROR"
    assert len(fake.job_reads) == MOST_ATTEMPTS
    assert LONGEST_DELAY_SECONDS / 2 <= waits.seconds[-1] <= LONGEST_DELAY_SECONDS


async def test_one_answer_in_between_begins_the_count_anew(client: ScoringClient, fake: FakeScoring) -> None:
    away = [refusal(FAULT)] * (MOST_ATTEMPTS - 1)
    fake.reads = [*away, pending("ann"), *away, scored("ann")]
    *_, last = await follow(client, pending("ann"), Waits())
    assert last.status == ScoringJob.COMPLETED


async def test_a_server_that_says_how_long_to_wait_is_obeyed(client: ScoringClient, fake: FakeScoring) -> None:
    fake.reads = [refusal(LIMITED, retry_after_seconds=42), scored("ann")]
    waits = Waits()
    await follow(client, pending("ann"), waits)
    assert waits.seconds == [POLL_SECONDS, 42]


@pytest.mark.parametrize("reason", [error_reason_pb2.SCORING_JOB_NOT_FOUND, error_reason_pb2.UNAUTHORIZED])
async def test_a_refusal_that_will_not_change_ends_it_at_once(
    client: ScoringClient, fake: FakeScoring, reason: ErrorReason.ValueType
) -> None:
    fake.reads = [refusal(reason)]
    waits = Waits()
    with pytest.raises(CallFailed) as caught:
        await follow(client, pending("ann"), waits)
    assert caught.value.code == ErrorReason.Name(reason)
    assert waits.seconds == [POLL_SECONDS]


async def test_a_server_that_is_away_for_a_moment_is_asked_again_by_the_channel(
    client: ScoringClient, fake: FakeScoring
) -> None:
    fake.reads = [refusal(error_reason_pb2.SERVICE_UNAVAILABLE), scored("ann")]
    waits = Waits()
    assert len(await follow(client, pending("ann"), waits)) == 2
    assert waits.seconds == [POLL_SECONDS]
