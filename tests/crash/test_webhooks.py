"""kill -9 at any moment loses no webhook, and no event ever has two ids."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

from nova_server.foundation import open_webhooks
from nova_server.ports.tenancy import Caller, Environment
from nova_server.settings import Settings
from standardwebhooks import Webhook

from tests.crash.load import Load
from tests.support.held_site import LOOPBACK
from tests.support.running_server import forked, make_key, metadata_of
from tests.support.webhook_receiver import Receiver, receiving

KILLS = 30
OWNER = Caller("partner-1", Environment.SANDBOX)
Subject = tuple[str, str]


async def new_endpoint(data_dir: Path, url: str) -> str:
    """Return the secret of a new endpoint."""
    async with open_webhooks(Settings(data_dir=data_dir)) as webhooks:
        _, secret = await webhooks.create_endpoint(OWNER, url, name=None, events=(), enabled=True)
        return secret


async def test_thirty_kills_under_load_lose_no_event_and_give_none_a_second_id(tmp_path: Path) -> None:
    random = Random(20_260_302)
    load = Load(random.randrange(1_000_000), metadata_of((await make_key(tmp_path))[1]))
    async with receiving() as receiver:
        secret = await new_endpoint(tmp_path, receiver.url)
        settings = {"allow_networks": LOOPBACK, "max_starts": 1_000, "worker_processes": 1}
        for _ in range(KILLS):
            with forked(tmp_path, **settings) as server:
                async with load.sent_to(await asyncio.to_thread(lambda: server.address)):
                    await load.acknowledgements(random.randint(1, 12))
                    await asyncio.to_thread(server.kill)
        with forked(tmp_path, **settings) as server:
            await load.finish(await asyncio.to_thread(lambda: server.address))
            expected = events_of(load)
            await receiver.until(lambda: expected <= receiver.ids().keys())
            assert await asyncio.to_thread(server.stop) == 0
    assert receiver.ids().keys() == expected
    assert {len(ids) for ids in receiver.ids().values()} == {1}
    assert_verified(receiver, secret)


def events_of(load: Load) -> set[Subject]:
    """Return what has to be told of the acknowledged batches: each score once, and the end of each batch."""
    batches = load.acknowledged.values()
    scores = {("score.completed", job) for batch in batches for job in batch.scoring_job_ids.values()}
    return scores | {("batch.completed", batch.id) for batch in batches}


def assert_verified(receiver: Receiver, secret: str) -> None:
    """Let outside code verify one arrival of each event."""
    verifier = Webhook(secret)
    for arrival in {arrival.event["event"]: arrival for arrival in receiver.arrivals}.values():
        assert verifier.verify(arrival.body, arrival.headers) == arrival.event
