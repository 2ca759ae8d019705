"""One row for each rule about a single application: submitting, rescoring and reading it, through both doors."""

from __future__ import annotations

import pytest

from tests.contract.rules.doors import gathered
from tests.contract.rules.scene import (
    BICYCLE_JOB,
    BROKEN_RESUME,
    OTHER_RESUME,
    Rule,
    Scene,
    criterion,
    refused,
    rule_of,
    sentence_of,
)

RULES: list[Rule] = []
rule = rule_of(RULES)
KEYS = {
    "id", "criteriaVersionId", "jobId", "applicationId", "status", "isRescore", "score", "assessment", "errorCode",
    "errorMessage", "queuedAt", "startedAt", "completedAt", "failedAt",
}  # fmt: skip
UNKNOWN_YET = ("score", "assessment", "errorCode", "errorMessage", "completedAt", "failedAt")


@rule
async def a_first_submission_is_pending_with_every_key(scene: Scene) -> None:
    job = await scene.submit()
    assert job.keys() == KEYS
    assert (job["status"], job["isRescore"], job["jobId"], job["applicationId"]) == (
        "pending", False, scene.job_id, "app-1",
    )  # fmt: skip
    assert [job[key] for key in UNKNOWN_YET] == [None] * len(UNKNOWN_YET)
    assert job["criteriaVersionId"]
    assert job["queuedAt"]


@rule
async def it_is_scored_and_read_back(scene: Scene) -> None:
    job = await scene.ended(await scene.submit())
    assert job["status"] == "completed"
    assert 1 <= job["score"] <= 10
    assert job["assessment"].keys() == {"verdict", "strengths", "concerns", "interviewFocus"}
    assert (job["errorCode"], job["errorMessage"], job["failedAt"]) == (None, None, None)
    assert await scene.latest() == job


@rule
async def the_same_application_keeps_its_job_whatever_else_the_body_says(scene: Scene) -> None:
    job = await scene.submit()
    again = await scene.submit(resume=OTHER_RESUME, job=BICYCLE_JOB, roleKnowledge="Rides bicycles.")
    assert (again["id"], again["criteriaVersionId"]) == (job["id"], job["criteriaVersionId"])


@rule
async def another_application_and_another_job_have_their_own(scene: Scene) -> None:
    jobs = [await scene.submit("app-1"), await scene.submit("app-2")]
    jobs += [await scene.of_tenant("tenant-2").submit(), await scene.of_other_partner().submit()]
    assert len({job["id"] for job in jobs}) == 4


@rule
async def a_batch_keeps_the_job_of_a_single_submission(scene: Scene) -> None:
    job = await scene.submit("app-1")
    assert (await scene.submit_batch("app-1", "app-2"))["scoringJobIds"][0] == job["id"]


@rule
async def a_single_submission_keeps_the_job_of_a_batch(scene: Scene) -> None:
    batch = await scene.submit_batch("app-1", "app-2")
    assert [(await scene.submit(name))["id"] for name in ("app-1", "app-2")] == batch["scoringJobIds"]


@rule
async def a_failed_job_is_returned_as_it_is(scene: Scene) -> None:
    failed = await scene.ended(await scene.submit(resume=BROKEN_RESUME))
    assert (failed["status"], failed["errorCode"]) == ("failed", "RESUME_EMPTY")
    assert await scene.submit() == failed


@rule
async def a_rescore_makes_a_new_job(scene: Scene) -> None:
    job = await scene.submit()
    again = await scene.rescore()
    assert again["id"] != job["id"]
    assert (again["isRescore"], again["criteriaVersionId"]) == (True, job["criteriaVersionId"])


@rule
async def a_rescore_of_a_failed_job_scores_the_new_resume(scene: Scene) -> None:
    await scene.ended(await scene.submit(resume=BROKEN_RESUME))
    assert (await scene.ended(await scene.rescore()))["status"] == "completed"


@rule
async def a_rescore_that_is_repeated_is_the_same(scene: Scene) -> None:
    await scene.submit()
    once = await scene.rescore()
    assert (await scene.rescore())["id"] == once["id"]
    assert (await scene.rescore(resume=OTHER_RESUME))["id"] == once["id"]


@rule
async def a_rescore_against_other_criteria_is_another(scene: Scene) -> None:
    await scene.submit()
    once = await scene.rescore()
    changed = await scene.rescore(job=BICYCLE_JOB)
    assert changed["id"] != once["id"]
    assert changed["criteriaVersionId"] != once["criteriaVersionId"]
    assert (await scene.rescore(job=BICYCLE_JOB))["id"] == changed["id"]


@rule
async def a_first_rescore_is_an_ordinary_first_job(scene: Scene) -> None:
    job = await scene.rescore()
    assert job["isRescore"] is False
    assert (await scene.submit())["id"] == job["id"]
    assert (await scene.rescore())["id"] == job["id"]


@rule
async def a_rescore_that_is_not_enabled_is_an_ordinary_submission(scene: Scene) -> None:
    job = await scene.submit()
    assert (await scene.submit(rescore={"enabled": False}))["id"] == job["id"]


@rule
async def a_pinned_version_is_scored_against_again(scene: Scene) -> None:
    job = await scene.submit()
    changed = await scene.rescore(job=BICYCLE_JOB)
    pinned = await scene.rescore(pinned=job["criteriaVersionId"], job=BICYCLE_JOB)
    assert pinned["id"] not in (job["id"], changed["id"])
    assert (pinned["isRescore"], pinned["criteriaVersionId"]) == (True, job["criteriaVersionId"])


@rule
async def a_pinned_version_gives_the_earlier_score_after_the_job_changed(scene: Scene) -> None:
    job = await scene.ended(await scene.submit())
    before = await scene.version(job["criteriaVersionId"])
    changed = await scene.ended(await scene.rescore(job=BICYCLE_JOB))
    pinned = await scene.ended(await scene.rescore(pinned=job["criteriaVersionId"], job=BICYCLE_JOB))
    assert (pinned["score"], pinned["assessment"]) == (job["score"], job["assessment"])
    assert changed["assessment"] != job["assessment"]
    after = await scene.version(job["criteriaVersionId"])
    assert after["criteria"] == before["criteria"]
    assert "Python" in after["criteria"][0]["text"]
    assert "bicycles" in (await scene.version(changed["criteriaVersionId"]))["criteria"][0]["text"]


@rule
async def a_version_that_is_not_the_jobs_cannot_be_pinned(scene: Scene) -> None:
    elsewhere = await scene.of_tenant("tenant-2").submit()
    theirs = await scene.of_other_partner().submit()
    for unknown in ("cmlz26d0a000awp61m3xq81vd", elsewhere["criteriaVersionId"], theirs["criteriaVersionId"], "x"):
        with refused("CRITERIA_VERSION_NOT_FOUND", 404):
            await scene.rescore(pinned=unknown)
    with refused("APPLICATION_NOT_FOUND", 404):
        await scene.latest()


@rule
async def a_version_is_pinned_only_by_a_rescore(scene: Scene) -> None:
    job = await scene.submit()
    with refused("VALIDATION_ERROR", 400, "rescore.criteriaVersionId"):
        await scene.submit(rescore={"enabled": False, "criteriaVersionId": job["criteriaVersionId"]})


@rule
async def a_rescore_says_whether_it_is_enabled(scene: Scene) -> None:
    with refused("VALIDATION_ERROR", 400, "rescore.enabled"):
        await scene.submit(rescore={})


@rule
async def every_fault_of_a_submission_is_named_and_nothing_is_stored(scene: Scene) -> None:
    resume = {"type": "url", "url": "http://127.0.0.1/resume.pdf"}
    with refused("VALIDATION_ERROR", 400, "jobDescription", "resume.url"):
        await scene.submit(resume=resume, job="")
    with refused("APPLICATION_NOT_FOUND", 404):
        await scene.latest()


@rule
async def the_latest_score_is_that_of_the_latest_submission(scene: Scene) -> None:
    job = await scene.submit()
    again = await scene.rescore()
    assert (await scene.latest())["id"] == again["id"]
    assert (await scene.submit())["id"] == again["id"]
    assert (await scene.read(job["id"]))["id"] == job["id"]


@rule
async def a_batch_takes_the_latest_job_of_an_application(scene: Scene) -> None:
    await scene.submit("app-1")
    again = await scene.rescore("app-1")
    assert (await scene.submit_batch("app-1", "app-2"))["scoringJobIds"][0] == again["id"]


@rule
async def a_rescore_changes_no_batch(scene: Scene) -> None:
    batch = await scene.submit_batch("app-1")
    await scene.ended(await scene.rescore("app-1"))
    found = (await scene.call("GetScoringBatch", scoringBatchId=batch["batch"]["id"])).body
    assert [job["id"] for job in found["scoringJobs"]] == batch["scoringJobIds"]
    assert found["batch"]["totalJobs"] == 1


@rule
async def an_application_that_was_never_submitted_has_no_score(scene: Scene) -> None:
    await scene.submit("app-1")
    with refused("APPLICATION_NOT_FOUND", 404):
        await scene.latest("app-2")


@rule
async def a_scoring_job_is_found_only_where_it_belongs(scene: Scene) -> None:
    job = await scene.submit("app-1")
    await scene.submit("app-2")
    elsewhere = (scene.of_tenant("tenant-2"), scene.of_other_partner())
    for other, application in ((scene, "app-2"), *((one, "app-1") for one in elsewhere)):
        with refused("SCORING_JOB_NOT_FOUND", 404):
            await other.read(job["id"], application)


@rule
async def an_idempotency_key_means_nothing_here(scene: Scene) -> None:
    keyed = scene.with_headers(idempotency_key="one-key")
    first = await keyed.submit("app-1")
    assert (await keyed.submit("app-2"))["id"] != first["id"]
    answer = await keyed.call("GetLatestScore", applicationId="app-1")
    assert not answer.replayed


@rule
async def archived_criteria_refuse_new_work_and_return_old(scene: Scene) -> None:
    job, batch = await scene.submit(), await scene.submit_batch("app-1", "app-2")
    await scene.call("ArchiveCriteria")
    assert (await scene.submit())["id"] == job["id"]
    assert (await scene.submit_batch("app-2", "app-1"))["batch"]["id"] == batch["batch"]["id"]
    refusals = await gathered(
        scene.submit("app-3"),
        scene.rescore(),
        scene.rescore(pinned=job["criteriaVersionId"]),
        scene.submit_batch("app-1", "app-3"),
    )
    assert [getattr(one, "code", one) for one in refusals] == ["CRITERIA_NOT_FOUND"] * 4
    assert (await scene.submit_batch("app-1"))["scoringJobIds"] == [job["id"]]  # no new work
    await scene.set_criteria(criterion("Python"))
    assert (await scene.submit("app-3"))["status"] == "pending"


@rule
async def criteria_that_were_set_are_used_whatever_the_texts_say(scene: Scene) -> None:
    await scene.set_criteria(criterion("repaired bicycles"))
    version = (await scene.current())["version"]["id"]
    for name, text in (("app-1", BICYCLE_JOB), ("app-2", "We look for a florist.")):
        assert (await scene.submit(name, job=text))["criteriaVersionId"] == version
    scored = await scene.ended(await scene.submit("app-3", resume=OTHER_RESUME))
    assert "bicycles" in " ".join(scored["assessment"]["strengths"])


@rule
async def two_hundred_rescores_at_once_make_one_new_job(scene: Scene) -> None:
    job = await scene.submit()
    jobs = await gathered(*(scene.rescore() for _ in range(200)))
    assert len({one["id"] for one in jobs}) == 1
    assert jobs[0]["id"] != job["id"]


@rule
async def two_hundred_first_rescores_at_once_make_one_job(scene: Scene) -> None:
    jobs = await gathered(*(scene.rescore() for _ in range(200)))
    assert {(one["id"], one["isRescore"]) for one in jobs} == {(jobs[0]["id"], False)}


@rule
async def batches_and_single_submissions_that_race_share_a_job(scene: Scene) -> None:
    single = [scene.submit("app-1") for _ in range(50)]
    batches = [scene.submit_batch("app-1", f"other-{number}") for number in range(50)]
    found = await gathered(*(one for pair in zip(single, batches, strict=True) for one in pair))
    assert len({one["scoringJobIds"][0] if "batch" in one else one["id"] for one in found}) == 1


@pytest.mark.parametrize("row", RULES, ids=sentence_of)
async def test_the_rule_holds(row: Rule, scene: Scene) -> None:
    await row(scene)
