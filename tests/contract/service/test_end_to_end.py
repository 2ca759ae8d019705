"""From submission to result through plain grpcio clients, as their authors see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from nova.scoring.v1 import scoring_job_pb2
from nova.scoring.v1.scoring_service_pb2 import SubmitScoringBatchRequest, WatchScoringBatchResponse
from nova.scoring.v1.scoring_service_pb2_grpc import ScoringServiceStub

from tests.contract.service.conftest import Service
from tests.support.api import Refusal, refusal
from tests.support.requests import COMPLETED, PENDING, get, text_batch, watch
from tests.support.running_server import Metadata, metadata_of, stub_of

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def metadata(service: Service) -> Metadata:
    return metadata_of(service.sandbox)


@pytest.fixture
def blocking(service: Service) -> Iterator[ScoringServiceStub]:
    """A client without asyncio."""
    with grpc.insecure_channel(service.server.address) as channel:
        yield ScoringServiceStub(channel)


def test_a_blocking_client_follows_a_batch_to_its_end(blocking: ScoringServiceStub, metadata: Metadata) -> None:
    submitted = blocking.SubmitScoringBatch(text_batch("blocking", ["anna", "ben", "carl"]), metadata=metadata)
    assert (submitted.batch.status, submitted.batch.total_jobs) == (PENDING, 3)
    assert not submitted.batch.HasField("completed_at")
    told = list(blocking.WatchScoringBatch(watch("blocking", submitted.batch.id), metadata=metadata))
    assert_story(told, list(submitted.scoring_job_ids))
    found = blocking.GetScoringBatch(get("blocking", submitted.batch.id), metadata=metadata)
    assert found.batch == told[-1].batch


def assert_story(told: list[WatchScoringBatchResponse], job_ids: list[str]) -> None:
    """Check that a watcher was told every job at first, then only news, and the end last."""
    assert [job.id for job in told[0].scoring_jobs] == job_ids
    assert told[-1].batch.status == COMPLETED
    assert all(change.batch.status == PENDING for change in told[:-1])
    counts = [change.batch.completed_jobs for change in told]
    assert counts == sorted(counts)
    ended = [
        job.id for change in told for job in change.scoring_jobs if job.status != scoring_job_pb2.ScoringJob.PENDING
    ]
    assert sorted(ended) == sorted(job_ids)


async def test_an_asyncio_client_gets_every_field_of_a_result(channel: grpc.aio.Channel, metadata: Metadata) -> None:
    stub = stub_of(channel)
    submitted = await stub.SubmitScoringBatch(text_batch("fields", ["anna", "ben"]), metadata=metadata)
    async for _ in stub.WatchScoringBatch(watch("fields", submitted.batch.id), metadata=metadata):
        pass
    found = await stub.GetScoringBatch(get("fields", submitted.batch.id), metadata=metadata)
    batch = found.batch
    assert (batch.id, batch.job_id, batch.status) == (submitted.batch.id, "fields", COMPLETED)
    assert (batch.total_jobs, batch.completed_jobs, batch.failed_jobs) == (2, 2, 0)
    assert batch.created_at.ToNanoseconds() <= batch.completed_at.ToNanoseconds()
    assert [job.id for job in found.scoring_jobs] == list(submitted.scoring_job_ids)
    assert [job.application_id for job in found.scoring_jobs] == ["anna", "ben"]
    assert len({job.criteria_version_id for job in found.scoring_jobs}) == 1
    for job in found.scoring_jobs:
        assert_scored(job)


def assert_scored(job: scoring_job_pb2.ScoringJob) -> None:
    assert (job.status, job.job_id, job.is_rescore) == (scoring_job_pb2.ScoringJob.COMPLETED, "fields", False)
    assert len(job.id) == len(job.criteria_version_id) == 25
    assert 1 <= job.score <= 10
    assert job.assessment.verdict
    assert [*job.assessment.strengths, *job.assessment.concerns]
    assert not job.HasField("error_code")
    assert not job.HasField("error_message")
    assert not job.HasField("failed_at")
    times = [stamp.ToNanoseconds() for stamp in (job.queued_at, job.started_at, job.completed_at)]
    assert 0 < times[0] <= times[1] <= times[2]


async def test_a_watcher_who_comes_late_is_told_the_end_at_once(channel: grpc.aio.Channel, metadata: Metadata) -> None:
    stub = stub_of(channel)
    submitted = await stub.SubmitScoringBatch(text_batch("late", ["anna"]), metadata=metadata)
    for _ in range(2):
        told = [change async for change in stub.WatchScoringBatch(watch("late", submitted.batch.id), metadata=metadata)]
    assert [(change.batch.status, len(change.scoring_jobs)) for change in told] == [(COMPLETED, 1)]


async def test_a_batch_of_finished_jobs_is_born_finished(channel: grpc.aio.Channel, metadata: Metadata) -> None:
    stub = stub_of(channel)
    first = await stub.SubmitScoringBatch(text_batch("born", ["anna", "ben"]), metadata=metadata)
    async for _ in stub.WatchScoringBatch(watch("born", first.batch.id), metadata=metadata):
        pass
    second = await stub.SubmitScoringBatch(text_batch("born", ["ben"]), metadata=metadata)
    assert second.batch.id != first.batch.id
    assert (second.batch.status, second.batch.completed_jobs) == (COMPLETED, 1)
    assert second.batch.HasField("completed_at")
    assert list(second.scoring_job_ids) == [first.scoring_job_ids[1]]


def test_a_blocking_client_gets_every_fault_with_its_field_and_a_trace_id(
    blocking: ScoringServiceStub, metadata: Metadata
) -> None:
    request = text_batch("", ["anna", "anna"])
    request.applications[1].resume.content = "short"
    with pytest.raises(grpc.RpcError) as caught:
        blocking.SubmitScoringBatch(request, metadata=(*metadata, ("x-request-id", TRACE_ID)))
    call: Any = caught.value
    status: Any = rpc_status.from_call(call)
    info, bad_request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(bad_request)
    assert (call.code(), info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "VALIDATION_ERROR")
    assert dict(info.metadata) == {"trace_id": TRACE_ID, "retryable": "false"}
    assert dict(call.initial_metadata())["x-trace-id"] == TRACE_ID
    assert {fault.field for fault in bad_request.field_violations} == {
        "job_id",
        "applications[1].application_id",
        "applications[1].resume.content",
    }


async def test_nothing_of_an_invalid_request_is_stored(channel: grpc.aio.Channel, metadata: Metadata) -> None:
    request = text_batch("invalid", ["anna", "ben"])
    request.applications[1].resume.content = "short"
    assert (await refusal(stub_of(channel).SubmitScoringBatch(request, metadata=metadata))).code is (
        grpc.StatusCode.INVALID_ARGUMENT
    )
    valid: SubmitScoringBatchRequest = text_batch("invalid", ["anna", "ben"])
    answer = await stub_of(channel).SubmitScoringBatch(valid, metadata=metadata)
    assert (answer.batch.status, answer.batch.completed_jobs) == (PENDING, 0)


async def test_what_belongs_to_others_does_not_exist(service: Service, channel: grpc.aio.Channel) -> None:
    stub, owner = stub_of(channel), metadata_of(service.sandbox, "owner")
    batch = (await stub.SubmitScoringBatch(text_batch("mine", ["anna"]), metadata=owner)).batch
    assert (await stub.GetScoringBatch(get("mine", batch.id), metadata=owner)).batch.id == batch.id
    unknown = seen(await refusal(stub.GetScoringBatch(get("mine", "0" * 25), metadata=owner)))
    strangers = {
        "another tenant": metadata_of(service.sandbox, "other"),
        "another environment": metadata_of(service.production, "owner"),
        "another partner": metadata_of(service.other_partner, "owner"),
    }
    for stranger, metadata in strangers.items():
        read = stub.GetScoringBatch(get("mine", batch.id), metadata=metadata)
        watching = stub.WatchScoringBatch(watch("mine", batch.id), metadata=metadata)
        assert seen(await refusal(read)) == unknown, stranger
        assert seen(await refusal(anext(aiter(watching)))) == unknown, stranger
    assert seen(await refusal(stub.GetScoringBatch(get("another job", batch.id), metadata=owner))) == unknown
    assert unknown[1] == "BATCH_NOT_FOUND"


def seen(refused: Refusal) -> tuple[Any, ...]:
    """Return all that a caller can tell two refusals apart by, but for the trace id."""
    assert refused.info.metadata["trace_id"] == refused.trace_id
    return (
        refused.code,
        refused.info.reason,
        refused.info.domain,
        refused.info.metadata["retryable"],
        refused.message,
        refused.faults,
        refused.retry_after,
        refused.trailing_bytes,
    )


async def test_the_same_ids_of_another_tenant_are_another_batch(service: Service, channel: grpc.aio.Channel) -> None:
    request = text_batch("same", ["anna"])
    callers = (
        metadata_of(service.sandbox, "one"),
        metadata_of(service.sandbox, "two"),
        metadata_of(service.production, "one"),
        metadata_of(service.other_partner, "one"),
    )
    answers = [await stub_of(channel).SubmitScoringBatch(request, metadata=caller) for caller in callers]
    assert len({answer.batch.id for answer in answers}) == 4
    assert len({answer.scoring_job_ids[0] for answer in answers}) == 4
