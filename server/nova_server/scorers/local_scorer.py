"""The local scorer as a `Scorer`: runs in a child process, so that it never holds up the event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, ParamSpec, Protocol, TypeVar

from nova_server.children.failures import ChildCrashed, ChildOutOfMemory, ChildTimedOut
from nova_server.ports.scorer import ScoreResult, ScorerFailed, ScorerTimedOut, ScoringInput
from nova_server.scorers.local.scorer import score

# A usual application takes 5 ms and the worst ones tried under 2 s; what is above this has gone wrong.
WALL_SECONDS: Final = 20.0

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Children(Protocol):
    """Runs a plain function in another process."""

    async def run(self, function: Callable[..., _T], *args: object, wall_seconds: float) -> _T:
        """Return what `function(*args)` returns. Raises ChildTimedOut, ChildCrashed or ChildOutOfMemory."""
        ...


class LocalScorer:
    """Scores in a child process."""

    def __init__(self, children: Children, *, wall_seconds: float = WALL_SECONDS) -> None:
        self._children = children
        self._wall_seconds = wall_seconds

    async def score(self, scoring_input: ScoringInput) -> ScoreResult:
        """Return the score. Raises ScorerTimedOut, or ScorerFailed when the child died of this application."""
        try:
            return await self._children.run(score, scoring_input, wall_seconds=self._wall_seconds)
        except ChildTimedOut as error:
            raise ScorerTimedOut from error
        except (ChildCrashed, ChildOutOfMemory) as error:
            raise ScorerFailed from error
