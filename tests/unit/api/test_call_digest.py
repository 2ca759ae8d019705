"""What tells one idempotent call from another."""

from __future__ import annotations

import itertools

from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from nova.criteria.v1 import criteria_service_pb2, criterion_pb2
from nova_server.api.change_options import call_digest

from tests.support.criteria_requests import ADD, ARCHIVE, CHANGES, SET, Add, Set, Text, method_of

SERVICE = "/nova.criteria.v1.CriteriaService"
METHOD = f"{SERVICE}/SetCriteria"


def digest(
    request: Message = SET, method: str = METHOD, tenant_id: str = "t", expected_revision: str | None = None
) -> str:
    return call_digest(method, tenant_id, expected_revision, request)


def test_a_digest_is_forty_hex_digits_and_stays_the_same_from_release_to_release() -> None:
    assert digest(ARCHIVE) == "cc9923d230126b0070e0fbb044b73b36536df050"


def test_everything_that_decides_what_a_call_does_is_in_its_digest() -> None:
    found = [
        *(digest(request, f"{SERVICE}/{method_of(request)}") for request in CHANGES),
        digest(tenant_id="u"),
        digest(expected_revision="crit_1"),
        digest(expected_revision="crit_2"),
        digest(Set(job_id="job-2", criteria=SET.criteria)),
        digest(Set(job_id="job-1", criteria=[Text(text="Python", importance=criterion_pb2.PREFERRED)])),
        digest(Set(job_id="job-1", criteria=[*SET.criteria, *SET.criteria])),
        digest(Set(job_id="job-1")),
    ]

    assert len(set(found)) == len(found)


def test_two_methods_that_are_sent_the_same_bytes_are_two_calls() -> None:
    clearing = Set(job_id="job-1")

    assert clearing.SerializeToString() == ARCHIVE.SerializeToString()
    assert digest(clearing) != digest(ARCHIVE, f"{SERVICE}/ArchiveCriteria")


def test_the_order_of_a_list_is_in_its_digest() -> None:
    criteria = [Text(text=text, importance=criterion_pb2.MUST_HAVE) for text in ("Go", "Python", "Rust")]
    found = {digest(Set(job_id="j", criteria=order)) for order in itertools.permutations(criteria)}

    assert len(found) == 6


def test_the_order_in_which_fields_are_set_or_sent_is_not() -> None:
    parts = [b"\x0a\x05job-1", b"\x12\x0aPostgreSQL", b"\x18\x02"]
    found = {digest(Add.FromString(b"".join(order))) for order in itertools.permutations(parts)}

    assert found == {digest(ADD)}


def test_a_field_that_is_given_as_empty_is_not_one_that_is_left_out() -> None:
    update = criteria_service_pb2.UpdateCriterionRequest

    assert digest(update(job_id="j")) != digest(update(job_id="j", text=""))


def test_no_part_runs_into_the_next() -> None:
    assert digest(method="ab", tenant_id="c") != digest(method="a", tenant_id="bc")
    assert digest(tenant_id="ab", expected_revision="c") != digest(tenant_id="a", expected_revision="bc")
    assert digest(tenant_id="ab") != digest(tenant_id="a", expected_revision="b")


TEXTS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=4)
CALLS = st.tuples(TEXTS, TEXTS, st.none() | TEXTS, TEXTS)


@given(CALLS, CALLS)
def test_two_calls_have_the_same_digest_only_when_they_are_the_same(
    first: tuple[str, str, str | None, str], second: tuple[str, str, str | None, str]
) -> None:
    one, other = (
        digest(criteria_service_pb2.GetCriteriaRequest(job_id=job_id), method, tenant_id, revision)
        for method, tenant_id, revision, job_id in (first, second)
    )

    assert (one == other) is (first == second)
