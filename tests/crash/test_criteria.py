"""kill -9 at any moment, also between a change and its answer: with an idempotency key every change is made once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import grpc
import grpc.aio
from nova.criteria.v1.criteria_service_pb2 import AddCriterionRequest, GetCriteriaRequest
from nova.criteria.v1.criteria_service_pb2_grpc import CriteriaServiceStub
from nova.criteria.v1.criterion_pb2 import PREFERRED

from tests.support.running_server import Metadata, forked, make_key, metadata_of
from tests.support.server_log import PATIENCE_SECONDS

if TYPE_CHECKING:  # the stub of an asyncio channel has a type of its own, and no class
    from nova.criteria.v1.criteria_service_pb2_grpc import CriteriaServiceAsyncStub

KILLS = 8
# As many more as it takes for one of them to come between a change and its answer.
MOST_KILLS = 40
CALLERS = 4
JOBS = 20
# So short that the key of a call which died half-way is free again soon.
DEADLINE_SECONDS = 1


class Additions:
    """Callers who add criteria one after another, and send each again with its key until it is answered."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata
        self._numbers = count()
        self._unanswered: list[int] = []
        self._answered = asyncio.Event()
        self.ids: dict[int, str] = {}  # of the criterion that each call added
        self.replayed = 0

    @asynccontextmanager
    async def sent_to(self, address: str) -> AsyncIterator[None]:
        """Add criteria until the context ends, which must end the server."""
        async with grpc.aio.insecure_channel(address) as channel:
            stub = stub_of(channel)
            callers = [asyncio.create_task(self._add_until_unavailable(stub)) for _ in range(CALLERS)]
            yield
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.gather(*callers)

    async def answers(self, wanted: int) -> None:
        """Wait until `wanted` more calls were answered."""
        goal = len(self.ids) + wanted
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.ids) < goal:
                self._answered.clear()
                await self._answered.wait()

    async def finish(self, address: str) -> Counter[str]:
        """Send again what got no answer. Returns how often each text is among the criteria of all jobs."""
        async with grpc.aio.insecure_channel(address) as channel:
            stub = stub_of(channel)
            while self._unanswered:
                await self._add(stub, self._unanswered.pop())
            requests = [GetCriteriaRequest(job_id=f"job-{job}") for job in range(JOBS)]
            found = [await stub.GetCriteria(request, metadata=self._metadata) for request in requests]
        return Counter(criterion.text for one in found for criterion in one.criteria)

    async def _add_until_unavailable(self, stub: CriteriaServiceAsyncStub) -> None:
        while True:
            number = self._unanswered.pop() if self._unanswered else next(self._numbers)
            try:
                await self._add(stub, number)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                self._unanswered.append(number)
                return

    async def _add(self, stub: CriteriaServiceAsyncStub, number: int) -> None:
        """Add one criterion, and ask again while its key is still held by a call that died."""
        request = AddCriterionRequest(job_id=f"job-{number % JOBS}", text=f"Skill {number}", importance=PREFERRED)
        while True:
            call = stub.AddCriterion(request, metadata=(*self._metadata, ("idempotency-key", f"key-{number}")))
            try:
                answer = await call
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.ABORTED:
                    raise
                continue
            self.replayed += ("idempotent-replayed", "true") in tuple(await call.trailing_metadata())
            self.ids[number] = answer.criterion.id
            self._answered.set()
            return


def stub_of(channel: grpc.aio.Channel) -> CriteriaServiceAsyncStub:
    return CriteriaServiceStub(channel)


async def test_kills_make_no_change_twice_and_lose_none(tmp_path: Path) -> None:
    random = Random(20_261_124)
    additions = Additions(metadata_of((await make_key(tmp_path))[1]))
    settings = {"default_deadline_seconds": DEADLINE_SECONDS, "worker_processes": 1}
    for kill in range(MOST_KILLS):
        if kill >= KILLS and additions.replayed:
            break
        with forked(tmp_path, **settings) as server:
            async with additions.sent_to(await asyncio.to_thread(lambda: server.address)):
                await additions.answers(random.randint(1, 8))
                await asyncio.to_thread(server.kill)
    with forked(tmp_path, **settings) as server:
        texts = await additions.finish(await asyncio.to_thread(lambda: server.address))
        assert await asyncio.to_thread(server.stop) == 0
    assert texts == Counter(f"Skill {number}" for number in additions.ids)
    assert additions.replayed > 0, "no kill came between a change and its answer"
