"""The use cases of criteria on a real store, with a scorer and a clock that the test holds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from nova_server.identifiers import RandomIdentifiers
from nova_server.ports.criteria import ChangeOptions, Criterion, IdempotentCall
from nova_server.ports.scorer import CriteriaTexts, CriterionText, Importance
from nova_server.ports.tenancy import Caller, Environment
from nova_server.scoring.criteria import Criteria
from nova_server.scoring.derived_criteria import DerivedCriteria
from nova_server.storage.criteria_store import SqlCriteriaStore

from tests.support.store import StoreUnderTest
from tests.support.submissions import ACME

PARTNER = Caller("partner-1", Environment.SANDBOX)
PYTHON = CriterionText("Python", Importance.MUST_HAVE)
KAFKA = CriterionText("Kafka", Importance.PREFERRED)
DERIVED = CriterionText("what the texts ask for", Importance.PREFERRED)
PLAIN = ChangeOptions()
LEASE_SECONDS = 60


def keyed(key: str = "key", *, digest: str = "a" * 40, caller: Caller = PARTNER) -> ChangeOptions:
    """Return the options of a call with an idempotency key."""
    return ChangeOptions(IdempotentCall(caller, key, digest))


def texts_of(criteria: Sequence[Criterion] | None) -> list[str]:
    assert criteria is not None
    return [one.text for one in criteria]


@dataclass
class HeldScorer:
    """A scorer that derives the same criteria of every text, once it is let."""

    fault: Exception | None = None
    began: asyncio.Event = field(default_factory=asyncio.Event)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def derive_criteria(self, _texts: CriteriaTexts) -> tuple[CriterionText, ...]:
        self.began.set()
        await self.open.wait()
        if self.fault:
            raise self.fault
        return (DERIVED,)

    async def score(self, _scoring_input: object) -> Any:
        raise AssertionError("nothing is scored here")


@dataclass(frozen=True, slots=True)
class CriteriaUnderTest:
    """The use cases, and what they stand on."""

    use_cases: Criteria
    scorer: HeldScorer
    store: StoreUnderTest

    async def current(self, job_id: str = "job-1") -> list[str]:
        """Return the texts of a job's current criteria."""
        return texts_of((await self.use_cases.get_current(ACME, job_id)).version.criteria)


def criteria_on(store: StoreUnderTest) -> CriteriaUnderTest:
    """Return the use cases on a store."""
    scorer = HeldScorer()
    criteria = SqlCriteriaStore(store.database, RandomIdentifiers())
    derived = DerivedCriteria(criteria, scorer)
    return CriteriaUnderTest(Criteria(criteria, derived, store.clock, lease_seconds=LEASE_SECONDS), scorer, store)
