"""Hundreds of callers at once, all with the same wish."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from random import Random

import grpc.aio
from nova.scoring.v1.scoring_service_pb2 import SubmitScoringBatchResponse

from tests.contract.service.conftest import Service
from tests.support.requests import COMPLETED, get, text_batch, watch
from tests.support.running_server import metadata_of, stub_of

IDENTICAL = 300
OVERLAPPING = 200


async def test_three_hundred_identical_submissions_make_one_batch(service: Service, channel: grpc.aio.Channel) -> None:
    random, metadata = Random(1), metadata_of(service.sandbox, "identical")
    names = [f"application-{number}" for number in range(25)]

    async def submit() -> tuple[str, dict[str, str]]:
        order = random.sample(names, len(names))
        answer = await stub_of(channel).SubmitScoringBatch(text_batch("job-1", order), metadata=metadata)
        assert answer.batch.total_jobs == 25
        return answer.batch.id, dict(zip(order, answer.scoring_job_ids, strict=True))

    answers = await asyncio.gather(*(submit() for _ in range(IDENTICAL)))
    assert len({batch for batch, _ in answers}) == 1
    # Each caller got the ids in the order of the applications in its own request.
    assert len({tuple(sorted(jobs.items())) for _, jobs in answers}) == 1
    assert rows(service, "scoring_batches", "job-1") == 1
    assert rows(service, "scoring_jobs", "job-1") == 25


async def test_two_hundred_overlapping_submissions_make_one_job_an_application(
    service: Service, channel: grpc.aio.Channel
) -> None:
    random, metadata = Random(2), metadata_of(service.sandbox, "overlapping")
    names = [f"application-{number}" for number in range(60)]
    batches = [random.sample(names, random.randint(2, 25)) for _ in range(OVERLAPPING)]

    async def submit(batch: list[str]) -> SubmitScoringBatchResponse:
        return await stub_of(channel).SubmitScoringBatch(text_batch("job-2", batch), metadata=metadata)

    answers = await asyncio.gather(*(submit(batch) for batch in batches))
    pairs = {
        pair
        for batch, answer in zip(batches, answers, strict=True)
        for pair in zip(batch, answer.scoring_job_ids, strict=True)
    }
    applications = {application for application, _ in pairs}
    assert len(pairs) == len(applications) == rows(service, "scoring_jobs", "job-2")
    for batch, answer in zip(batches, answers, strict=True):
        async for _ in stub_of(channel).WatchScoringBatch(watch("job-2", answer.batch.id), metadata=metadata):
            pass
        found = (await stub_of(channel).GetScoringBatch(get("job-2", answer.batch.id), metadata=metadata)).batch
        assert (found.status, found.completed_jobs, found.total_jobs) == (COMPLETED, len(batch), len(batch))


def rows(service: Service, table: str, job_id: str) -> int:
    with closing(sqlite3.connect(service.data / "nova.sqlite3")) as store:
        statement = f"SELECT count(*) FROM {table} WHERE job_id = ?"  # noqa: S608 - the names are in this file
        ((count,),) = store.execute(statement, (job_id,))
        return int(count)
