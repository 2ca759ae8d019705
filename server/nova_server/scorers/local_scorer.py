"""The local scorer as a `Scorer`: runs in a child process, so that it never holds up the event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from nova_server.children.failures import ChildCrashed, ChildOutOfMemory, ChildTimedOut
from nova_server.ports.scorer import (
    CriteriaTexts,
    CriterionText,
    ScoreResult,
    ScorerFailed,
    ScorerTimedOut,
    ScoringInput,
)
from nova_server.scorers.local.criteria import derive_criteria
from nova_server.scorers.local.scorer import score

# A usual application takes 5 ms and the worst ones tried under 2 s; what is above this has gone wrong.
WALL_SECONDS: Final = 20.0

_Given = TypeVar("_Given")
_T = TypeVar("_T")


class Children(Protocol):
    """Runs a plain function in another process."""

    async def run(self, function: Callable[..., _T], *args: object, wall_seconds: float) -> _T:
        """Return what `function(*args)` returns. Raises ChildTimedOut, ChildCrashed or ChildOutOfMemory."""
        ...


class LocalScorer:
    """Scores, and derives criteria, in a child process."""

    def __init__(self, children: Children, *, wall_seconds: float = WALL_SECONDS) -> None:
        self._children = children
        self._wall_seconds = wall_seconds

    async def score(self, scoring_input: ScoringInput) -> ScoreResult:
        """Return the score. Raises ScorerTimedOut, or ScorerFailed when the child died of this application."""
        return await self._run(score, scoring_input)

    async def derive_criteria(self, texts: CriteriaTexts) -> tuple[CriterionText, ...]:
        """Return what the texts ask for. Raises ScorerTimedOut, or ScorerFailed when the child died of these texts."""
        return await self._run(derive_criteria, texts)

    async def _run(self, function: Callable[[_Given], _T], given: _Given) -> _T:
        try:
            return await self._children.run(function, given, wall_seconds=self._wall_seconds)
        except ChildTimedOut as error:
            raise ScorerTimedOut from error
        except (ChildCrashed, ChildOutOfMemory) as error:
            raise ScorerFailed from error
