"""The use cases on a real store."""

from __future__ import annotations

import pytest
from nova_server.scoring.use_cases import Scoring
from nova_server.signals import ProcessSignals

from tests.support.store import StoreUnderTest
from tests.unit.scoring.criteria_of_jobs import CriteriaUnderTest, criteria_on


@pytest.fixture
def scoring(store: StoreUnderTest, signals: ProcessSignals) -> Scoring:
    return Scoring(store.store, signals)


@pytest.fixture
def criteria(store: StoreUnderTest) -> CriteriaUnderTest:
    return criteria_on(store)
