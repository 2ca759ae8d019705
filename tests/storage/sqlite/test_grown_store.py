"""However much a store on SQLite holds, what it is asked takes as much work as what it is about.

SQLite plans without statistics, so that the plans are guarded in a small store, see `test_query_plans.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from nova_server.foundation import migrate
from nova_server.settings import Settings

from tests.support import observed_verbs as verbs
from tests.support.grown_sqlite import Instructions, counted_instructions, fill
from tests.support.observed_verbs import VERBS, Verb
from tests.support.store import StoreUnderTest, open_store, sqlite_url

# To read what waits takes 250,000 instructions, and to read what has ended takes millions.
FEW = 15_000
ABOUT_MANY: dict[Verb, int] = {
    verbs.claim_behind_a_full_tenant: 50_000,  # 200 tenants
    verbs.claim_behind_many_full_tenants: 50_000,
    verbs.measure_depth: 500_000,  # 50,000 jobs
    verbs.redeliver_what_failed: 50_000,  # 1,000 deliveries
}


@dataclass(frozen=True, slots=True)
class Observed:
    """A store, and how much work it has had."""

    store: StoreUnderTest
    instructions: Instructions

    async def work_of(self, verb: Verb) -> int:
        """Return how many instructions a verb takes, once it was prepared."""
        stages = verb(self.store)
        await anext(stages)
        before = self.instructions.executed
        await anext(stages, None)
        return self.instructions.executed - before


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a grown store, filled once for all these tests."""
    folder = tmp_path_factory.mktemp("grown")
    migrate(Settings(database_url=sqlite_url(folder)))
    fill(folder / "store.sqlite3")
    yield folder
    shutil.rmtree(folder)  # it is too large to be kept


@pytest.fixture
async def observed(grown: Path) -> AsyncIterator[Observed]:
    with counted_instructions() as instructions:
        async with open_store(sqlite_url(grown)) as store:
            yield Observed(store, instructions)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__)
async def test_what_is_asked_takes_the_work_of_what_it_is_about(observed: Observed, verb: Verb) -> None:
    assert await observed.work_of(verb) < ABOUT_MANY.get(verb, FEW)


async def test_the_work_is_counted(observed: Observed) -> None:
    assert await observed.work_of(verbs.claim_from_the_front) > 0
    assert await observed.work_of(verbs.read_a_batch_with_its_jobs) > 0
