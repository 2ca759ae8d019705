"""A rescore is a scoring job of its own: one for each criteria version, however often it is asked for."""

from __future__ import annotations

import asyncio

import pytest
from nova_server.errors import CriteriaVersionNotFound
from nova_server.ports.scoring import BatchStatus, JobState, Rescore
from nova_server.ports.webhooks import WebhookEvent
from nova_server.storage.schema import criteria_versions, scoring_inputs, scoring_jobs, tenants, texts

from tests.support.current_criteria import active, current_versions, set_criteria, stored_versions
from tests.support.signals import RecordedSignals
from tests.support.store import StoreUnderTest
from tests.support.stored_webhooks import add_endpoint, news
from tests.support.submissions import GLOBEX, rescore, single, submission


async def test_a_rescore_is_a_new_job_beside_the_first(store: StoreUnderTest) -> None:
    first = await store.submit_job(single("anna"))
    await store.complete_everything()
    again = await store.submit_job(rescore("anna"))
    assert again.id != first.id
    assert (again.is_rescore, again.state, again.score) == (True, JobState.PENDING, None)
    assert again.criteria_version_id == first.criteria_version_id
    assert (await store.store.read_job_texts([again.id])).keys() == {again.id}


async def test_an_application_that_failed_can_be_rescored(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna"))
    await store.fail(await store.claim_one())
    again = await store.submit_job(rescore("anna"))
    assert (await store.claim_one()).job_id == again.id


async def test_a_rescore_that_is_asked_for_again_is_the_same_job_in_every_state(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna"))
    ids = set()
    for _ in range(3):
        ids.add((await store.submit_job(rescore("anna"))).id)
        await store.complete_everything()
        store.clock.advance(1)
    assert len(ids) == 1
    assert await store.count(scoring_jobs) == 2


async def test_an_application_of_a_batch_is_rescored_like_any_other(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission("anna", "ben"))
    again = await store.submit_job(rescore("ben"))
    assert again.is_rescore
    assert again.id not in accepted.scoring_job_ids


async def test_an_earlier_rescore_that_is_asked_for_again_does_not_become_the_latest(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna"))
    one = await store.submit_job(rescore("anna"))
    two = await store.submit_job(rescore("anna", job_description="Other texts."))
    assert (await store.submit_job(rescore("anna"))).id == one.id
    assert (await store.latest("anna")).id == two.id
    assert (await store.submit_job(single("anna"))).id == two.id
    assert (await store.submit(submission("anna", "ben"))).scoring_job_ids[0] == two.id


async def test_of_rescores_that_come_at_once_the_last_is_the_latest(store: StoreUnderTest) -> None:
    texts_of_job = [f"Text {number}." for number in range(20)]
    jobs = await store.submit_jobs(*(rescore("anna", job_description=text) for text in texts_of_job))
    assert len({job.id for job in jobs}) == 20
    assert (await store.latest("anna")).id == jobs[-1].id
    assert [job.queued_at for job in jobs] == sorted({job.queued_at for job in jobs})
    again = await store.submit_jobs(*(rescore("anna", job_description=text) for text in texts_of_job))
    assert [job.id for job in again] == [job.id for job in jobs]


async def test_a_rescore_against_another_version_is_another_job(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna"))
    one = await store.submit_job(rescore("anna"))
    two = await store.submit_job(rescore("anna", job_description="Other texts."))
    assert len({one.id, two.id}) == 2
    assert one.criteria_version_id != two.criteria_version_id
    assert await store.submit_job(rescore("anna")) == one


async def test_the_rescore_of_an_application_that_was_never_scored_is_an_ordinary_first_job(
    store: StoreUnderTest,
) -> None:
    job = await store.submit_job(rescore("anna"))
    assert not job.is_rescore
    assert await store.submit_job(single("anna")) == job


async def test_a_first_job_that_answered_a_rescore_answers_its_repetition(store: StoreUnderTest) -> None:
    job = await store.submit_job(rescore("anna"))
    assert await store.submit_job(rescore("anna")) == job
    assert await store.submit_job(rescore("anna", job.criteria_version_id)) == job
    assert await store.count(scoring_jobs) == 1


async def test_a_first_job_that_answered_a_rescore_does_not_answer_one_against_another_version(
    store: StoreUnderTest,
) -> None:
    first = await store.submit_job(rescore("anna"))
    other = await store.submit_job(rescore("anna", job_description="Other texts."))
    assert other.is_rescore
    assert await store.submit_job(rescore("anna", first.criteria_version_id)) == first


async def test_a_rescore_is_the_latest_job_even_within_the_same_microsecond(store: StoreUnderTest) -> None:
    first = await store.submit_job(single("anna"))
    again = await store.submit_job(rescore("anna"))
    assert again.queued_at > first.queued_at
    assert await store.latest("anna") == again
    assert await store.submit_job(single("anna")) == again


async def test_rescores_of_one_group_follow_each_other_in_their_order(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna"))
    descriptions = [f"Version {number}." for number in range(20)]
    jobs = await store.submit_jobs(*(rescore("anna", job_description=text) for text in descriptions))
    assert [job.queued_at for job in jobs] == sorted({job.queued_at for job in jobs})
    assert await store.latest("anna") == jobs[-1]


async def test_a_submission_between_rescores_of_one_group_finds_the_one_before_it(store: StoreUnderTest) -> None:
    first, one, found, two, latest = await store.submit_jobs(
        single("anna"),
        rescore("anna"),
        single("anna"),
        rescore("anna", job_description="Other texts."),
        single("anna"),
    )
    assert (first.is_rescore, one.is_rescore) == (False, True)
    assert (found, latest) == (one, two)


async def test_a_rescore_is_the_latest_even_when_the_clock_goes_back(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna"))
    store.clock.advance(-60)
    again = await store.submit_job(rescore("anna"))
    assert await store.latest("anna") == again
    assert [lease.job_id for lease in await store.claim()] == [again.id]  # it is due, and the first one is not yet


async def test_a_pinned_rescore_is_scored_against_that_version(store: StoreUnderTest) -> None:
    first = await store.submit_job(single("anna", job_description="One."))
    await store.submit_job(single("ben", job_description="Two."))
    again = await store.submit_job(rescore("anna", first.criteria_version_id, job_description="Two."))
    assert again.is_rescore
    assert again.criteria_version_id == first.criteria_version_id
    assert (await store.store.read_job_texts([again.id]))[again.id].job_description == "One."


async def test_a_pinned_rescore_changes_nothing_about_what_is_current(store: StoreUnderTest) -> None:
    first = await store.submit_job(single("anna", job_description="One."))
    await store.submit_job(single("ben", job_description="Two."))
    before = (await active(store), await stored_versions(store))
    await store.submit_job(rescore("anna", first.criteria_version_id, job_description="Three."))
    await store.submit_job(rescore("cleo", first.criteria_version_id, job_description="Four."))
    assert (await active(store), await stored_versions(store)) == before


async def test_a_rescore_pinned_to_the_current_version_is_the_same_as_one_that_is_not_pinned(
    store: StoreUnderTest,
) -> None:
    await store.submit_job(single("anna"))
    again = await store.submit_job(rescore("anna"))
    assert await store.submit_job(rescore("anna", again.criteria_version_id, job_description="Other texts.")) == again


async def test_a_rescore_from_new_texts_makes_their_version_current(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna"))
    again = await store.submit_job(rescore("anna", job_description="Other texts."))
    assert (await active(store)).version_id == again.criteria_version_id
    assert await current_versions(store) == [again.criteria_version_id]


async def test_a_rescore_that_is_known_makes_no_version_current(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna"))
    await store.submit_job(rescore("anna", job_description="Other texts."))
    current = await store.submit_job(rescore("anna"))
    await store.submit_job(rescore("anna", job_description="Other texts."))
    assert (await active(store)).version_id == current.criteria_version_id


async def test_a_pinned_first_job_is_told_apart_from_the_version_of_its_texts(store: StoreUnderTest) -> None:
    first = await store.submit_job(single("anna", job_description="One."))
    await store.submit_job(single("ben", job_description="Two."))
    pinned = await store.submit_job(rescore("cleo", first.criteria_version_id, job_description="Two."))
    assert (pinned.is_rescore, pinned.criteria_version_id) == (False, first.criteria_version_id)
    assert (await store.submit_job(rescore("cleo", job_description="Two."))).is_rescore


@pytest.mark.parametrize("version_id", ["c" * 25, "x", "É\u2028😀", '"]', "\x00"])
async def test_a_pin_to_a_version_that_does_not_exist_is_refused_and_stores_nothing(
    store: StoreUnderTest, signals: RecordedSignals, version_id: str
) -> None:
    await store.submit_job(single("anna"))
    tables = (tenants, texts, criteria_versions, scoring_jobs, scoring_inputs)
    before = [await store.count(table) for table in tables]
    for name in ("anna", "ben"):
        with pytest.raises(CriteriaVersionNotFound):
            await store.submit_job(rescore(name, version_id, job_description="Other texts."))
    assert [await store.count(table) for table in tables] == before
    assert signals.growths == 1


async def test_a_version_of_another_job_or_tenant_cannot_be_pinned(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna"))
    strangers = await store.submit_jobs(single("anna", job_id="job-2"), single("anna", tenant=GLOBEX))
    for stranger in strangers:
        with pytest.raises(CriteriaVersionNotFound):
            await store.submit_job(rescore("anna", stranger.criteria_version_id))


async def test_a_version_that_is_not_stored_yet_cannot_be_guessed_by_a_name_that_ends_early(
    store: StoreUnderTest,
) -> None:
    job = await store.submit_job(single("anna"))
    with pytest.raises(CriteriaVersionNotFound):
        await store.submit_job(rescore("anna", f"{job.criteria_version_id}\x00more"))


async def test_a_refused_pin_spoils_nothing_for_the_others_of_its_group(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna"))
    group = (single("ben"), rescore("anna", "unknown"), rescore("anna"))
    before, refused, after = await asyncio.gather(*map(store.submit_job, group), return_exceptions=True)
    assert isinstance(refused, CriteriaVersionNotFound)
    assert [before, after] == [await store.latest("ben"), await store.latest("anna")]


async def test_a_rescore_against_the_criteria_of_a_partner_is_one_job_for_each_set(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna"))
    python = await set_criteria(store, "Python")
    one = await store.submit_job(rescore("anna", job_description="Other texts."))
    assert one.criteria_version_id == python
    assert await store.submit_job(rescore("anna", job_description="More texts.")) == one
    await set_criteria(store, "Python", "Go")
    assert (await store.submit_job(rescore("anna"))).id != one.id
    await set_criteria(store, "Python")
    assert await store.submit_job(rescore("anna")) == one


async def test_a_batch_refers_to_the_rescore_of_an_application_and_earlier_batches_do_not(
    store: StoreUnderTest,
) -> None:
    before = await store.submit(submission("anna"))
    again = await store.submit_job(rescore("anna"))
    after = await store.submit(submission("anna", "ben"))
    assert after.scoring_job_ids[0] == again.id
    assert again.id not in before.scoring_job_ids
    lease = next(lease for lease in await store.claim() if lease.job_id == again.id)
    await store.complete(lease)
    assert (await store.read(before)).batch.status is BatchStatus.PENDING
    assert (await store.read(after)).batch.completed_jobs == 1


async def test_a_rescore_tells_of_its_own_score_and_of_no_batch(store: StoreUnderTest) -> None:
    await add_endpoint(store, WebhookEvent.SCORE_COMPLETED, WebhookEvent.SCORE_FAILED, WebhookEvent.BATCH_COMPLETED)
    await store.submit(submission("anna"))
    await store.complete_everything()
    told = await news(store)
    store.clock.advance(1)
    await store.submit_job(rescore("anna"))
    await store.complete_everything()
    store.clock.advance(1)
    await store.submit_job(rescore("anna", job_description="Other texts."))
    await store.fail(await store.claim_one())
    await store.submit_job(rescore("anna"))
    assert (await news(store))[len(told) :] == ["anna scored 7", "anna failed"]


async def test_a_rescore_tells_that_the_queue_grew_and_its_repetition_does_not(
    store: StoreUnderTest, signals: RecordedSignals
) -> None:
    await store.submit_job(single("anna"))
    await store.submit_job(rescore("anna"))
    await store.submit_job(rescore("anna"))
    assert signals.growths == 2


async def test_a_rescore_of_one_tenant_is_none_of_another(store: StoreUnderTest) -> None:
    await store.submit_jobs(single("anna"), single("anna", tenant=GLOBEX))
    await store.submit_job(rescore("anna"))
    assert not (await store.latest("anna", GLOBEX)).is_rescore
    assert (await store.submit_job(single("anna", tenant=GLOBEX, rescore=Rescore()))).is_rescore
