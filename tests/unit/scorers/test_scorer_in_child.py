"""The local scorer as a port: what it gives, it gives from a child process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any

import pytest
from nova_server.children.failures import ChildCrashed, ChildOutOfMemory, ChildTimedOut
from nova_server.children.pool import ChildPool
from nova_server.ports.scorer import (
    CriteriaTexts,
    CriterionText,
    Importance,
    Scorer,
    ScorerFailed,
    ScorerTimedOut,
    ScoringInput,
)
from nova_server.scorers.local.criteria import derive_criteria
from nova_server.scorers.local.scorer import score
from nova_server.scorers.local_scorer import LocalScorer

TEXTS = CriteriaTexts("# Pipe Welder\nRequirements\n- TIG and MIG methods\n- Reading drawings", "Must lift 20 kg.")
RESUME = "Experience\nPipe Welder, Northyard, Gdansk | 2016 - 2024\n- Welded pipes with TIG and MIG methods."
SCORED = ScoringInput(
    TEXTS.job_description,
    RESUME,
    date(2026, 11, 23),
    criteria=(CriterionText("Welding of pipes", Importance.PREFERRED),),
)


class FailingChildren:
    """Children that are asked for one thing, and always end in the same way."""

    def __init__(self, failure: Exception, *expected: object) -> None:
        self._failure = failure
        self._expected = expected

    async def run(self, function: Callable[..., Any], *arguments: object, wall_seconds: float) -> Any:
        assert (function, *arguments) == self._expected
        assert wall_seconds > 0
        raise self._failure


@pytest.fixture
async def scorer() -> AsyncIterator[Scorer]:
    """Yield the local scorer with a child process of its own."""
    children = ChildPool(size=1)
    await children.start()
    yield LocalScorer(children)
    await children.stop()


async def test_a_score_from_a_child_process_is_the_same_score(scorer: Scorer) -> None:
    assert await scorer.score(SCORED) == score(SCORED)


async def test_criteria_from_a_child_process_are_the_same_criteria(scorer: Scorer) -> None:
    assert await scorer.derive_criteria(TEXTS) == derive_criteria(TEXTS) != ()


async def test_texts_that_ask_nothing_have_no_criteria(scorer: Scorer) -> None:
    assert await scorer.derive_criteria(CriteriaTexts("…")) == ()


DEATHS = pytest.mark.parametrize(
    ("failure", "expected"),
    [(ChildTimedOut(), ScorerTimedOut), (ChildCrashed(-9), ScorerFailed), (ChildOutOfMemory(), ScorerFailed)],
)


@DEATHS
async def test_the_death_of_a_child_is_a_failure_of_the_scorer(failure: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        await LocalScorer(FailingChildren(failure, score, SCORED)).score(SCORED)


@DEATHS
async def test_the_death_of_a_child_that_derives_is_one_too(failure: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        await LocalScorer(FailingChildren(failure, derive_criteria, TEXTS)).derive_criteria(TEXTS)
