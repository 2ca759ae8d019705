"""Texts are stored once for each tenant, and criteria are known by what they say."""

from __future__ import annotations

from nova_server.storage.schema import criteria_versions, texts
from sqlalchemy import select

from tests.support.store import StoreUnderTest, open_store
from tests.support.submissions import GLOBEX, application, submission


async def contents(store: StoreUnderTest) -> list[str]:
    return await store.database.read(lambda connection: list(connection.scalars(select(texts.c.content))))


async def version_of(store: StoreUnderTest, *names: str, description: str, knowledge: str | None = None) -> str:
    accepted = await store.submit(submission(*names, job_description=description, role_knowledge=knowledge))
    (job,) = (await store.read(accepted)).jobs
    return job.criteria_version_id


async def test_a_text_is_stored_once_however_often_its_tenant_sends_it(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    await store.submit(submission("anna", "ben"))
    await store.submit(submission("anna", job_id="job-2"))
    assert sorted(await contents(store)) == sorted(
        [submission().job_description, application("anna").resume.text or "", application("ben").resume.text or ""]
    )


async def test_a_text_is_never_shared_between_tenants(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    await store.submit(submission("anna", tenant=GLOBEX))
    stored = await contents(store)
    assert len(stored) == 4
    assert len(set(stored)) == 2


async def test_the_text_of_an_application_that_was_scored_before_is_not_stored_again(store: StoreUnderTest) -> None:
    await store.submit(submission("anna"))
    await store.submit(submission("anna", "ben"))
    before = await contents(store)
    await store.submit(submission("ben"))
    assert await contents(store) == before


async def test_the_same_criteria_are_the_same_version(store: StoreUnderTest) -> None:
    first = await version_of(store, "anna", description="One.", knowledge="Two.")
    assert await version_of(store, "ben", description="One.", knowledge="Two.") == first
    assert await version_of(store, "cleo", description="One.", knowledge="Two.") == first
    assert await store.count(criteria_versions) == 1


async def test_other_criteria_are_another_version(store: StoreUnderTest) -> None:
    versions = [
        await version_of(store, "anna", description="One."),
        await version_of(store, "ben", description="One.", knowledge="Two."),
        await version_of(store, "cleo", description="Two.", knowledge="One."),
        await version_of(store, "dave", description="One.Two."),
    ]
    assert len(set(versions)) == 4


async def test_a_job_that_returns_to_earlier_criteria_returns_to_their_version(store: StoreUnderTest) -> None:
    first = await version_of(store, "anna", description="One.")
    await version_of(store, "ben", description="Two.")
    assert await version_of(store, "cleo", description="One.") == first


async def test_criteria_versions_belong_to_one_job_of_one_tenant(store: StoreUnderTest) -> None:
    jobs = [
        (await store.read(await store.submit(one), one.tenant)).jobs[0]
        for one in (submission("anna"), submission("anna", job_id="job-2"), submission("anna", tenant=GLOBEX))
    ]
    assert len({job.criteria_version_id for job in jobs}) == 3


async def test_criteria_are_recognised_by_a_store_that_was_started_later(store_url: str) -> None:
    async with open_store(store_url) as store:
        first = await version_of(store, "anna", description="One.")
    async with open_store(store_url) as store:
        assert await version_of(store, "ben", description="One.") == first
