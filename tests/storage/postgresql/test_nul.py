"""The one character that PostgreSQL cannot store becomes the one that stands for what cannot be shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from nova_server.ports.scorer import ApplicationAnswer
from nova_server.ports.scoring import BatchSubmission, ResumeSource, SubmittedApplication
from nova_server.ports.webhooks import EndpointChange

from tests.support.store import StoreUnderTest
from tests.support.stored_criteria import criterion, job_of
from tests.support.stored_webhooks import OWNER, add_endpoint
from tests.support.submissions import ACME, single

WITH_NUL = "before\0after"
STORED = "before\N{REPLACEMENT CHARACTER}after"


def submission_with_nul() -> BatchSubmission:
    """Return a submission whose every text has the character."""
    answers = (ApplicationAnswer(WITH_NUL, WITH_NUL),)
    application = SubmittedApplication("anna", ResumeSource(text=WITH_NUL), answers, WITH_NUL)
    return BatchSubmission(ACME, "job-1", WITH_NUL, (application,), WITH_NUL, WITH_NUL, WITH_NUL)


async def test_the_texts_of_a_batch_are_stored_without_it(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission_with_nul())
    (texts,) = (await store.store.read_job_texts(accepted.scoring_job_ids)).values()
    assert (texts.job_description, texts.role_knowledge, texts.job_title, texts.company_name) == (STORED,) * 4
    assert texts.resume.text == STORED
    assert (texts.answers, texts.context) == ((ApplicationAnswer(WITH_NUL, WITH_NUL),), WITH_NUL)  # in JSON


async def test_the_texts_of_an_application_are_stored_without_it(store: StoreUnderTest) -> None:
    job = await store.submit_job(replace(single("anna"), job_description=WITH_NUL, job_title=WITH_NUL))
    (texts,) = (await store.store.read_job_texts([job.id])).values()
    assert (texts.job_description, texts.job_title) == (STORED, STORED)


async def test_a_submission_with_it_is_known_again(store: StoreUnderTest) -> None:
    assert await store.submit(submission_with_nul()) == await store.submit(submission_with_nul())


async def test_the_name_and_the_address_of_an_endpoint_are_stored_without_it(store: StoreUnderTest) -> None:
    endpoint = await add_endpoint(store, name=WITH_NUL, url=WITH_NUL)
    stored = await store.webhooks.read_endpoint(OWNER, endpoint.id)
    assert stored == replace(endpoint, name=STORED, url=STORED)
    changed = await store.webhooks.update_endpoint(
        OWNER, endpoint.id, EndpointChange(name="n" + WITH_NUL), store.clock.now()
    )
    assert changed is not None
    assert changed.name == "n" + STORED


async def test_criteria_are_stored_as_they_are(store: StoreUnderTest) -> None:
    job = job_of(store)
    content = (criterion(WITH_NUL, of_id="crit_1"),)
    await job.try_change(content)
    assert (await job.active()).criteria == content  # as JSON, which has words for every character


@pytest.mark.parametrize("place", range(3))
async def test_nothing_is_found_under_an_id_with_it(store: StoreUnderTest, place: int) -> None:
    job = await store.submit_job(single("anna"))
    ids = ["job-1", "anna", job.id]
    ids[place] += "\0"
    assert await store.store.read_job(ACME, *ids) is None
    assert await store.store.read_batch(ACME, ids[0], ids[2]) is None
    assert await store.store.read_job_texts([WITH_NUL]) == {}


async def test_nothing_of_a_tenant_with_it_is_found(store: StoreUnderTest) -> None:
    await store.submit_job(single("anna"))
    assert await store.store.read_latest_job(replace(ACME, tenant_id="acme\0"), "job-1", "anna") is None
