"""The table of faults against the rules of the protos: no rule without its own code and sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from buf.validate import validate_pb2
from google.protobuf.message import Message
from nova.scoring.v1 import resume_pb2, scoring_service_pb2
from nova_server.api.body import max_bytes
from nova_server.api.fault_table import FAULTS
from nova_server.api.field_rules import MEMBER_OF_TYPE, FieldRules
from nova_server.api.limits import MAX_ANSWERS, MAX_APPLICATIONS, MAX_URL_CHARACTERS

REQUESTS: list[type[Message]] = [
    scoring_service_pb2.SubmitScoringBatchRequest,
    scoring_service_pb2.GetScoringBatchRequest,
    scoring_service_pb2.WatchScoringBatchRequest,
]


def rules_of(descriptor: Any) -> Iterator[str]:
    """Yield protovalidate's id of every rule on a message and on those in it."""
    for field in descriptor.fields:
        yield from _rules_on(field)
        if field.message_type is not None:
            yield from rules_of(field.message_type)


def _rules_on(field: Any) -> Iterator[str]:
    constraint = field.GetOptions().Extensions[validate_pb2.field]
    for kind, rules in constraint.ListFields():
        if kind.name == "required":
            yield "required"
        else:
            yield from (f"{kind.name}.{rule.name}" for rule, _ in rules.ListFields())


def test_every_rule_of_the_contract_is_named() -> None:
    used = {rule for request in REQUESTS for rule in rules_of(request.DESCRIPTOR)}

    assert used == set(FAULTS)


def test_the_limits_that_code_needs_are_those_of_the_contract() -> None:
    assert (MAX_APPLICATIONS, MAX_ANSWERS, MAX_URL_CHARACTERS) == (25, 500, 2048)


def test_each_type_of_resume_asks_for_a_member_of_its_source() -> None:
    members = [field.name for field in resume_pb2.Resume.DESCRIPTOR.oneofs_by_name["source"].fields]

    assert MEMBER_OF_TYPE == {resume_pb2.Resume.URL: "url", resume_pb2.Resume.TEXT: "content"}
    assert list(MEMBER_OF_TYPE.values()) == members


@pytest.mark.parametrize(
    ("method", "limit"),
    [
        ("/nova.scoring.v1.ScoringService/SubmitScoringBatch", 4_718_592),
        ("/nova.scoring.v1.ScoringService/GetScoringBatch", None),
        ("/nova.scoring.v1.ScoringService/Nothing", None),
        ("nothing", None),
    ],
)
def test_the_limit_of_a_body_is_that_of_its_message(method: str, limit: int | None) -> None:
    assert max_bytes(method) == limit


def test_a_valid_message_has_no_faults() -> None:
    request = scoring_service_pb2.GetScoringBatchRequest(job_id="j", scoring_batch_id="b")

    assert FieldRules().violations(request) == []


def test_a_limit_is_written_with_its_thousands() -> None:
    request = scoring_service_pb2.SubmitScoringBatchRequest(job_id="j", job_description="x" * 50_001)

    sentences = [fault.message for fault in FieldRules().violations(request) if fault.field == "job_description"]

    assert sentences == ["must be at most 50,000 characters long."]


def test_a_limit_of_one_is_told_in_words() -> None:
    assert FAULTS["string.min_len"].describe(1) == "must not be empty."
    assert FAULTS["string.min_len"].describe(50) == "must be at least 50 characters long."
    assert FAULTS["repeated.min_items"].describe(1) == "must not be empty."
