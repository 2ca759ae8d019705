"""One row for each rule about the versions and revisions of a job's criteria, through both doors."""

from __future__ import annotations

import pytest

from tests.contract.rules.doors import Refused, gathered
from tests.contract.rules.scene import (
    MUST,
    NICE,
    PREFERRED,
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
async def every_change_makes_a_version_and_old_ones_stay_readable(scene: Scene) -> None:
    (python,) = await scene.set_criteria(PYTHON)
    await scene.call("AddCriterion", **KAFKA)
    await scene.call("UpdateCriterion", criterionId=python["id"], text="Python 3")
    await scene.call("RemoveCriterion", criterionId=python["id"])
    versions = (await scene.versions())[::-1]
    assert [one["version"] for one in versions] == [1, 2, 3, 4]
    assert [one["status"] for one in versions] == ["ARCHIVED"] * 3 + ["ACTIVE"]
    texts = [[one["text"] for one in (await scene.version(each["id"]))["criteria"]] for each in versions]
    assert texts == [["Python"], ["Python", "Kafka"], ["Python 3", "Kafka"], ["Kafka"]]


@rule
async def versions_are_listed_in_pages(scene: Scene) -> None:
    for text in "abcde":
        await scene.set_criteria(criterion(text))
    seen, token = [], None
    while True:
        page = (await scene.call("ListCriteriaVersions", pageSize=2, pageToken=token)).body
        seen += [one["version"] for one in page["versions"]]
        if (token := page["nextPageToken"]) is None:
            break
    assert seen == [5, 4, 3, 2, 1]
    with refused("VALIDATION_ERROR", 400, "pageToken"):
        await scene.call("ListCriteriaVersions", pageToken="nonsense")


@rule
async def a_version_is_found_only_at_its_own_job(scene: Scene) -> None:
    await scene.set_criteria(PYTHON)
    version = (await scene.current())["version"]["id"]
    for other in (scene.of_tenant("tenant-2"), scene.of_other_partner()):
        with refused("CRITERIA_VERSION_NOT_FOUND", 404):
            await other.version(version)
        with refused("CRITERIA_NOT_FOUND", 404):
            await other.criteria()


@rule
async def a_job_keeps_the_version_it_was_submitted_with(scene: Scene) -> None:
    await scene.set_criteria(PYTHON)
    job = await scene.submit()
    await scene.set_criteria(criterion("repaired bicycles"))
    scored = await scene.ended(job)
    assert scored["criteriaVersionId"] == job["criteriaVersionId"]
    words = " ".join((*scored["assessment"]["strengths"], *scored["assessment"]["concerns"]))
    assert "Python" in words
    assert "bicycles" not in words


@rule
async def a_revision_that_is_current_lets_criteria_be_set(scene: Scene) -> None:
    await scene.set_criteria(PYTHON)
    revision = (await scene.current())["criteriaRevision"]
    await scene.with_headers(x_expected_criteria_revision=revision).set_criteria(KAFKA)
    assert (await scene.current())["criteriaRevision"] != revision


@rule
async def a_revision_that_is_past_refuses_it(scene: Scene) -> None:
    await scene.set_criteria(PYTHON)
    past = scene.with_headers(x_expected_criteria_revision=(await scene.current())["criteriaRevision"])
    await scene.set_criteria(KAFKA)
    await scene.set_criteria(PYTHON)  # as it was, and still changed since
    for expecting in (past, scene.with_headers(x_expected_criteria_revision="crit_unheard_of")):
        with refused("CRITERIA_REVISION_MISMATCH", 412):
            await expecting.set_criteria(GO)
    assert told(await scene.criteria()) == [("Python", MUST)]


@rule
async def of_many_who_expect_the_same_revision_one_succeeds(scene: Scene) -> None:
    await scene.set_criteria(PYTHON)
    expecting = scene.with_headers(x_expected_criteria_revision=(await scene.current())["criteriaRevision"])
    answers = await gathered(*(expecting.set_criteria(criterion(f"Skill {number}")) for number in range(20)))
    refusals = [answer.code for answer in answers if isinstance(answer, Refused)]
    assert refusals == ["CRITERIA_REVISION_MISMATCH"] * 19


@pytest.mark.parametrize("row", RULES, ids=sentence_of)
async def test_the_rule_holds(row: Rule, scene: Scene) -> None:
    await row(scene)
