"""`nova watch`."""

from __future__ import annotations

import json

from nova.errors.v1 import error_reason_pb2

from tests.unit.cli.command_line import Outcome, nova
from tests.unit.cli.fake_service import BrokenStream, RunningService, change_of, pending, scored
from tests.unit.cli.refusals import refusal


async def watch(service: RunningService, *options: str) -> Outcome:
    return await nova(
        "watch", "batch-1", "--job-id", "backend", "--api-key", "sk_test_x", "--address", service.address, *options
    )


async def test_a_batch_is_followed_over_a_broken_stream_to_its_table(service: RunningService) -> None:
    service.fake.streams = [
        [change_of("batch-1", [pending("ann"), pending("bob")]), BrokenStream()],
        [change_of("batch-1", [scored("ann", 9), scored("bob", 2)])],
    ]
    outcome = await watch(service)
    assert outcome.code == 0, outcome.errors
    assert outcome.errors.splitlines() == ["0 of 2 scored or failed", "2 of 2 scored or failed"]
    assert outcome.output.index("ann") < outcome.output.index("bob")


async def test_json_can_be_asked_for(service: RunningService) -> None:
    service.fake.batches["batch-1"] = [scored("ann")]
    outcome = await watch(service, "--json")
    assert json.loads(outcome.output)["batch"]["id"] == "batch-1"


async def test_an_unknown_batch_fails_the_command(service: RunningService) -> None:
    service.fake.streams = [[refusal(error_reason_pb2.BATCH_NOT_FOUND)]]
    outcome = await watch(service)
    assert outcome.code == 1
    assert outcome.errors.startswith("BATCH_NOT_FOUND: There is no such scoring batch.\n")
