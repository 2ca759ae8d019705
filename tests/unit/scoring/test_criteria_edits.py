"""How one set of criteria becomes the next."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from buf.validate import validate_pb2
from hypothesis import given
from hypothesis import strategies as st
from nova.criteria.v1.criteria_service_pb2 import SetCriteriaRequest
from nova_server.errors import CriteriaLimitReached, CriterionNotFound
from nova_server.ports.clock import Instant
from nova_server.ports.criteria import Criterion
from nova_server.ports.scorer import MAX_CRITERIA, CriterionText, Importance
from nova_server.scoring.criteria_edits import added, derived, removed, replaced, updated

from tests.support.clock import START

LATER = Instant(START + 1_000_000)
PYTHON = CriterionText("5 years of Python", Importance.MUST_HAVE)
KAFKA = CriterionText("Kafka", Importance.PREFERRED)
GO = CriterionText("Go", Importance.NICE_TO_HAVE)

texts = st.lists(
    st.builds(CriterionText, st.sampled_from(["Python", "Go", "Kafka", "SQL"]), st.sampled_from(Importance)), max_size=8
)


def as_set(criteria: Sequence[Criterion]) -> list[CriterionText]:
    return [CriterionText(one.text, one.importance) for one in criteria]


def ids(criteria: Sequence[Criterion]) -> list[str]:
    return [one.id for one in criteria]


def test_ids_look_as_those_of_the_public_samples() -> None:
    (criterion,) = replaced("job", (), [PYTHON], START)
    assert re.fullmatch("crit_[0-9a-f]{12}", criterion.id)


def test_a_criterion_with_the_exact_text_of_a_current_one_keeps_its_id_and_its_age() -> None:
    before = replaced("job", (), [PYTHON, KAFKA], START)
    after = replaced("job", before, [KAFKA, CriterionText(PYTHON.text, Importance.PREFERRED)], LATER)
    assert [(one.id, one.created_at) for one in after] == [(before[1].id, START), (before[0].id, START)]
    assert after[1].importance is Importance.PREFERRED


@pytest.mark.parametrize("other", ["5 years of python", "5 years of Python ", "5  years of Python"])
def test_texts_are_the_same_only_to_the_letter(other: str) -> None:
    before = replaced("job", (), [PYTHON], START)
    (after,) = replaced("job", before, [CriterionText(other, PYTHON.importance)], LATER)
    assert after.id != before[0].id
    assert after.created_at == LATER


def test_going_back_to_an_earlier_set_gives_the_earlier_ids() -> None:
    first = replaced("job", (), [PYTHON, KAFKA], START)
    second = replaced("job", first, [GO], LATER)
    assert ids(replaced("job", second, [PYTHON, KAFKA], LATER)) == ids(first)


def test_the_same_text_has_another_id_in_another_job() -> None:
    assert ids(replaced("job", (), [PYTHON], START)) != ids(replaced("other", (), [PYTHON], START))


def test_a_job_id_and_a_text_never_run_together_into_the_same_id() -> None:
    one = replaced("job", (), [CriterionText("1;0;x", Importance.PREFERRED)], START)
    other = replaced("job1;0;", (), [CriterionText("x", Importance.PREFERRED)], START)
    assert ids(one) != ids(other)


@given(texts, texts)
def test_ids_differ_within_a_set_however_often_a_text_is_in_it(
    first: list[CriterionText], second: list[CriterionText]
) -> None:
    before = derived("job", first, START)
    after = replaced("job", before, second, LATER)
    assert len(set(ids(after))) == len(second)
    assert as_set(after) == second


@given(texts, texts)
def test_of_equal_texts_as_many_ids_stay_as_there_are_on_both_sides(
    first: list[CriterionText], second: list[CriterionText]
) -> None:
    before = derived("job", first, START)
    after = replaced("job", before, second, LATER)
    for text in {one.text for one in second}:
        old, new = ([one.id for one in some if one.text == text] for some in (before, after))
        assert len(set(old) & set(new)) >= min(len(old), len(new))


def test_a_criterion_that_was_reworded_does_not_lend_its_id_to_its_old_text() -> None:
    before = replaced("job", (), [PYTHON], START)
    reworded, _ = updated(before, before[0].id, "10 years of Python", None)
    both, new = added("job", reworded, PYTHON, LATER)
    assert len(set(ids(both))) == 2
    assert new.text == PYTHON.text


def test_what_is_added_comes_last() -> None:
    before = replaced("job", (), [PYTHON], START)
    after, new = added("job", before, GO, LATER)
    assert after == (*before, new)
    assert (new.text, new.importance, new.created_at) == (GO.text, GO.importance, LATER)


def test_no_more_can_be_added_than_a_job_may_have() -> None:
    full = replaced("job", (), [PYTHON] * MAX_CRITERIA, START)
    with pytest.raises(CriteriaLimitReached):
        added("job", full, GO, LATER)
    assert len(added("job", full[1:], GO, LATER)[0]) == MAX_CRITERIA


def test_the_limit_is_that_of_the_proto() -> None:
    options = SetCriteriaRequest.DESCRIPTOR.fields_by_name["criteria"].GetOptions()
    assert options.Extensions[validate_pb2.field].repeated.max_items == MAX_CRITERIA


@pytest.mark.parametrize(
    ("text", "importance", "expected"),
    [
        ("Golang", None, CriterionText("Golang", Importance.NICE_TO_HAVE)),
        (None, Importance.MUST_HAVE, CriterionText("Go", Importance.MUST_HAVE)),
        ("Golang", Importance.MUST_HAVE, CriterionText("Golang", Importance.MUST_HAVE)),
    ],
)
def test_a_change_keeps_the_id_the_place_and_what_is_not_given(
    text: str | None, importance: Importance | None, expected: CriterionText
) -> None:
    before = replaced("job", (), [PYTHON, GO, KAFKA], START)
    after, changed = updated(before, before[1].id, text, importance)
    assert as_set(after) == [PYTHON, expected, KAFKA]
    assert after[1] == changed
    assert ids(after) == ids(before)
    assert changed.created_at == START


def test_what_is_removed_is_gone_and_the_others_stay_as_they_are() -> None:
    before = replaced("job", (), [PYTHON, GO, KAFKA], START)
    assert removed(before, before[1].id) == (before[0], before[2])


def test_a_criterion_that_is_not_there_is_neither_changed_nor_removed() -> None:
    before = replaced("job", (), [PYTHON], START)
    with pytest.raises(CriterionNotFound):
        updated(before, "crit_000000000000", "Go", None)
    with pytest.raises(CriterionNotFound):
        removed(before, "crit_000000000000")
