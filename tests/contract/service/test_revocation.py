"""A key that is revoked in one process is refused by another within a second, and accepted again once restored."""

from __future__ import annotations

import asyncio
import subprocess
import time
from pathlib import Path

import grpc.aio

from tests.support.api import Refusal, refusal
from tests.support.health import SERVING, until_health_is
from tests.support.held_site import LOOPBACK, held_site
from tests.support.requests import COMPLETED, get, url_batch, watch
from tests.support.running_server import (
    NOVA,
    Metadata,
    clean_environment,
    forked,
    make_key,
    metadata_of,
    stub_of,
    variables,
)
from tests.support.server_log import PATIENCE_SECONDS

PROMISED_SECONDS = 1.0


async def keys(verb: str, key_id: str, data: Path) -> None:
    """Run `nova keys` in a process of its own."""
    command = [str(NOVA), "keys", verb, key_id]
    environment = clean_environment() | variables(data, {})
    await asyncio.to_thread(subprocess.run, command, env=environment, check=True, stdout=subprocess.DEVNULL)


async def ask(channel: grpc.aio.Channel, metadata: Metadata) -> Refusal:
    """Ask for a batch that is not there, which says only whether the key is let in."""
    return await refusal(stub_of(channel).GetScoringBatch(get("job-1", "unknown"), metadata=metadata))


async def last_acceptance(channel: grpc.aio.Channel, metadata: Metadata) -> float:
    """Call until a call is refused. Returns when the last call that was let in had begun."""
    began = last = time.monotonic()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await ask(channel, metadata)).code is not grpc.StatusCode.UNAUTHENTICATED:
            last, began = began, time.monotonic()
    return last


async def test_a_revoked_key_is_refused_within_a_second_and_accepted_again_once_restored(tmp_path: Path) -> None:
    key_id, secret = await make_key(tmp_path)
    metadata = metadata_of(secret)
    with forked(tmp_path) as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            await until_health_is(channel, SERVING)
            assert (await ask(channel, metadata)).code is grpc.StatusCode.NOT_FOUND
            calling = asyncio.create_task(last_acceptance(channel, metadata))
            await keys("revoke", key_id, tmp_path)
            revoked = time.monotonic()
            assert await calling < revoked + PROMISED_SECONDS
            refused = await ask(channel, metadata)
            assert (refused.code, refused.info.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHORIZED")
            await keys("restore", key_id, tmp_path)
            assert (await ask(channel, metadata)).code is grpc.StatusCode.NOT_FOUND


async def test_a_job_that_was_accepted_before_the_revocation_goes_on(tmp_path: Path) -> None:
    key_id, secret = await make_key(tmp_path)
    _, other = await make_key(tmp_path)
    async with held_site() as site:
        with forked(tmp_path, allow_networks=LOOPBACK) as server:
            async with grpc.aio.insecure_channel(server.address) as channel:
                stub = stub_of(channel)
                accepted = await stub.SubmitScoringBatch(url_batch("job-1", [site.url]), metadata=metadata_of(secret))
                await site.asked.get()
                await keys("revoke", key_id, tmp_path)
                site.answer()
                # Another key of the same partner sees the same tenants.
                watching = stub.WatchScoringBatch(watch("job-1", accepted.batch.id), metadata=metadata_of(other))
                assert [change.batch.status async for change in watching][-1] == COMPLETED
                await last_acceptance(channel, metadata_of(secret))
