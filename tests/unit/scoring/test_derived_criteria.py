"""Criteria are derived once, whoever asks and however often."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from nova_server.errors import StoreUnavailable
from nova_server.ports.criteria import Criterion, VersionTexts
from nova_server.ports.scorer import CriteriaTexts, CriterionText, Importance, ScorerBusy, ScorerFailed, ScorerTimedOut
from nova_server.scoring.derived_criteria import DerivedCriteria

from tests.support.clock import START

TEXTS = CriteriaTexts("Python is required.", "Knows Kafka.")
FOUND = (CriterionText("Python", Importance.MUST_HAVE),)


class Versions:
    """A store of one version. Whatever is saved first stays."""

    def __init__(self, source: VersionTexts | None = None) -> None:
        self.source = source
        self.saved: dict[str, tuple[Criterion, ...]] = {}
        self.fault: Exception | None = None

    async def read_texts(self, _version_id: str) -> VersionTexts | None:
        return self.source

    async def save_derived(self, version_id: str, criteria: Sequence[Criterion]) -> tuple[Criterion, ...]:
        if self.fault:
            raise self.fault
        return self.saved.setdefault(version_id, tuple(criteria))

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not asked for")


class Reader:
    """A scorer that derives when it is let, and remembers how often."""

    def __init__(self, answer: tuple[CriterionText, ...] | Exception = FOUND) -> None:
        self.answer = answer
        self.asked: list[CriteriaTexts] = []
        self.began = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def derive_criteria(self, texts: CriteriaTexts) -> tuple[CriterionText, ...]:
        self.asked.append(texts)
        self.began.set()
        await self.open.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def score(self, _scoring_input: object) -> Any:
        raise AssertionError("nothing is scored here")


@pytest.fixture
def versions() -> Versions:
    return Versions(VersionTexts(TEXTS, "job-1", START))


async def test_what_is_derived_is_stored_with_ids_and_the_age_of_the_version(versions: Versions) -> None:
    reader = Reader()
    (criterion,) = await DerivedCriteria(versions, reader).derive("version")
    assert reader.asked == [TEXTS]
    assert (criterion.text, criterion.importance, criterion.created_at) == ("Python", Importance.MUST_HAVE, START)
    assert versions.saved == {"version": (criterion,)}


async def test_a_hundred_who_ask_at_once_wait_for_one_derivation(versions: Versions) -> None:
    reader = Reader()
    reader.open.clear()
    derived = DerivedCriteria(versions, reader)
    asking = [asyncio.create_task(derived.derive("version")) for _ in range(100)]
    await asyncio.sleep(0)
    reader.open.set()
    answers = await asyncio.gather(*asking)
    assert len(reader.asked) == 1
    assert {tuple(answer) for answer in answers} == {versions.saved["version"]}


async def test_the_one_who_asked_first_may_leave_before_the_others(versions: Versions) -> None:
    reader = Reader()
    reader.open.clear()
    derived = DerivedCriteria(versions, reader)
    first, second = (asyncio.create_task(derived.derive("version")) for _ in range(2))
    await reader.began.wait()
    first.cancel()
    await asyncio.wait([first])
    reader.open.set()
    assert tuple(await second) == versions.saved["version"]
    assert len(reader.asked) == 1


async def test_what_another_process_stored_first_is_what_counts(versions: Versions) -> None:
    elsewhere = (Criterion("crit_aaaaaaaaaaaa", "Rust", Importance.PREFERRED, START),)
    versions.saved["version"] = elsewhere
    assert await DerivedCriteria(versions, Reader()).derive("version") == elsewhere


async def test_a_version_of_which_the_texts_are_gone_cannot_be_derived() -> None:
    with pytest.raises(ScorerFailed):
        await DerivedCriteria(Versions(), Reader()).derive("version")


@pytest.mark.parametrize("fault", [ScorerFailed(), ScorerTimedOut(), ScorerBusy(3)])
async def test_a_scorer_that_fails_fails_everybody_and_the_next_asks_it_again(
    versions: Versions, fault: Exception
) -> None:
    reader = Reader(fault)
    derived = DerivedCriteria(versions, reader)
    answers = await asyncio.gather(*(derived.derive("version") for _ in range(3)), return_exceptions=True)
    assert answers == [fault] * 3
    reader.answer = FOUND
    assert [one.text for one in await derived.derive("version")] == ["Python"]
    assert len(reader.asked) == 2


async def test_a_store_that_is_away_is_no_end(versions: Versions) -> None:
    versions.fault = StoreUnavailable()
    derived = DerivedCriteria(versions, Reader())
    with pytest.raises(StoreUnavailable):
        await derived.derive("version")
    versions.fault = None
    assert await derived.derive("version")


async def test_a_failure_that_nobody_waits_for_any_more_disturbs_nobody(versions: Versions) -> None:
    reader = Reader(ScorerFailed())
    reader.open.clear()
    derived = DerivedCriteria(versions, reader)
    asking = asyncio.create_task(derived.derive("version"))
    await reader.began.wait()
    asking.cancel()
    await asyncio.wait([asking])
    reader.open.set()
    for _ in range(10):
        await asyncio.sleep(0)
    reader.answer = FOUND
    assert [one.text for one in await derived.derive("version")] == ["Python"]
