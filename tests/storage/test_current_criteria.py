"""What a submission is scored against, and what that makes of the criteria of its job."""

from __future__ import annotations

import asyncio

import pytest
from nova_server.errors import CriteriaNotFound
from nova_server.ports.criteria import CriteriaSource
from nova_server.ports.scorer import CriterionText, Importance
from nova_server.ports.scoring import JobSubmission
from nova_server.storage.schema import (
    criteria_versions,
    job_criteria,
    scoring_batch_jobs,
    scoring_batches,
    scoring_inputs,
    scoring_jobs,
    tenants,
    texts,
)

from tests.support.current_criteria import active, archive_criteria, current_versions, set_criteria, stored_versions
from tests.support.signals import RecordedSignals
from tests.support.store import StoreUnderTest
from tests.support.submissions import ACME, GLOBEX, JOB_DESCRIPTION, rescore, single, submission

ALL_TABLES = (
    tenants,
    texts,
    criteria_versions,
    job_criteria,
    scoring_batches,
    scoring_jobs,
    scoring_inputs,
    scoring_batch_jobs,
)


async def version_of(store: StoreUnderTest, *names: str, description: str) -> str:
    """Return the version of the last application of a batch."""
    accepted = await store.submit(submission(*names, job_description=description))
    return (await store.read(accepted)).jobs[-1].criteria_version_id


async def test_the_first_submission_of_a_job_makes_its_first_version_and_that_the_current_one(
    store: StoreUnderTest,
) -> None:
    version = await version_of(store, "anna", description="One.")
    (row,) = await stored_versions(store)
    assert (row.id, row.version, row.archived_at, row.criteria) == (version, 1, None, None)
    assert await active(store) == (CriteriaSource.TEXTS, version, 1)


async def test_other_texts_make_another_version_current_and_archive_the_one_before(store: StoreUnderTest) -> None:
    one = await version_of(store, "anna", description="One.")
    store.clock.advance(5)
    two = await version_of(store, "ben", description="Two.")
    rows = await stored_versions(store)
    assert [(row.id, row.version, row.archived_at) for row in rows] == [(one, 1, store.clock.now()), (two, 2, None)]
    assert await active(store) == (CriteriaSource.TEXTS, two, 2)


async def test_earlier_texts_make_their_version_current_again_under_its_own_number(store: StoreUnderTest) -> None:
    one = await version_of(store, "anna", description="One.")
    await version_of(store, "ben", description="Two.")
    assert await version_of(store, "cleo", description="One.") == one
    assert await active(store) == (CriteriaSource.TEXTS, one, 3)
    assert await current_versions(store) == [one]
    assert [row.version for row in await stored_versions(store)] == [1, 2]


async def test_the_same_texts_again_change_nothing(store: StoreUnderTest) -> None:
    await version_of(store, "anna", description="One.")
    before = (await active(store), await stored_versions(store))
    store.clock.advance(5)
    await version_of(store, "ben", description="One.")
    assert (await active(store), await stored_versions(store)) == before


async def test_a_submission_that_makes_no_job_makes_no_version(store: StoreUnderTest) -> None:
    await version_of(store, "anna", "ben", description="One.")
    before = (await active(store), await stored_versions(store))
    await store.submit(submission("anna", "ben", job_description="Two."))
    await store.submit(submission("ben", job_description="Three."))
    await store.submit_job(single("anna", job_description="Four."))
    assert (await active(store), await stored_versions(store)) == before


async def test_a_batch_with_one_new_application_makes_its_version_current(store: StoreUnderTest) -> None:
    await version_of(store, "anna", description="One.")
    two = await version_of(store, "anna", "ben", description="Two.")
    assert (await active(store)).version_id == two


async def test_of_a_group_the_last_submission_that_makes_a_job_decides(store: StoreUnderTest) -> None:
    names = ("anna", "ben", "cleo", "anna")
    batches = [submission(name, job_description=f"{name} {place}") for place, name in enumerate(names)]
    await asyncio.gather(*map(store.submit, batches))
    cleo = (await store.latest("cleo")).criteria_version_id
    assert (await active(store)).version_id == cleo
    assert await current_versions(store) == [cleo]
    assert [row.version for row in await stored_versions(store)] == [1, 2, 3]


async def test_of_a_group_that_returns_to_the_current_version_no_other_stays_current(store: StoreUnderTest) -> None:
    one = await version_of(store, "anna", description="One.")
    await store.submit_jobs(single("ben", job_description="Two."), single("cleo", job_description="One."))
    assert (await active(store)).version_id == one
    assert await current_versions(store) == [one]


async def test_submissions_of_other_jobs_and_tenants_in_a_group_decide_for_themselves(store: StoreUnderTest) -> None:
    jobs = await store.submit_jobs(
        single("anna", job_description="One."),
        single("anna", job_description="Two.", job_id="job-2"),
        single("anna", job_description="Three.", tenant=GLOBEX),
    )
    current = [await active(store), await active(store, job_id="job-2"), await active(store, tenant=GLOBEX)]
    assert [one.version_id for one in current] == [job.criteria_version_id for job in jobs]
    assert {one.revision for one in current} == {1}


async def test_what_a_partner_set_is_what_counts_whatever_the_texts_say(store: StoreUnderTest) -> None:
    python = await set_criteria(store, "Python")
    before = (await active(store), await stored_versions(store))
    assert await version_of(store, "anna", description="One.") == python
    assert (await store.submit_job(single("ben", job_description="Two."))).criteria_version_id == python
    assert (await active(store), await stored_versions(store)) == before


async def test_criteria_of_a_partner_are_scored_with_the_texts_of_the_submission_beside_them(
    store: StoreUnderTest,
) -> None:
    await set_criteria(store, "Python", "Go")
    (anna,) = (await store.submit(submission("anna", job_description="One.", role_knowledge="More."))).scoring_job_ids
    ben = (await store.submit_job(single("ben"))).id
    found = await store.store.read_job_texts([anna, ben])
    assert (found[anna].job_description, found[anna].role_knowledge) == ("One.", "More.")
    assert (found[ben].job_description, found[ben].role_knowledge) == (JOB_DESCRIPTION, None)
    criteria = tuple(CriterionText(text, Importance.MUST_HAVE) for text in ("Python", "Go"))
    assert found[anna].criteria == found[ben].criteria == criteria


async def test_what_was_accepted_before_a_partner_set_criteria_keeps_its_version(store: StoreUnderTest) -> None:
    one = await version_of(store, "anna", description="One.")
    await set_criteria(store, "Python")
    accepted = await store.submit(submission("anna", "ben"))
    versions = [job.criteria_version_id for job in (await store.read(accepted)).jobs]
    assert versions[0] == one != versions[1]


async def test_criteria_that_were_cleared_follow_from_the_texts_of_the_next_submission(store: StoreUnderTest) -> None:
    await set_criteria(store, "Python")
    cleared = await set_criteria(store)
    one = await version_of(store, "anna", description="One.")
    assert one != cleared
    assert await active(store) == (CriteriaSource.TEXTS, one, 3)
    assert await current_versions(store) == [one]


@pytest.mark.parametrize("work", [single("cleo"), rescore("cleo"), rescore("anna")], ids=["new", "first", "again"])
async def test_a_single_submission_for_a_job_with_archived_criteria_is_refused(
    store: StoreUnderTest, signals: RecordedSignals, work: JobSubmission
) -> None:
    await store.submit_job(single("anna"))
    await archive_criteria(store)
    before = [await store.count(table) for table in ALL_TABLES]
    with pytest.raises(CriteriaNotFound):
        await store.submit_job(work)
    assert [await store.count(table) for table in ALL_TABLES] == before
    assert signals.growths == 1


async def test_a_pinned_rescore_for_a_job_with_archived_criteria_is_refused(store: StoreUnderTest) -> None:
    job = await store.submit_job(rescore("anna"))
    await archive_criteria(store)
    for version in (job.criteria_version_id, "unknown"):
        with pytest.raises(CriteriaNotFound):
            await store.submit_job(rescore("anna", version))


async def test_a_new_batch_of_known_applications_refers_to_their_jobs_whatever_became_of_the_criteria(
    store: StoreUnderTest, signals: RecordedSignals
) -> None:
    first = await store.submit(submission("anna", "ben"))
    again = await store.submit_job(rescore("anna"))
    await store.complete_everything()
    await archive_criteria(store)
    before = (await active(store), await stored_versions(store), await store.count(scoring_jobs))
    found = await store.submit(submission("anna"))
    assert found.scoring_job_ids == (again.id,)
    assert found.batch.id != first.batch.id
    assert found.batch.completed_jobs == 1
    assert (await active(store), await stored_versions(store), await store.count(scoring_jobs)) == before
    assert signals.growths == 2


@pytest.mark.parametrize("names", [("cleo",), ("anna", "cleo")])
async def test_a_new_batch_that_needs_a_new_job_is_refused_while_criteria_are_archived(
    store: StoreUnderTest, signals: RecordedSignals, names: tuple[str, ...]
) -> None:
    await store.submit(submission("anna", "ben"))
    await archive_criteria(store)
    before = [await store.count(table) for table in ALL_TABLES]
    queue = await store.rows(tenants.select())
    with pytest.raises(CriteriaNotFound):
        await store.submit(submission(*names))
    assert [await store.count(table) for table in ALL_TABLES] == before
    assert await store.rows(tenants.select()) == queue
    assert signals.growths == 1


async def test_what_is_known_of_a_job_with_archived_criteria_is_found_as_it_is(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission("anna", "ben"))
    await archive_criteria(store)
    await store.complete(await store.claim_one())
    again = await store.submit(submission("ben", "anna", job_description="Other texts."))
    assert again.batch.id == accepted.batch.id
    assert again.batch.completed_jobs == 1
    assert (await store.submit_job(single("anna"))).id == accepted.scoring_job_ids[0]


async def test_a_refusal_spoils_nothing_for_the_others_of_its_group(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    await archive_criteria(store)
    batches = (submission("ben"), submission("ben", job_id="job-2"), submission("anna"), submission("cleo"))
    singles = (single("dave"), single("dave", job_id="job-2"), single("anna"))
    work = [*map(store.submit, batches), *map(store.submit_job, singles)]
    refused = [isinstance(one, CriteriaNotFound) for one in await asyncio.gather(*work, return_exceptions=True)]
    assert refused == [True, False, False, True, True, False, False]
    assert await store.count(scoring_jobs) == 3


async def test_criteria_that_are_set_again_end_the_refusals(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    await archive_criteria(store)
    python = await set_criteria(store, "Python")
    assert await version_of(store, "anna", "ben", description="One.") == python


async def test_archived_criteria_of_one_job_are_nothing_to_another_job_or_tenant(store: StoreUnderTest) -> None:
    await archive_criteria(store)
    assert await store.submit(submission("anna", job_id="job-2"))
    assert await store.submit_job(single("anna", tenant=GLOBEX))
    assert await store.store.read_latest_job(ACME, "job-1", "anna") is None
