"""Following a batch over streams that break."""

from __future__ import annotations

import pytest
from nova.errors.v1 import error_reason_pb2
from nova_server.cli.call_failure import CallFailed
from nova_server.cli.client import ScoringClient
from nova_server.cli.following import LONGEST_DELAY_SECONDS, MOST_ATTEMPTS, follow

from tests.unit.cli.fake_service import BrokenStream, FakeScoring, change_of, pending, scored
from tests.unit.cli.refusals import refusal
from tests.unit.cli.waits import Waits


async def ended_jobs(client: ScoringClient, waits: Waits) -> list[int]:
    return [view.ended_jobs async for view in follow(client, "backend", "batch-1", sleep=waits)]


async def test_every_change_is_seen_until_the_batch_ended(client: ScoringClient, fake: FakeScoring) -> None:
    fake.streams = [
        [
            change_of("batch-1", [pending("ann"), pending("bob")]),
            change_of("batch-1", [scored("ann"), pending("bob")]),
            change_of("batch-1", [scored("ann"), scored("bob")]),
        ]
    ]
    waits = Waits()
    assert await ended_jobs(client, waits) == [0, 1, 2]
    assert waits.seconds == []


async def test_a_change_of_one_job_leaves_the_others_as_they_were(client: ScoringClient, fake: FakeScoring) -> None:
    both = change_of("batch-1", [pending("ann"), scored("bob")])
    rest = change_of("batch-1", [scored("ann"), scored("bob")])
    del rest.scoring_jobs[1]
    fake.streams = [[both, rest]]
    async for view in follow(client, "backend", "batch-1", sleep=Waits()):
        last = view
    assert [job.application_id for job in last.jobs.values()] == ["ann", "bob"]
    assert all(job.HasField("score") for job in last.jobs.values())


async def test_a_broken_stream_is_opened_again(client: ScoringClient, fake: FakeScoring) -> None:
    fake.streams = [
        [change_of("batch-1", [pending("ann"), pending("bob")]), BrokenStream()],
        [change_of("batch-1", [scored("ann"), pending("bob")]), BrokenStream()],
        [change_of("batch-1", [scored("ann"), scored("bob")])],
    ]
    waits = Waits()
    assert await ended_jobs(client, waits) == [0, 1, 2]
    assert fake.watches == 3
    assert len(waits.seconds) == 2


async def test_a_stream_that_ends_early_is_opened_again_after_a_wait(client: ScoringClient, fake: FakeScoring) -> None:
    fake.streams = [[change_of("batch-1", [pending("ann")])], [change_of("batch-1", [scored("ann")])]]
    waits = Waits()
    assert await ended_jobs(client, waits) == [0, 1]
    assert len(waits.seconds) == 1


async def test_waits_grow_up_to_a_limit_and_then_the_failure_is_told(client: ScoringClient, fake: FakeScoring) -> None:
    fake.streams = [[BrokenStream()]] * MOST_ATTEMPTS
    waits = Waits()
    with pytest.raises(CallFailed, match="cannot be reached"):
        await ended_jobs(client, waits)
    assert fake.watches == MOST_ATTEMPTS
    assert 0.25 <= waits.seconds[0] <= 0.5
    assert LONGEST_DELAY_SECONDS / 2 <= waits.seconds[-1] <= LONGEST_DELAY_SECONDS


async def test_a_server_that_says_how_long_to_wait_is_obeyed(client: ScoringClient, fake: FakeScoring) -> None:
    away = refusal(error_reason_pb2.SERVICE_UNAVAILABLE, retry_after_seconds=42)
    fake.streams = [[away], [change_of("batch-1", [scored("ann")])]]
    waits = Waits()
    await ended_jobs(client, waits)
    assert waits.seconds == [42]


async def test_a_refusal_that_will_not_change_ends_the_watch_at_once(client: ScoringClient, fake: FakeScoring) -> None:
    fake.streams = [[refusal(error_reason_pb2.BATCH_NOT_FOUND)]]
    waits = Waits()
    with pytest.raises(CallFailed) as caught:
        await ended_jobs(client, waits)
    assert caught.value.code == "BATCH_NOT_FOUND"
    assert waits.seconds == []
