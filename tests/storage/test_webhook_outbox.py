"""What happens to jobs and batches is told in the transaction in which it happens, once, to those who want it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise

import pytest
from nova_server.ports.tenancy import Caller, Environment
from nova_server.ports.webhooks import EndedBatch, EndedJob, WebhookEvent
from nova_server.storage.schema import webhook_deliveries, webhook_events
from sqlalchemy import select

from tests.support.bodies import PlainBodies
from tests.support.clock import START, FakeClock
from tests.support.signals import RecordedSignals
from tests.support.store import ASSESSMENT, FAILED, LEASE_SECONDS, STUCK, StoreUnderTest, open_store
from tests.support.stored_webhooks import OWNER, add_endpoint, news, of_another_owner
from tests.support.submissions import ACME, GLOBEX, submission, submissions

COMPLETED, FAILURE, BATCH = WebhookEvent.SCORE_COMPLETED, WebhookEvent.SCORE_FAILED, WebhookEvent.BATCH_COMPLETED


@pytest.fixture
def told() -> PlainBodies:
    """What the store asks to be rendered."""
    return PlainBodies()


@pytest.fixture
async def store(
    store_url: str, clock: FakeClock, signals: RecordedSignals, told: PlainBodies
) -> AsyncIterator[StoreUnderTest]:
    async with open_store(store_url, clock, signals, bodies=told) as opened:
        yield opened


async def event_rows(store: StoreUnderTest) -> list[tuple[object, ...]]:
    table = webhook_events.c
    statement = select(table.event, table.tenant_id, table.body, table.created_at).order_by(table.id)
    return await store.database.read(lambda connection: [tuple(row) for row in connection.execute(statement)])


async def test_a_scored_job_is_told_of_with_its_score_and_then_its_batch(
    store: StoreUnderTest, told: PlainBodies
) -> None:
    await add_endpoint(store)
    accepted = await store.submit(submission("anna"))
    store.clock.advance(5)
    await store.complete(await store.claim_one())
    (job,) = (await store.read(accepted)).jobs
    now = store.clock.now()
    assert told.jobs == [
        EndedJob("acme", job.id, job.criteria_version_id, "job-1", "anna", now, score=7, assessment=ASSESSMENT)
    ]
    assert told.batches == [EndedBatch("acme", accepted.batch.id, "job-1", 1, 1, 0, now)]
    assert await event_rows(store) == [
        ("score.completed", "acme", "anna scored 7", now),
        ("batch.completed", "acme", "batch of 1", now),
    ]


async def test_a_failed_job_is_told_of_with_its_error(store: StoreUnderTest, told: PlainBodies) -> None:
    await add_endpoint(store)
    accepted = await store.submit(submission("anna", "ben"))
    anna, _ = await store.claim()
    await store.fail(anna)
    (job,) = told.jobs
    assert (job.scoring_job_id, job.error_code, job.error_message) == (anna.job_id, FAILED.code, FAILED.message)
    assert (job.score, job.assessment) == (None, None)
    assert await event_rows(store) == [("score.failed", "acme", "anna failed", START)]
    assert (await store.read(accepted)).batch.completed_at is None


async def test_a_job_that_a_sweep_ends_as_stuck_is_told_of_and_so_is_its_batch(
    store: StoreUnderTest, told: PlainBodies, signals: RecordedSignals
) -> None:
    await add_endpoint(store)
    await store.submit(submission("anna"))
    await store.claim_one()
    store.clock.advance(LEASE_SECONDS + 1)
    await store.sweep(max_starts=1)
    assert [(job.error_code, job.finished_at) for job in told.jobs] == [(STUCK.code, store.clock.now())]
    assert [(batch.completed_jobs, batch.failed_jobs) for batch in told.batches] == [(0, 1)]
    assert await news(store) == ["anna failed", "batch of 1"]
    assert signals.deliveries == 1


async def test_what_is_told_is_due_at_once_and_was_not_tried(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store, COMPLETED)
    await store.submit(submission("anna"))
    await store.complete(await store.claim_one())
    (row,) = await store.database.read(lambda connection: connection.execute(select(webhook_deliveries)).all())
    assert (row.endpoint_id, row.state, row.available_at) == (endpoint.id, "pending", START)
    assert (row.attempt, row.attempts, row.finished_at) == (0, 0, None)
    assert len(row.id) == len(row.event_id) == 25


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ((COMPLETED,), ["anna scored 7"]),
        ((FAILURE,), ["ben failed"]),
        ((BATCH,), ["batch of 2"]),
        ((COMPLETED, BATCH), ["anna scored 7", "batch of 2"]),
    ],
)
async def test_an_endpoint_is_told_of_what_it_wants_and_of_nothing_else(
    store: StoreUnderTest, wanted: tuple[WebhookEvent, ...], expected: list[str]
) -> None:
    await add_endpoint(store, *wanted)
    await store.submit(submission("anna", "ben"))
    anna, ben = await store.claim()
    await store.complete(anna)
    store.clock.advance(1)
    await store.fail(ben)
    assert await news(store) == expected
    assert await store.count(webhook_events) == len(expected)


async def test_several_endpoints_share_an_event_that_is_rendered_once(store: StoreUnderTest, told: PlainBodies) -> None:
    everything = await add_endpoint(store)
    scores, batches = await add_endpoint(store, COMPLETED), await add_endpoint(store, BATCH)
    await store.submit(submission("anna"))
    await store.complete(await store.claim_one())
    assert await news(store, everything) == ["anna scored 7", "batch of 1"]
    assert await news(store, scores) == ["anna scored 7"]
    assert await news(store, batches) == ["batch of 1"]
    assert (len(told.jobs), len(told.batches), await store.count(webhook_events)) == (1, 1, 2)


async def test_an_endpoint_that_is_switched_off_is_told_of_nothing(store: StoreUnderTest, told: PlainBodies) -> None:
    await add_endpoint(store, enabled=False)
    await store.submit(submission("anna"))
    await store.complete(await store.claim_one())
    assert (told.jobs, told.batches, await store.count(webhook_events)) == ([], [], 0)


@pytest.mark.parametrize("owner", of_another_owner(OWNER), ids=["another partner", "another environment"])
async def test_an_endpoint_of_somebody_else_is_told_of_nothing(
    store: StoreUnderTest, told: PlainBodies, owner: Caller
) -> None:
    await add_endpoint(store, owner=owner)
    await store.submit(submission("anna"))
    await store.complete(await store.claim_one())
    assert (told.jobs, await store.count(webhook_deliveries)) == ([], 0)


async def test_an_endpoint_is_told_of_every_tenant_of_its_partner(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store, COMPLETED)
    live = replace(ACME, environment=Environment.PRODUCTION)
    for name, tenant in (("anna", ACME), ("ben", GLOBEX), ("cleo", live)):
        await store.submit(submission(name, tenant=tenant))
    for lease in await store.claim():
        store.clock.advance(1)
        await store.complete(lease)
    assert sorted(await news(store, endpoint)) == ["anna scored 7", "ben scored 7"]
    assert sorted(str(row[1]) for row in await event_rows(store)) == ["acme", "globex"]


async def test_without_an_endpoint_nothing_is_rendered_written_or_signalled(
    store: StoreUnderTest, told: PlainBodies, signals: RecordedSignals
) -> None:
    await store.submit(submission("anna", "ben"))
    await store.complete_everything()
    await store.submit(submission("anna"))
    assert (told.jobs, told.batches, signals.deliveries) == ([], [], 0)
    assert (await store.count(webhook_events), await store.count(webhook_deliveries)) == (0, 0)


async def test_deliveries_are_signalled_only_when_there_are_some(
    store: StoreUnderTest, signals: RecordedSignals
) -> None:
    await add_endpoint(store, BATCH)
    await store.submit(submission("anna", "ben"))
    anna, ben = await store.claim()
    await store.complete(anna)
    assert signals.deliveries == 0
    await store.complete(ben)
    assert signals.deliveries == 1


async def test_a_refused_completion_tells_nobody_of_anything(store: StoreUnderTest) -> None:
    await add_endpoint(store)
    await store.submit(submission("anna"))
    lease = await store.claim_one()
    await asyncio.gather(store.complete(lease), store.fail(lease), store.complete(lease))
    assert not await store.fail(lease)
    assert await news(store) == ["anna scored 7", "batch of 1"]


async def test_a_batch_whose_jobs_end_at_the_same_time_is_told_of_once_and_last(store: StoreUnderTest) -> None:
    await add_endpoint(store)
    names = [f"applicant-{number}" for number in range(25)]
    await store.submit(submission(*names))
    await asyncio.gather(*(store.complete(lease) for lease in await store.claim()))
    *scores, last = await news(store)
    assert sorted(scores) == sorted(f"{name} scored 7" for name in names)
    assert last == "batch of 25"


async def test_every_batch_is_told_of_exactly_once_however_their_jobs_end(
    store: StoreUnderTest, told: PlainBodies
) -> None:
    await add_endpoint(store)
    accepted = await asyncio.gather(*(store.submit(one) for one in submissions(8)))
    leases = await store.claim(200)
    await asyncio.gather(*(store.fail(lease) if place % 3 == 0 else store.complete(lease)
                           for place, lease in enumerate(leases)))  # fmt: skip
    assert Counter(batch.batch_id for batch in told.batches) == dict.fromkeys((one.batch.id for one in accepted), 1)
    assert Counter(job.scoring_job_id for job in told.jobs) == dict.fromkeys((lease.job_id for lease in leases), 1)


async def test_a_job_of_several_batches_is_told_of_once_and_each_batch_when_it_ends(
    store: StoreUnderTest, told: PlainBodies
) -> None:
    await add_endpoint(store)
    alone = await store.submit(submission("anna"))
    pair = await store.submit(submission("anna", "ben"))
    anna, ben = await store.claim()
    await store.complete(anna)
    assert [batch.batch_id for batch in told.batches] == [alone.batch.id]
    await store.complete(ben)
    assert [batch.batch_id for batch in told.batches] == [alone.batch.id, pair.batch.id]
    assert [job.application_id for job in told.jobs] == ["anna", "ben"]


async def test_a_batch_that_is_born_ended_is_told_of_at_once(
    store: StoreUnderTest, told: PlainBodies, signals: RecordedSignals
) -> None:
    await store.submit(submission("anna", "ben"))
    anna, ben = await store.claim()
    await store.complete(anna)
    await store.fail(ben)
    await add_endpoint(store)
    store.clock.advance(60)
    born = (await store.submit(submission("anna"))).batch
    assert told.batches == [EndedBatch("acme", born.id, "job-1", 1, 1, 0, store.clock.now())]
    assert (told.jobs, signals.deliveries) == ([], 1)


async def test_a_resubmission_tells_nobody_of_anything(store: StoreUnderTest) -> None:
    await add_endpoint(store)
    await store.submit(submission("anna", "ben"))
    await store.complete_everything()
    before = await event_rows(store)
    await asyncio.gather(*(store.submit(submission("ben", "anna")) for _ in range(5)))
    assert await event_rows(store) == before


async def test_the_same_batch_submitted_many_times_at_once_is_born_ended_once(
    store: StoreUnderTest, told: PlainBodies
) -> None:
    await add_endpoint(store, BATCH)
    await store.submit(submission("anna", "ben", "cleo"))
    await store.complete_everything()
    await asyncio.gather(*(store.submit(submission("anna", "ben")) for _ in range(20)))
    assert [batch.total_jobs for batch in told.batches] == [3, 2]


async def test_submissions_and_ends_of_the_same_jobs_at_the_same_time_tell_of_each_batch_once(
    store: StoreUnderTest, told: PlainBodies
) -> None:
    await add_endpoint(store, BATCH)
    names = [f"applicant-{number}" for number in range(20)]
    first = await store.submit(submission(*names))
    leases = await store.claim()
    ending = asyncio.gather(*(store.complete(lease) for lease in leases))
    pairs = await asyncio.gather(*(store.submit(submission(*pair)) for pair in pairwise(names)))
    assert all(await ending)
    batch_ids = [one.batch.id for one in (first, *pairs)]
    assert Counter(batch.batch_id for batch in told.batches) == dict.fromkeys(batch_ids, 1)


class BodiesThatFail(PlainBodies):
    """Bodies that cannot be rendered for one application."""

    def of_job(self, job: EndedJob) -> str:
        if job.application_id == "anna":
            raise ZeroDivisionError
        return super().of_job(job)


async def test_a_transaction_that_fails_leaves_neither_the_result_nor_the_event(store_url: str) -> None:
    async with open_store(store_url, bodies=BodiesThatFail()) as store:
        await add_endpoint(store)
        accepted = await store.submit(submission("anna", "ben"))
        anna, ben = await store.claim()
        answers = await asyncio.gather(store.complete(anna), store.complete(ben), return_exceptions=True)
        assert [type(answer) for answer in answers] == [ZeroDivisionError, bool]
        found = await store.read(accepted)
        assert [job.state.value for job in found.jobs] == ["running", "completed"]
        assert (found.batch.completed_jobs, found.batch.completed_at) == (1, None)
        assert await news(store) == ["ben scored 7"]
