"""One row for each rule about a job's criteria through both doors."""

from __future__ import annotations

import re

import pytest

from tests.contract.rules.doors import gathered
from tests.contract.rules.scene import (
    BICYCLE_JOB,
    MUST,
    NICE,
    PREFERRED,
    PYTHON_JOB,
    Rule,
    Scene,
    criterion,
    refused,
    rule_of,
    sentence_of,
    told,
)

PYTHON, KAFKA, GO = criterion("Python"), criterion("Kafka", PREFERRED), criterion("Go", NICE)
RULES: list[Rule] = []
rule = rule_of(RULES)


@rule
async def a_job_that_nobody_knows_has_no_criteria(scene: Scene) -> None:
    for rpc in ("GetCriteria", "GetCurrentCriteriaVersion", "ArchiveCriteria"):
        with refused("CRITERIA_NOT_FOUND", 404):
            await scene.call(rpc)
    assert await scene.versions() == []


@rule
async def a_submission_derives_the_criteria_from_its_texts(scene: Scene) -> None:
    job = await scene.submit()
    assert told(await scene.criteria()) == [("five years of Python", MUST), ("PostgreSQL", NICE)]
    current = await scene.current()
    assert current["version"]["id"] == job["criteriaVersionId"]
    assert (current["version"]["version"], current["version"]["status"]) == (1, "ACTIVE")


@rule
async def the_same_texts_are_the_same_version(scene: Scene) -> None:
    first, second = await scene.submit("app-1"), await scene.submit("app-2")
    batch = await scene.submit_batch("app-3", job=PYTHON_JOB)
    third = await scene.read(batch["scoringJobIds"][0], "app-3")
    assert len({one["criteriaVersionId"] for one in (first, second, third)}) == 1
    assert len(await scene.versions()) == 1


@rule
async def other_texts_become_the_current_version(scene: Scene) -> None:
    await scene.submit("app-1")
    changed = await scene.submit("app-2", job=BICYCLE_JOB)
    assert (await scene.current())["version"]["id"] == changed["criteriaVersionId"]
    newest, oldest = await scene.versions()
    assert (newest["version"], newest["status"], newest["archivedAt"]) == (2, "ACTIVE", None)
    assert (oldest["version"], oldest["status"]) == (1, "ARCHIVED")
    assert oldest["archivedAt"]


@rule
async def role_knowledge_is_part_of_the_version(scene: Scene) -> None:
    plain = await scene.submit("app-1")
    knowing = await scene.submit("app-2", roleKnowledge="Must know Erlang.")
    assert plain["criteriaVersionId"] != knowing["criteriaVersionId"]
    assert "Must know Erlang." in [one["text"] for one in await scene.criteria()]


@rule
async def a_submission_that_makes_no_new_job_changes_no_criteria(scene: Scene) -> None:
    await scene.submit()
    before = await scene.current()
    await scene.submit(job=BICYCLE_JOB)
    assert await scene.current() == before


@rule
async def criteria_are_set_as_a_flat_list_in_their_order(scene: Scene) -> None:
    criteria = await scene.set_criteria(PYTHON, KAFKA)
    assert told(criteria) == [("Python", MUST), ("Kafka", PREFERRED)]
    assert [one["order"] for one in criteria] == [0, 1]
    for one in criteria:
        assert one.keys() == {"id", "text", "importance", "order", "createdAt"}
        assert re.fullmatch("crit_[0-9a-f]{12}", one["id"])
    assert await scene.criteria() == criteria


@rule
async def a_text_that_stays_keeps_its_id(scene: Scene) -> None:
    before = await scene.set_criteria(PYTHON, KAFKA)
    after = await scene.set_criteria(GO, criterion("Kafka", MUST))
    assert after[1]["id"] == before[1]["id"]
    assert after[1]["createdAt"] == before[1]["createdAt"]
    assert after[0]["id"] not in [one["id"] for one in before]


@rule
async def the_same_content_is_the_same_version_again(scene: Scene) -> None:
    await scene.set_criteria(PYTHON, KAFKA)
    first = (await scene.current())["version"]
    await scene.set_criteria(GO)
    await scene.set_criteria(PYTHON, KAFKA)
    assert (await scene.current())["version"] == first
    assert [one["version"] for one in await scene.versions()] == [2, 1]


@rule
async def an_empty_list_goes_back_to_the_texts_of_submissions(scene: Scene) -> None:
    await scene.set_criteria(PYTHON)
    assert await scene.set_criteria() == []
    assert await scene.criteria() == []
    await scene.submit(job=BICYCLE_JOB)
    assert [one["text"] for one in await scene.criteria()] == ["repaired bicycles"]


@rule
async def archived_criteria_are_gone_until_they_are_set(scene: Scene) -> None:
    await scene.set_criteria(PYTHON)
    assert (await scene.call("ArchiveCriteria")).body == {"success": True}
    for rpc in ("GetCriteria", "GetCurrentCriteriaVersion", "ArchiveCriteria"):
        with refused("CRITERIA_NOT_FOUND", 404):
            await scene.call(rpc)
    (version,) = await scene.versions()
    assert version["status"] == "ARCHIVED"
    assert version["archivedAt"]
    assert told(await scene.set_criteria(PYTHON)) == [("Python", MUST)]
    assert (await scene.current())["version"]["status"] == "ACTIVE"


@rule
async def derived_criteria_can_be_archived_too(scene: Scene) -> None:
    await scene.submit("app-1")
    await scene.call("ArchiveCriteria")
    with refused("CRITERIA_NOT_FOUND", 404):
        await scene.submit("app-2")


@rule
async def what_was_accepted_before_the_archive_is_scored(scene: Scene) -> None:
    job = await scene.submit()
    await scene.call("ArchiveCriteria")
    assert (await scene.ended(job))["status"] == "completed"


@rule
async def an_item_is_added_behind_the_others(scene: Scene) -> None:
    await scene.set_criteria(PYTHON)
    answer = (await scene.call("AddCriterion", **KAFKA)).body
    assert told(answer["criteria"]) == [("Python", MUST), ("Kafka", PREFERRED)]
    assert answer["criterion"] == answer["criteria"][1]
    assert await scene.criteria() == answer["criteria"]


@rule
async def an_item_is_added_to_nothing_and_to_what_was_derived(scene: Scene) -> None:
    assert told((await scene.call("AddCriterion", **GO)).body["criteria"]) == [("Go", NICE)]
    other = scene.of_tenant("tenant-2")
    await other.submit()
    texts = [text for text, _ in told((await other.call("AddCriterion", **GO)).body["criteria"])]
    assert texts == ["five years of Python", "PostgreSQL", "Go"]


@rule
async def an_item_is_changed_in_its_place(scene: Scene) -> None:
    python, _ = await scene.set_criteria(PYTHON, KAFKA)
    answer = (await scene.call("UpdateCriterion", criterionId=python["id"], text="Python 3")).body
    assert told(answer["criteria"]) == [("Python 3", MUST), ("Kafka", PREFERRED)]
    assert answer["criterion"]["id"] == python["id"]
    answer = (await scene.call("UpdateCriterion", criterionId=python["id"], importance=NICE)).body
    assert told([answer["criterion"]]) == [("Python 3", NICE)]


@rule
async def an_item_is_removed(scene: Scene) -> None:
    python, kafka = await scene.set_criteria(PYTHON, KAFKA)
    assert (await scene.call("RemoveCriterion", criterionId=python["id"])).body == {"success": True}
    assert await scene.criteria() == [kafka | {"order": 0}]
    await scene.call("RemoveCriterion", criterionId=kafka["id"])
    assert await scene.criteria() == []


@rule
async def an_item_that_is_not_current_is_neither_changed_nor_removed(scene: Scene) -> None:
    (old,) = await scene.set_criteria(PYTHON)
    await scene.set_criteria(KAFKA)
    for name in (old["id"], "crit_000000000000"):
        with refused("CRITERION_NOT_FOUND", 404):
            await scene.call("UpdateCriterion", criterionId=name, text="Go")
        with refused("CRITERION_NOT_FOUND", 404):
            await scene.call("RemoveCriterion", criterionId=name)


@rule
async def items_of_no_criteria_are_not_found(scene: Scene) -> None:
    with refused("CRITERIA_NOT_FOUND", 404):
        await scene.call("UpdateCriterion", criterionId="crit_000000000000", text="Go")
    with refused("CRITERIA_NOT_FOUND", 404):
        await scene.call("RemoveCriterion", criterionId="crit_000000000000")


@rule
async def items_that_are_added_at_once_are_all_there(scene: Scene) -> None:
    names = [f"Skill {number:02}" for number in range(30)]
    await gathered(*(scene.call("AddCriterion", **criterion(name)) for name in names))
    criteria = await scene.criteria()
    assert sorted(one["text"] for one in criteria) == names
    assert len({one["id"] for one in criteria}) == 30


@rule
async def a_job_has_a_hundred_criteria_at_most(scene: Scene) -> None:
    many = [criterion(f"Skill {number}") for number in range(101)]
    with refused("VALIDATION_ERROR", 400, "criteria"):
        await scene.set_criteria(*many)
    await scene.set_criteria(*many[:100])
    with refused("CRITERIA_LIMIT_REACHED", 409):
        await scene.call("AddCriterion", **GO)


@rule
async def every_fault_of_a_set_is_named(scene: Scene) -> None:
    faulty = [criterion(""), {"text": "Go"}, criterion("x" * 2_001)]
    with refused("VALIDATION_ERROR", 400, "criteria[0].text", "criteria[1].importance", "criteria[2].text"):
        await scene.set_criteria(*faulty)
    with refused("CRITERIA_NOT_FOUND", 404):
        await scene.criteria()


@rule
async def a_change_of_an_item_changes_something(scene: Scene) -> None:
    (python,) = await scene.set_criteria(PYTHON)
    with refused("VALIDATION_ERROR", 400, "text"):
        await scene.call("UpdateCriterion", criterionId=python["id"])


@pytest.mark.parametrize("row", RULES, ids=sentence_of)
async def test_the_rule_holds(row: Rule, scene: Scene) -> None:
    await row(scene)
