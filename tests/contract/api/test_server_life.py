"""Starting, health, reflection and stopping of the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from nova.scoring.v1 import scoring_service_pb2, scoring_service_pb2_grpc
from nova_server.api.server import HEALTH_NAMES, GrpcApi
from nova_server.settings import Settings

from tests.support.api import CRITERIA_SERVICE, METADATA, SERVICE, WEBHOOK_SERVICE, Served, refusal, serving

GET = scoring_service_pb2.GetScoringBatchRequest(job_id="job-1", scoring_batch_id="cbatch")
WATCH = scoring_service_pb2.WatchScoringBatchRequest(job_id="job-1", scoring_batch_id="cbatch")
SERVING = health_pb2.HealthCheckResponse.SERVING
LIST = reflection_pb2.ServerReflectionRequest(list_services="")
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


def health(served: Served) -> Any:
    return health_pb2_grpc.HealthStub(served.channel)


async def status(served: Served, service: str = "") -> int:
    return int((await health(served).Check(health_pb2.HealthCheckRequest(service=service))).status)


async def next_poll(served: Served) -> None:
    """Let the second pass after which readiness is asked for again, and wait until it was."""
    await served.clock.until_asleep()
    served.clock.advance(1)
    await served.clock.until_asleep()


@pytest.mark.parametrize("service", ["", SERVICE])
async def test_a_ready_server_says_that_it_serves(served: Served, service: str) -> None:
    assert await status(served, service) == SERVING
    assert served.api.ready()


def test_health_is_told_for_the_server_and_each_service() -> None:
    assert HEALTH_NAMES == ("", SERVICE, CRITERIA_SERVICE, WEBHOOK_SERVICE)


@pytest.mark.parametrize("service", HEALTH_NAMES)
async def test_health_follows_readiness(served: Served, service: str) -> None:
    served.readiness.ready = False
    await next_poll(served)
    assert await status(served, service) == NOT_SERVING

    served.readiness.ready = True
    await next_poll(served)
    assert await status(served, service) == SERVING


async def test_a_readiness_that_cannot_be_had_is_none(served: Served) -> None:
    served.readiness.fault = OSError("disk gone")
    await next_poll(served)

    assert await status(served) == NOT_SERVING


async def test_the_health_of_an_unknown_service_is_not_found(served: Served) -> None:
    failed = await refusal(health(served).Check(health_pb2.HealthCheckRequest(service="other")))

    assert failed.code is grpc.StatusCode.NOT_FOUND
    await served.api.stop()  # the library answers before the call has ended, and it is counted when it has
    labels = {"method": "/grpc.health.v1.Health/Check", "code": "NOT_FOUND"}
    assert served.metrics.registry.get_sample_value("nova_grpc_requests_total", labels) == 1


async def test_a_watcher_of_health_sees_it_change_and_does_not_hold_up_the_stop() -> None:
    async with serving(shutdown_grace_seconds=60) as served:
        watch = health(served).Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        assert (await watch.read()).status == SERVING
        served.readiness.ready = False
        await next_poll(served)
        assert (await watch.read()).status == NOT_SERVING

        async with asyncio.timeout(10):
            await served.api.stop()


async def reflect(
    served: Served, question: reflection_pb2.ServerReflectionRequest
) -> reflection_pb2.ServerReflectionResponse:
    # The library is generated without types for grpc.aio.
    channel: Any = served.channel
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
    calls = stub.ServerReflectionInfo(iter([question]))
    answer: reflection_pb2.ServerReflectionResponse = await calls.read()
    return answer


async def test_reflection_lists_the_services(served: Served) -> None:
    answer = await reflect(served, LIST)

    names = {service.name for service in answer.list_services_response.service}
    library = {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
    assert names == {SERVICE, CRITERIA_SERVICE, WEBHOOK_SERVICE} | library


async def test_reflection_describes_the_scoring_service(served: Served) -> None:
    answer = await reflect(served, reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE))

    files = [
        descriptor_pb2.FileDescriptorProto.FromString(file)
        for file in answer.file_descriptor_response.file_descriptor_proto
    ]
    methods = [method.name for file in files for service in file.service for method in service.method]
    assert "SubmitScoringBatch" in methods


async def test_reflection_can_be_switched_off() -> None:
    async with serving(reflection=False) as served:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await reflect(served, LIST)

        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_server_listens_on_a_unix_socket(tmp_path: Path) -> None:
    address = f"unix:{tmp_path / 'api.sock'}"
    async with serving(grpc_address=address), grpc.aio.insecure_channel(address) as channel:
        stub = scoring_service_pb2_grpc.ScoringServiceStub(channel)

        answer = await stub.GetScoringBatch(GET, metadata=METADATA)

    assert answer.batch.id == "cbatch"


async def test_an_address_that_is_taken_fails_the_start(served: Served) -> None:
    with pytest.raises(RuntimeError, match="Failed to bind"):
        async with serving(grpc_address=f"127.0.0.1:{served.api.port}"):
            pass


async def test_a_server_that_could_not_start_can_be_stopped(served: Served) -> None:
    second = GrpcApi(Settings(grpc_address=f"127.0.0.1:{served.api.port}"), served.parts)
    with pytest.raises(RuntimeError, match="Failed to bind"):
        await second.start()

    await second.stop()

    assert not second.ready()


async def test_a_stop_lets_a_running_call_end_and_takes_no_new_one() -> None:
    async with serving(shutdown_grace_seconds=10) as served:
        served.use_cases.open.clear()
        running = asyncio.ensure_future(served.stub.GetScoringBatch(GET, metadata=METADATA))
        await asyncio.wait_for(served.use_cases.asked.wait(), 5)

        stopping = asyncio.create_task(served.api.stop())
        async with asyncio.timeout(5):
            # Until the server takes no more calls, it answers that this one brings no key.
            while (await refusal(served.stub.GetScoringBatch(GET))).info.reason == "UNAUTHORIZED":
                pass
        served.use_cases.open.set()

        assert (await running).batch.id == "cbatch"
        await stopping
        assert (await refusal(served.stub.GetScoringBatch(GET))).code is grpc.StatusCode.UNAVAILABLE
        assert not served.api.ready()


async def test_a_stop_cuts_a_call_that_outlasts_the_grace() -> None:
    async with serving(shutdown_grace_seconds=0.05) as served:
        served.use_cases.open.clear()
        stream = served.stub.WatchScoringBatch(WATCH, metadata=METADATA)
        await asyncio.wait_for(served.use_cases.asked.wait(), 5)

        await served.api.stop()

        await asyncio.wait_for(served.use_cases.ended.wait(), 5)
        assert (await refusal(stream.read())).code is grpc.StatusCode.UNAVAILABLE


async def test_a_server_can_be_stopped_twice() -> None:
    async with serving() as served:
        await served.api.stop()
        await served.api.stop()

        assert not served.api.ready()
