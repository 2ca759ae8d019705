"""Processes of a cluster are killed: callers get an answer or are told to come again, and nothing accepted is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import grpc
import grpc.aio
import pytest

from tests.support.cluster import Cluster, cluster
from tests.support.health import SERVING, until_health_is
from tests.support.requests import COMPLETED, get, text_batch, watch
from tests.support.rest import Answer, RestClient, submission
from tests.support.running_server import stub_of
from tests.support.server_log import PATIENCE_SECONDS

CALLERS = 6
# Short, so that the jobs of a dead worker are soon another's.
LEASE = {"lease_seconds": 1, "heartbeat_seconds": 0.2, "sweep_seconds": 0.2}


@pytest.fixture
def running(postgresql_url: str) -> Iterator[Cluster]:
    with cluster(postgresql_url, apis=2, workers=3, **LEASE) as started:
        yield started


@asynccontextmanager
async def rest_of(running: Cluster) -> AsyncIterator[RestClient]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS)) as session:
        yield RestClient(running.rest_url, session)


@dataclass
class Callers:
    """Callers who submit a batch after another over REST, and send again what they are told to send again."""

    rest: RestClient
    headers: dict[str, str]
    answers: list[Answer] = field(default_factory=list)
    accepted: dict[str, str] = field(default_factory=dict)  # the job of each batch, by the id of the batch
    stopping: bool = False
    _grew: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            for number in range(CALLERS):
                group.create_task(self._call(f"job-{number}"))
            yield
            self.stopping = True

    async def until_accepted(self, count: int) -> None:
        """Wait until that many more batches were accepted."""
        wanted = len(self.accepted) + count
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.accepted) < wanted:
                self._grew.clear()
                await self._grew.wait()

    async def _call(self, job_id: str) -> None:
        number = 0
        while not self.stopping:
            number += 1
            batch = submission(2)
            batch["applications"][0]["applicationId"] = f"first-{number}"
            batch["applications"][1]["applicationId"] = f"second-{number}"
            batch_id = await self._until_accepted(f"/v1/jobs/{job_id}/scoring-batches", batch)
            self.accepted[batch_id] = job_id
            self._grew.set()

    async def _until_accepted(self, path: str, body: object) -> str:
        while True:
            answer = await self.rest.post(path, json=body, headers=self.headers)
            self.answers.append(answer)
            if answer.status == 202:
                return str(answer.json["batch"]["id"])
            assert (answer.status, answer.json["retryable"]) == (503, True), answer.text


async def assert_scored(running: Cluster, accepted: dict[str, str]) -> None:
    """Check that every accepted batch comes to its end, with a score for each application."""
    async with grpc.aio.insecure_channel(running.addresses[0]) as channel, asyncio.timeout(PATIENCE_SECONDS):
        stub = stub_of(channel)
        for batch_id, job_id in accepted.items():
            async for _ in stub.WatchScoringBatch(watch(job_id, batch_id), metadata=running.metadata):
                pass
            batch = (await stub.GetScoringBatch(get(job_id, batch_id), metadata=running.metadata)).batch
            assert (batch.status, batch.completed_jobs) == (COMPLETED, 2)


def headers_of(running: Cluster) -> dict[str, str]:
    return {"Authorization": f"Bearer {running.secret}", "X-Tenant-Id": "tenant-1"}


async def test_apis_and_workers_score_together_what_is_sent_to_one_gateway(running: Cluster) -> None:
    async with rest_of(running) as rest:
        accepted = {}
        for number in range(4):
            path = f"/v1/jobs/job-{number}/scoring-batches"
            answer = await rest.post(path, json=submission(2), headers=headers_of(running))
            assert answer.status == 202
            accepted[answer.json["batch"]["id"]] = f"job-{number}"
    await assert_scored(running, accepted)
    await asyncio.to_thread(running.stop)


async def test_what_one_api_accepted_is_watched_at_another(running: Cluster) -> None:
    one, other = running.addresses
    async with grpc.aio.insecure_channel(one) as channel:
        submitted = await stub_of(channel).SubmitScoringBatch(text_batch("job-1", ["anna"]), metadata=running.metadata)
    async with grpc.aio.insecure_channel(other) as channel:
        told = stub_of(channel).WatchScoringBatch(watch("job-1", submitted.batch.id), metadata=running.metadata)
        assert [change async for change in told][-1].batch.status == COMPLETED


async def test_callers_of_a_gateway_are_told_to_come_again_at_worst_when_an_api_is_killed(running: Cluster) -> None:
    async with rest_of(running) as rest:
        callers = Callers(rest, headers_of(running))
        async with callers.calling():
            for api in running.apis:
                await callers.until_accepted(10)
                await asyncio.to_thread(api.kill)
                await callers.until_accepted(10)
                await asyncio.to_thread(api.restart)
                async with grpc.aio.insecure_channel(api.address) as channel:
                    await until_health_is(channel, SERVING)
    statuses = Counter(answer.status for answer in callers.answers)
    assert statuses[202] >= 40
    assert statuses[202] == len(callers.accepted)
    await assert_scored(running, callers.accepted)


async def test_a_request_that_reached_no_api_is_sent_to_another_one(running: Cluster) -> None:
    async with rest_of(running) as rest:
        path = "/v1/jobs/job-1/scoring-batches/unknown"
        for api in running.apis:
            await asyncio.to_thread(api.kill)
            # Envoy believes in the dead one until five requests failed there, or two questions after its health.
            answers = [await rest.get(path, headers=headers_of(running)) for _ in range(20)]
            assert {answer.status for answer in answers} == {404}
            await asyncio.to_thread(api.restart)
            await until_envoy_trusts(2, running)


async def until_envoy_trusts(count: int, running: Cluster) -> None:
    """Wait until that many apis take turns."""
    admin = running.gateway.server.envoy_admin()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while int((await admin.get("/stats?filter=^cluster.api.membership_healthy$")).rpartition(":")[2]) != count:
            pass


async def test_callers_of_a_killed_api_are_told_that_it_is_away(running: Cluster) -> None:
    api = running.apis[0]
    async with grpc.aio.insecure_channel(api.address) as channel:
        stub, metadata = stub_of(channel), running.metadata
        submitted = await stub.SubmitScoringBatch(text_batch("job-1", ["anna", "ben"]), metadata=metadata)
        await asyncio.to_thread(api.kill)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.GetScoringBatch(get("job-1", submitted.batch.id), metadata=metadata)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        await asyncio.to_thread(api.restart)
        found = await stub.GetScoringBatch(
            get("job-1", submitted.batch.id), metadata=metadata, wait_for_ready=True, timeout=PATIENCE_SECONDS
        )
    assert found.batch.id == submitted.batch.id


async def test_a_gateway_that_was_killed_serves_again_at_the_same_address(running: Cluster) -> None:
    url = running.rest_url
    await asyncio.to_thread(running.gateway.restart)
    assert running.rest_url == url
    async with rest_of(running) as rest:
        assert (await rest.get("/healthz")).status == 200
