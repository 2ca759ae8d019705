"""Setting and reading criteria: what takes a scorer that is held up, or that fails."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest
from nova_server.errors import (
    CriteriaNotFound,
    CriteriaRevisionMismatch,
    CriteriaVersionNotFound,
    ServiceUnavailable,
)
from nova_server.ports.criteria import ChangeOptions, revision_of
from nova_server.ports.scorer import Importance, ScorerBusy, ScorerFailed, ScorerTimedOut

from tests.support.clock import PATIENCE_SECONDS
from tests.support.submissions import ACME, GLOBEX, submission
from tests.unit.scoring.criteria_of_jobs import DERIVED, KAFKA, PLAIN, PYTHON, CriteriaUnderTest, texts_of


async def test_criteria_are_derived_when_they_are_first_read_and_kept(criteria: CriteriaUnderTest) -> None:
    await criteria.store.submit(submission("anna"))
    assert await criteria.current() == [DERIVED.text]
    criteria.scorer.fault = ScorerFailed()
    assert await criteria.current() == [DERIVED.text]


async def test_a_version_of_long_ago_is_derived_when_it_is_read(criteria: CriteriaUnderTest) -> None:
    await criteria.store.submit(submission("anna", job_description="An earlier text of the job."))
    await criteria.store.submit(submission("ben"))
    _, old = await criteria.use_cases.list_versions(ACME, "job-1", limit=10, before=None)
    found = await criteria.use_cases.get_version(ACME, "job-1", old.id)
    assert texts_of(found.criteria) == [DERIVED.text]
    assert found.number == 1


@pytest.mark.parametrize("fault", [ScorerFailed(), ScorerTimedOut(), ScorerBusy(7)])
async def test_a_scorer_that_cannot_derive_makes_reading_unavailable_and_setting_not(
    criteria: CriteriaUnderTest, fault: Exception
) -> None:
    await criteria.store.submit(submission("anna"))
    criteria.scorer.fault = fault
    with pytest.raises(ServiceUnavailable) as caught:
        await criteria.use_cases.get_current(ACME, "job-1")
    assert caught.value.retry_after_seconds == (7 if isinstance(fault, ScorerBusy) else None)
    with pytest.raises(ServiceUnavailable):
        await criteria.use_cases.add(ACME, "job-1", KAFKA, PLAIN)
    await criteria.use_cases.set(ACME, "job-1", [PYTHON], PLAIN)
    assert await criteria.current() == ["Python"]


async def test_a_change_that_another_overtakes_is_made_on_top_of_it(criteria: CriteriaUnderTest) -> None:
    await criteria.store.submit(submission("anna"))
    criteria.scorer.open.clear()
    adding = asyncio.create_task(criteria.use_cases.add(ACME, "job-1", KAFKA, PLAIN))
    await criteria.scorer.began.wait()
    await criteria.use_cases.set(ACME, "job-1", [PYTHON], PLAIN)
    criteria.scorer.open.set()
    assert texts_of((await adding).version.criteria) == ["Python", "Kafka"]


async def test_criteria_can_be_changed_although_submissions_keep_bringing_other_texts(
    criteria: CriteriaUnderTest,
) -> None:
    stopping = asyncio.Event()

    async def bring_other_texts(caller: int) -> None:
        while not stopping.is_set():
            number = next(numbers)
            await criteria.store.submit(submission(f"app-{number}", job_description=f"Text {caller} {number}"))

    numbers = count()
    callers = [asyncio.create_task(bring_other_texts(caller)) for caller in range(4)]
    await criteria.store.submit(submission("anna"))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await criteria.use_cases.add(ACME, "job-1", KAFKA, PLAIN)
        await criteria.use_cases.set(ACME, "job-1", [], PLAIN)
        await criteria.use_cases.set(ACME, "job-1", [PYTHON], PLAIN)
        assert await criteria.current() == ["Python"]
    stopping.set()
    await asyncio.gather(*callers)


async def test_a_revision_that_is_overtaken_while_it_is_checked_refuses_the_change(
    criteria: CriteriaUnderTest,
) -> None:
    await criteria.use_cases.set(ACME, "job-1", [PYTHON], PLAIN)
    current = await criteria.use_cases.get_current(ACME, "job-1")
    expecting = ChangeOptions(expected_revision=revision_of(current.revision))
    answers = await asyncio.gather(
        *(criteria.use_cases.set(ACME, "job-1", [one], expecting) for one in (KAFKA, DERIVED)), return_exceptions=True
    )
    assert [type(answer) for answer in answers].count(CriteriaRevisionMismatch) == 1


async def test_a_submission_with_other_texts_makes_an_expected_revision_past(criteria: CriteriaUnderTest) -> None:
    await criteria.store.submit(submission("anna"))
    current = await criteria.use_cases.get_current(ACME, "job-1")
    await criteria.store.submit(submission("ben", job_description="Another text."))
    expecting = ChangeOptions(expected_revision=revision_of(current.revision))
    with pytest.raises(CriteriaRevisionMismatch):
        await criteria.use_cases.set(ACME, "job-1", [PYTHON], expecting)


async def test_a_job_of_which_nothing_is_known_has_revision_0(criteria: CriteriaUnderTest) -> None:
    first = ChangeOptions(expected_revision=revision_of(0))
    await criteria.use_cases.set(ACME, "job-1", [PYTHON], first)
    with pytest.raises(CriteriaRevisionMismatch):
        await criteria.use_cases.set(ACME, "job-1", [KAFKA], first)


async def test_changing_derived_criteria_makes_them_the_partners(criteria: CriteriaUnderTest) -> None:
    await criteria.store.submit(submission("anna"))
    active = (await criteria.use_cases.get_current(ACME, "job-1")).version
    assert active.criteria is not None
    changed = await criteria.use_cases.update(
        ACME, "job-1", active.criteria[0].id, PLAIN, text=None, importance=Importance.MUST_HAVE
    )
    assert changed.criterion is not None
    assert (changed.criterion.id, changed.criterion.importance) == (active.criteria[0].id, Importance.MUST_HAVE)
    await criteria.store.submit(submission("ben", job_description="Another text."))
    assert (await criteria.use_cases.get_current(ACME, "job-1")).version == changed.version


async def test_removing_the_last_criterion_derives_them_again(criteria: CriteriaUnderTest) -> None:
    changed = await criteria.use_cases.set(ACME, "job-1", [PYTHON], PLAIN)
    assert changed.version.criteria is not None
    await criteria.use_cases.remove(ACME, "job-1", changed.version.criteria[0].id, PLAIN)
    assert await criteria.current() == []
    await criteria.store.submit(submission("anna"))
    assert await criteria.current() == [DERIVED.text]


async def test_what_belongs_to_one_tenant_is_unknown_to_another(criteria: CriteriaUnderTest) -> None:
    changed = await criteria.use_cases.set(ACME, "job-1", [PYTHON], PLAIN)
    with pytest.raises(CriteriaNotFound):
        await criteria.use_cases.get_current(GLOBEX, "job-1")
    with pytest.raises(CriteriaVersionNotFound):
        await criteria.use_cases.get_version(GLOBEX, "job-1", changed.version.id)
    with pytest.raises(CriteriaNotFound):
        await criteria.use_cases.archive(GLOBEX, "job-1", PLAIN)
    await criteria.use_cases.set(GLOBEX, "job-1", [KAFKA], PLAIN)
    assert await criteria.current() == ["Python"]


async def test_archiving_needs_no_scorer(criteria: CriteriaUnderTest) -> None:
    await criteria.store.submit(submission("anna"))
    criteria.scorer.fault = ScorerFailed()
    await criteria.use_cases.archive(ACME, "job-1", PLAIN)
    with pytest.raises(CriteriaNotFound):
        await criteria.use_cases.get_current(ACME, "job-1")
