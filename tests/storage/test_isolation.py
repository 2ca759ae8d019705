"""What belongs to one tenant does not exist for another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from nova_server.errors import CriteriaVersionNotFound
from nova_server.ports.scoring import Rescore
from nova_server.ports.tenancy import Environment, TenantKey

from tests.support.current_criteria import archive_criteria, set_criteria
from tests.support.store import StoreUnderTest
from tests.support.submissions import ACME, single, submission

STRANGERS = [
    pytest.param(replace(ACME, tenant_id="globex"), id="another tenant"),
    pytest.param(replace(ACME, environment=Environment.PRODUCTION), id="the other environment"),
    pytest.param(replace(ACME, partner_id="partner-2"), id="another partner"),
    pytest.param(TenantKey("partner-1acme", Environment.SANDBOX, ""), id="names that run together"),
]


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_a_batch_does_not_exist_for_a_stranger(store: StoreUnderTest, stranger: TenantKey) -> None:
    accepted = await store.submit(submission("anna"))
    assert await store.store.read_batch(stranger, "job-1", accepted.batch.id) is None


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_the_same_submission_by_a_stranger_is_a_batch_of_its_own(
    store: StoreUnderTest, stranger: TenantKey
) -> None:
    own = await store.submit(submission("anna"))
    other = await store.submit(submission("anna", tenant=stranger))
    assert other.batch.id != own.batch.id
    assert other.scoring_job_ids != own.scoring_job_ids


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_a_job_does_not_exist_for_a_stranger(store: StoreUnderTest, stranger: TenantKey) -> None:
    job = await store.submit_job(single("anna"))
    assert await store.store.read_job(stranger, "job-1", "anna", job.id) is None
    assert await store.store.read_latest_job(stranger, "job-1", "anna") is None


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_the_same_application_of_a_stranger_is_a_job_of_its_own_and_no_rescore(
    store: StoreUnderTest, stranger: TenantKey
) -> None:
    own = await store.submit_job(single("anna"))
    other = await store.submit_job(single("anna", tenant=stranger, rescore=Rescore()))
    assert other.id != own.id
    assert not other.is_rescore
    assert other.criteria_version_id != own.criteria_version_id


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_a_version_does_not_exist_for_a_stranger(store: StoreUnderTest, stranger: TenantKey) -> None:
    own = await store.submit_job(single("anna"))
    with pytest.raises(CriteriaVersionNotFound):
        await store.submit_job(single("anna", tenant=stranger, rescore=Rescore(own.criteria_version_id)))


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_criteria_that_were_set_or_archived_are_nothing_to_a_stranger(
    store: StoreUnderTest, stranger: TenantKey
) -> None:
    python = await set_criteria(store, "Python")
    other = await store.submit_job(single("anna", tenant=stranger))
    assert other.criteria_version_id != python
    await archive_criteria(store)
    assert await store.submit(submission("ben", tenant=stranger))


async def test_a_batch_does_not_exist_under_another_job(store: StoreUnderTest) -> None:
    accepted = await store.submit(submission("anna"))
    assert await store.store.read_batch(ACME, "job-2", accepted.batch.id) is None


async def test_a_batch_that_was_never_submitted_does_not_exist(store: StoreUnderTest) -> None:
    assert await store.store.read_batch(ACME, "job-1", "c" * 25) is None
