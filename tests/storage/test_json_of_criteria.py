"""Criteria are read back as they were stored."""

from __future__ import annotations

import json

import pytest
from nova_server.ports.criteria import Criterion
from nova_server.ports.scorer import Importance
from nova_server.storage.criteria_json import dump_criteria, load_criteria

from tests.support.clock import START

CRITERIA = (
    Criterion("crit_1", "5+ years of “Python” \\ \n😀", Importance.MUST_HAVE, START),
    Criterion("crit_2", "", Importance.PREFERRED, START),
    Criterion("crit_3", "[]", Importance.NICE_TO_HAVE, START),
)


@pytest.mark.parametrize("count", range(4))
def test_criteria_are_read_back_in_their_order_with_everything_they_hold(count: int) -> None:
    assert load_criteria(dump_criteria(CRITERIA[:count])) == CRITERIA[:count]


def test_criteria_that_are_not_derived_yet_differ_from_an_empty_set() -> None:
    assert load_criteria(None) is None
    assert load_criteria(dump_criteria([])) == ()


def test_the_stored_form_is_a_list_for_each_criterion() -> None:
    (first,) = json.loads(dump_criteria(CRITERIA[:1]))
    assert first == ["crit_1", CRITERIA[0].text, "MUST_HAVE", START]


def test_an_importance_that_nobody_knows_is_an_error_and_no_criterion() -> None:
    with pytest.raises(ValueError, match="OPTIONAL"):
        load_criteria('[["crit_1", "Python", "OPTIONAL", 1]]')
