"""One row for each rule about idempotency keys, through both doors. Time and crashes are in other tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.contract.rules.doors import Answer, Json, Refused, gathered
from tests.contract.rules.scene import MUST, NICE, Rule, Scene, criterion, refused, rule_of, sentence_of, told

PYTHON, KAFKA, GO = criterion("Python"), criterion("Kafka"), criterion("Go", NICE)
RULES: list[Rule] = []
rule = rule_of(RULES)


def keyed(scene: Scene, key: str = "key") -> Scene:
    """Return the scene with an idempotency key that no other test has, because keys belong to a whole partner."""
    return scene.with_headers(idempotency_key=f"{scene.job_id}-{key}")


async def changes_of(scene: Scene) -> Mapping[str, Json]:
    """Return a valid request for each call that changes criteria, on a job that has two."""
    python, kafka = await scene.set_criteria(PYTHON, KAFKA)
    return {
        "AddCriterion": GO,
        "UpdateCriterion": {"criterionId": python["id"], "text": "Python 3"},
        "RemoveCriterion": {"criterionId": kafka["id"]},
        "SetCriteria": {"criteria": [GO]},
        "ArchiveCriteria": {},
    }


@rule
async def a_repeated_call_is_answered_as_the_first_time(scene: Scene) -> None:
    for rpc, body in (await changes_of(scene)).items():
        first = await keyed(scene, rpc).call(rpc, **body)
        again = await keyed(scene, rpc).call(rpc, **body)
        assert again.body == first.body
        assert (first.replayed, again.replayed) == (False, True)


@rule
async def a_repeated_call_is_done_once(scene: Scene) -> None:
    for _ in range(3):
        await keyed(scene).call("AddCriterion", **PYTHON)
    assert told(await scene.criteria()) == [("Python", MUST)]
    await scene.call("AddCriterion", **PYTHON)
    assert told(await scene.criteria()) == [("Python", MUST)] * 2


@rule
async def a_replay_tells_what_was_then_and_changes_nothing(scene: Scene) -> None:
    first = await keyed(scene).call("SetCriteria", criteria=[PYTHON])
    await scene.set_criteria(KAFKA)
    again = await keyed(scene).call("SetCriteria", criteria=[PYTHON])
    assert again.body == first.body
    assert told(await scene.criteria()) == [("Kafka", MUST)]


@rule
async def another_body_with_the_same_key_is_refused(scene: Scene) -> None:
    await keyed(scene).call("SetCriteria", criteria=[PYTHON])
    with refused("IDEMPOTENCY_KEY_REUSED", 422):
        await keyed(scene).call("SetCriteria", criteria=[KAFKA])
    assert told(await scene.criteria()) == [("Python", MUST)]


@rule
async def another_route_job_tenant_or_revision_with_the_same_key_is_refused(scene: Scene) -> None:
    one = keyed(scene)
    await one.call("SetCriteria", criteria=[])
    expecting = scene.with_headers(idempotency_key=one.headers["idempotency-key"], x_expected_criteria_revision="x")
    for other, rpc, body in (
        (one, "AddCriterion", PYTHON),
        (one, "SetCriteria", {"jobId": "other", "criteria": []}),
        (one.of_tenant("tenant-2"), "SetCriteria", {"criteria": []}),
        (expecting, "SetCriteria", {"criteria": []}),
    ):
        with refused("IDEMPOTENCY_KEY_REUSED", 422):
            await other.call(rpc, **body)


@rule
async def two_partners_may_have_the_same_key(scene: Scene) -> None:
    await keyed(scene).call("SetCriteria", criteria=[PYTHON])
    theirs = await keyed(scene.of_other_partner()).call("SetCriteria", criteria=[KAFKA])
    assert not theirs.replayed
    assert told(theirs.body["criteria"]) == [("Kafka", MUST)]


@rule
async def a_refused_call_may_be_repeated_with_its_key(scene: Scene) -> None:
    with refused("CRITERIA_NOT_FOUND", 404):
        await keyed(scene).call("ArchiveCriteria")
    await scene.set_criteria(PYTHON)
    assert not (await keyed(scene).call("ArchiveCriteria")).replayed


@rule
async def an_invalid_call_takes_no_key(scene: Scene) -> None:
    with refused("VALIDATION_ERROR", 400, "text"):
        await keyed(scene).call("AddCriterion", **criterion(""))
    assert not (await keyed(scene).call("AddCriterion", **PYTHON)).replayed


@rule
async def a_key_is_1_to_255_printable_ascii_characters(scene: Scene) -> None:
    longest = scene.with_headers(idempotency_key=f"{scene.job_id:x<255}")
    await longest.call("SetCriteria", criteria=[PYTHON])
    assert (await longest.call("SetCriteria", criteria=[PYTHON])).replayed
    for fault in ("", "x" * 256):
        with refused("VALIDATION_ERROR", 400, "Idempotency-Key"):
            await scene.with_headers(idempotency_key=fault).call("SetCriteria", criteria=[PYTHON])


@rule
async def without_a_key_nothing_is_replayed(scene: Scene) -> None:
    assert not (await scene.call("SetCriteria", criteria=[PYTHON])).replayed
    assert not (await scene.call("SetCriteria", criteria=[PYTHON])).replayed


@rule
async def reading_takes_no_key(scene: Scene) -> None:
    await scene.set_criteria(PYTHON)
    for _ in range(2):
        assert not (await keyed(scene).call("GetCriteria")).replayed


@rule
async def of_many_at_once_one_is_done_and_the_others_wait_or_hear_of_it(scene: Scene) -> None:
    answers: list[Any] = await gathered(*(keyed(scene).call("AddCriterion", **PYTHON) for _ in range(50)))
    done = [answer for answer in answers if isinstance(answer, Answer)]
    busy = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(done) + len(busy) == 50
    assert sum(not answer.replayed for answer in done) == 1
    assert {(one.code, one.retry_after) for one in busy} <= {("IDEMPOTENCY_REQUEST_IN_PROGRESS", True)}
    assert told(await scene.criteria()) == [("Python", MUST)]


@pytest.mark.parametrize("row", RULES, ids=sentence_of)
async def test_the_rule_holds(row: Rule, scene: Scene) -> None:
    await row(scene)
