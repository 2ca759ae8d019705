"""A node that the network cuts off from the database holds nobody up, does no harm, and is back when the network is."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable

import grpc
import pytest

from tests.support.api import refusal
from tests.support.health import NOT_SERVING, SERVING, until_health_is
from tests.support.network import Machine
from tests.support.parted_cluster import PartedCluster, PartedNode, parted_cluster
from tests.support.queue_history import JOBS, connected, noted_changes
from tests.support.queue_model import follow
from tests.support.requests import text_batch, url_batch
from tests.support.running_server import stub_of
from tests.support.server_log import PATIENCE_SECONDS

Switch = Callable[[Machine], None]
CLAIMING = """
SELECT application_name FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND wait_event IN ('transactionid', 'tuple')
"""


@pytest.fixture
async def cluster() -> AsyncIterator[PartedCluster]:
    async with parted_cluster() as running:
        yield running


async def submit_text(cluster: PartedCluster, node: PartedNode, name: str) -> str:
    """Submit an application at a node. Returns the id of its batch."""
    answer = await stub_of(node.channel).SubmitScoringBatch(
        text_batch("job-1", [name]), metadata=cluster.metadata, timeout=PATIENCE_SECONDS
    )
    return str(answer.batch.id)


async def test_a_job_of_a_node_that_is_cut_off_is_done_by_another_and_its_late_result_is_refused(
    cluster: PartedCluster,
) -> None:
    request = url_batch("job-1", [cluster.resume_url])
    batch = (await stub_of(cluster.nodes[0].channel).SubmitScoringBatch(request, metadata=cluster.metadata)).batch
    lost = await cluster.first_asked()
    rescuer = cluster.other(lost)
    lost.machine.pull()
    await rescuer.site.asked.get()
    lost.site.answer()
    await asyncio.to_thread(lost.server.log.wait_for, "outcome_not_written")
    lost.machine.plug()
    await asyncio.to_thread(lost.server.log.wait_for, "lease_lost")
    rescuer.site.answer()
    assert await cluster.is_scored(rescuer, batch.id)
    changes = await noted_changes(cluster.url)
    assert follow(changes)[JOBS] >= Counter(queued=1, claimed=2, rescued=1, ended=1, scored=1)
    (end,) = [change for change in changes if change.state == "completed"]
    assert (end.writer, end.attempt) == (rescuer.name, 2)


@pytest.mark.parametrize(
    ("cut", "join"), [(Machine.pull, Machine.plug), (Machine.switch_off, Machine.switch_on)], ids=["silently", "loudly"]
)
async def test_callers_of_a_node_that_is_cut_off_are_told_to_come_again_until_it_is_back(
    cluster: PartedCluster, cut: Switch, join: Switch
) -> None:
    node = cluster.nodes[0]
    await submit_text(cluster, node, "anna")
    cut(node.machine)
    refused = await asyncio.gather(*(refusal(submit_text(cluster, node, f"ben-{number}")) for number in range(20)))
    assert {(one.code, one.info.reason) for one in refused} == {(grpc.StatusCode.UNAVAILABLE, "SERVICE_UNAVAILABLE")}
    await until_health_is(node.channel, NOT_SERVING)
    join(node.machine)
    await until_health_is(node.channel, SERVING)
    assert await cluster.is_scored(node, await submit_text(cluster, node, "carl"))


async def test_a_node_that_is_cut_off_in_the_middle_of_a_claim_does_not_hold_up_the_others(
    cluster: PartedCluster,
) -> None:
    async with connected(cluster.url) as connection, connection.transaction():
        await connection.execute("SELECT * FROM queue_clock FOR UPDATE")
        batch_id = await submit_text(cluster, cluster.nodes[0], "anna")
        name = None
        while name is None:
            name = await connection.fetchval(CLAIMING)
        (claiming,) = [node for node in cluster.nodes if node.name == name]
        claiming.machine.pull()
    assert await cluster.is_scored(cluster.other(claiming), batch_id)
