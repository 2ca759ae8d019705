"""The table of faults against the rules of the protos: no rule without its own code and sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from nova.criteria.v1 import criteria_service_pb2, criterion_pb2
from nova.scoring.v1 import application_pb2, resume_pb2, scoring_service_pb2
from nova.webhooks.v1 import webhook_service_pb2
from nova_server.api.criteria_validation import REQUESTS as CRITERIA_REQUESTS
from nova_server.api.fault_table import FAULTS
from nova_server.api.field_rules import MEMBER_OF_TYPE, FieldRules
from nova_server.api.limits import (
    MAX_ANSWERS,
    MAX_APPLICATIONS,
    MAX_CRITERIA,
    MAX_EVENTS,
    MAX_URL_CHARACTERS,
    TIME_PATTERN,
)
from nova_server.api.method_options import is_without_tenant, max_bytes, takes_expected_revision, takes_idempotency_key
from nova_server.api.webhook_validation import REQUESTS as WEBHOOK_REQUESTS

REQUESTS: list[type[Message]] = [
    scoring_service_pb2.SubmitScoringBatchRequest,
    scoring_service_pb2.GetScoringBatchRequest,
    scoring_service_pb2.WatchScoringBatchRequest,
    scoring_service_pb2.SubmitScoringJobRequest,
    scoring_service_pb2.GetScoringJobRequest,
    scoring_service_pb2.GetLatestScoreRequest,
    *CRITERIA_REQUESTS,
    *WEBHOOK_REQUESTS,
]


def rules_of(descriptor: Any) -> Iterator[str]:
    """Yield protovalidate's id of every rule on a message and on those in it."""
    for field in descriptor.fields:
        yield from _rules_on(field)
        if field.message_type is not None:
            yield from rules_of(field.message_type)


def _rules_on(field: Any) -> Iterator[str]:
    yield from _ids(field.GetOptions().Extensions[validate_pb2.field])


def _ids(constraint: Any) -> Iterator[str]:
    for kind, rules in constraint.ListFields():
        if kind.name == "required":
            yield "required"
        elif kind.name == "repeated" and rules.HasField("items"):
            yield from _ids(rules.items)
        else:
            names = [rule.name for rule, _ in rules.ListFields()]
            # Of a range, both ends are one rule.
            names = ["gte_lte"] if sorted(names) == ["gte", "lte"] else names
            yield from (f"{kind.name}.{name}" for name in names)


def test_every_rule_of_the_contract_is_named() -> None:
    used = {rule for request in REQUESTS for rule in rules_of(request.DESCRIPTOR)}

    assert used == set(FAULTS)


def test_the_limits_that_code_needs_are_those_of_the_contract() -> None:
    assert (MAX_APPLICATIONS, MAX_ANSWERS, MAX_URL_CHARACTERS) == (25, 500, 2048)
    assert (MAX_CRITERIA, MAX_EVENTS) == (100, 3)


@pytest.mark.parametrize("file", [scoring_service_pb2, criteria_service_pb2, webhook_service_pb2])
def test_every_request_is_checked_here(file: Any) -> None:
    (service,) = file.DESCRIPTOR.services_by_name.values()

    checked = {cast("Descriptor", request.DESCRIPTOR).full_name for request in REQUESTS}

    assert {method.input_type.full_name for method in service.methods} <= checked


def test_every_pattern_is_one_of_those_that_the_sentences_are_about() -> None:
    messages: list[type[Message]] = [*REQUESTS, application_pb2.Application]
    fields = [field for message in messages for field in cast("Descriptor", message.DESCRIPTOR).fields]
    patterns = {field.GetOptions().Extensions[validate_pb2.field].string.pattern for field in fields}

    assert patterns - {""} == {TIME_PATTERN, r"^[^\x00-\x1f\x7f]*$"}


def test_each_type_of_resume_asks_for_a_member_of_its_source() -> None:
    members = [field.name for field in resume_pb2.Resume.DESCRIPTOR.oneofs_by_name["source"].fields]

    assert MEMBER_OF_TYPE == {resume_pb2.Resume.URL: "url", resume_pb2.Resume.TEXT: "content"}
    assert list(MEMBER_OF_TYPE.values()) == members


@pytest.mark.parametrize(
    ("method", "limit"),
    [
        ("/nova.scoring.v1.ScoringService/SubmitScoringBatch", 4_718_592),
        ("/nova.scoring.v1.ScoringService/GetScoringBatch", None),
        ("/nova.webhooks.v1.WebhookService/CreateWebhookEndpoint", 65_536),
        ("/nova.scoring.v1.ScoringService/Nothing", None),
        ("nothing", None),
    ],
)
def test_the_limit_of_a_body_is_that_of_its_message(method: str, limit: int | None) -> None:
    assert max_bytes(method) == limit


KEYED = ["SetCriteria", "ArchiveCriteria", "AddCriterion", "UpdateCriterion", "RemoveCriterion"]


@pytest.mark.parametrize("file", [scoring_service_pb2, criteria_service_pb2, webhook_service_pb2])
def test_keys_and_revisions_are_for_those_who_change_criteria(file: Any) -> None:
    (service,) = file.DESCRIPTOR.services_by_name.values()
    names = {f"/{service.full_name}/{method.name}": method.name for method in service.methods}

    assert [names[method] for method in names if takes_idempotency_key(method)] == [
        name for name in names.values() if name in KEYED
    ]
    assert [names[method] for method in names if takes_expected_revision(method)] == [
        name for name in names.values() if name == "SetCriteria"
    ]


@pytest.mark.parametrize("method", ["/nova.criteria.v1.CriteriaService/Nothing", "unknown"])
def test_a_method_that_does_not_exist_takes_neither(method: str) -> None:
    assert (takes_idempotency_key(method), takes_expected_revision(method)) == (False, False)


@pytest.mark.parametrize(
    ("method", "without"),
    [
        ("/nova.webhooks.v1.WebhookService/CreateWebhookEndpoint", True),
        ("/nova.scoring.v1.ScoringService/GetScoringBatch", False),
        ("/nova.webhooks.v1.WebhookService/Nothing", False),
        ("unknown", False),
    ],
)
def test_a_method_is_without_a_tenant_when_its_service_is(method: str, without: bool) -> None:
    assert is_without_tenant(method) is without


def test_a_valid_message_has_no_faults() -> None:
    request = scoring_service_pb2.GetScoringBatchRequest(job_id="j", scoring_batch_id="b")

    assert FieldRules().violations(request) == []


def test_a_limit_is_written_with_its_thousands() -> None:
    request = scoring_service_pb2.SubmitScoringBatchRequest(job_id="j", job_description="x" * 50_001)

    sentences = [fault.message for fault in FieldRules().violations(request) if fault.field == "job_description"]

    assert sentences == ["must be at most 50,000 characters long."]


@pytest.mark.parametrize("seconds", [-1, 604_801])
def test_both_ends_of_a_range_are_told(seconds: int) -> None:
    request = webhook_service_pb2.RotateWebhookSecretRequest(webhook_endpoint_id="e", overlap_seconds=seconds)

    assert [fault.message for fault in FieldRules().violations(request)] == ["must be from 0 to 604,800."]


def test_the_sentence_for_a_pattern_says_what_the_pattern_is_about() -> None:
    time = webhook_service_pb2.RedeliverFailedWebhooksRequest(webhook_endpoint_id="e", since="yesterday")
    job = scoring_service_pb2.SubmitScoringBatchRequest(job_id="a\x07")

    assert [fault.message for fault in FieldRules().violations(time)] == [
        "must be a time in RFC 3339, such as 2025-12-14T10:30:45Z."
    ]
    assert FieldRules().violations(job)[0].message == "must not contain control characters."


def test_an_importance_that_is_given_as_none_of_them_is_told_as_any_other() -> None:
    for importance in (criterion_pb2.IMPORTANCE_UNSPECIFIED, 4):
        request = criteria_service_pb2.UpdateCriterionRequest(
            job_id="j", criterion_id="c", importance=cast(Any, importance)
        )

        assert [fault.message for fault in FieldRules().violations(request)] == [
            "must be one of the documented values."
        ]


def test_an_item_of_a_list_that_is_empty_was_sent() -> None:
    request = webhook_service_pb2.CreateWebhookEndpointRequest(url="https://example.com", events=[""])

    assert [(fault.field, fault.code) for fault in FieldRules().violations(request)] == [("events[0]", "invalid")]


def test_a_limit_of_one_is_told_in_words() -> None:
    assert FAULTS["string.min_len"].describe(1) == "must not be empty."
    assert FAULTS["string.min_len"].describe(50) == "must be at least 50 characters long."
    assert FAULTS["repeated.min_items"].describe(1) == "must not be empty."
