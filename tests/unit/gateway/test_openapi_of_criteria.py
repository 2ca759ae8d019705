"""What the OpenAPI document says of calls that are made once, of the values of criteria, and of single scoring jobs."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from nova_gateway.configuration import PACKAGE

DOCUMENT: dict[str, Any] = json.loads((PACKAGE / "generated/openapi.json").read_text())
COMPONENTS = DOCUMENT["components"]
SCHEMAS = COMPONENTS["schemas"]
OPERATIONS = {each["operationId"]: each for path in DOCUMENT["paths"].values() for each in path.values()}
CHANGES = ["setCriteria", "archiveCriteria", "addCriterion", "updateCriterion", "removeCriterion"]
IMPORTANCES = ["MUST_HAVE", "PREFERRED", "NICE_TO_HAVE"]


def header_of(operation: str, name: str) -> dict[str, Any] | None:
    """Return how a request header is described at an operation, if it is."""
    for parameter in OPERATIONS[operation]["parameters"]:
        described = COMPONENTS["parameters"][parameter["$ref"].rpartition("/")[2]] if "$ref" in parameter else parameter
        if (described["in"], described["name"]) == ("header", name):
            return dict(described)
    return None


def having(name: str) -> list[str]:
    return [operation for operation in OPERATIONS if header_of(operation, name)]


def success_of(operation: str) -> dict[str, Any]:
    return next(each for status, each in OPERATIONS[operation]["responses"].items() if status < "300")


def answering(status: str) -> list[str]:
    return [name for name, each in OPERATIONS.items() if status in each["responses"]]


def is_valid(schema: dict[str, Any], value: Any) -> bool:
    return bool(jsonschema_rs.validator_for({**schema, "components": COMPONENTS}).is_valid(value))


def test_what_changes_criteria_takes_an_idempotency_key() -> None:
    assert having("Idempotency-Key") == CHANGES
    assert having("X-Expected-Criteria-Revision") == ["setCriteria"]


@pytest.mark.parametrize("name", ["Idempotency-Key", "X-Expected-Criteria-Revision"])
def test_neither_header_has_to_be_given(name: str) -> None:
    described = header_of("setCriteria", name)

    assert described is not None
    assert described["required"] is False
    assert is_valid(described["schema"], described["example"])


@pytest.mark.parametrize(
    ("key", "valid"),
    [("k", True), ("k" * 255, True), ("a b~!", True), ("", False), ("k" * 256, False), ("k\n", False), ("ü", False)],
)
def test_an_idempotency_key_is_1_to_255_printable_characters(key: str, valid: bool) -> None:
    described = header_of("addCriterion", "Idempotency-Key")

    assert described is not None
    assert is_valid(described["schema"], key) == valid


def test_only_what_takes_a_key_can_have_been_replayed() -> None:
    told = [name for name in OPERATIONS if "Idempotent-Replayed" in success_of(name)["headers"]]

    assert told == CHANGES
    header = COMPONENTS["headers"]["IdempotentReplayed"]
    assert header["schema"] == {"type": "string", "const": "true"}
    assert not header.get("required", False)


def test_what_takes_a_header_can_be_refused_for_it_and_nothing_else_can() -> None:
    assert answering("422") == CHANGES
    assert answering("412") == ["setCriteria"]
    assert set(CHANGES) <= set(answering("409"))


@pytest.mark.parametrize(
    ("response", "codes"),
    [
        ("UnprocessableEntity", ["IDEMPOTENCY_KEY_REUSED"]),
        ("PreconditionFailed", ["CRITERIA_REVISION_MISMATCH"]),
    ],
)
def test_a_status_is_told_with_its_codes(response: str, codes: list[str]) -> None:
    examples = COMPONENTS["responses"][response]["content"]["application/problem+json"]["examples"]

    assert list(examples) == codes
    assert "IDEMPOTENCY_REQUEST_IN_PROGRESS" in json.dumps(COMPONENTS["responses"]["Conflict"])


def test_the_values_of_an_enum_outside_of_a_message_are_told_as_they_are_sent() -> None:
    importance = SCHEMAS["Criterion"]["properties"]["importance"]
    status = SCHEMAS["CriteriaVersion"]["properties"]["status"]

    assert (importance["enum"], status["enum"]) == (IMPORTANCES, ["ACTIVE", "ARCHIVED"])
    assert all(f"- `{value}`: " in importance["description"] for value in IMPORTANCES)
    assert SCHEMAS["UpdateCriterionRequest"]["properties"]["importance"]["enum"] == [*IMPORTANCES, None]


@pytest.mark.parametrize(
    ("body", "valid"),
    [
        ({"criteria": []}, True),
        ({"criteria": [{"text": "x", "importance": "MUST_HAVE"}] * 100}, True),
        ({}, False),
        ({"criteria": None}, False),
        ({"criteria": [{"text": "x", "importance": "must_have"}]}, False),
        ({"criteria": [{"text": "x"}]}, False),
        ({"criteria": [{"text": "", "importance": "MUST_HAVE"}]}, False),
        ({"criteria": [{"text": "x", "importance": "MUST_HAVE"}] * 101}, False),
    ],
)
def test_a_list_of_criteria_has_to_be_given_and_may_be_empty(body: Any, valid: bool) -> None:
    assert is_valid(SCHEMAS["SetCriteriaRequest"], body) == valid


@pytest.mark.parametrize(
    ("rescore", "valid"),
    [
        ({"enabled": True}, True),
        ({"enabled": True, "criteriaVersionId": None}, True),
        ({"enabled": False}, True),
        ({}, False),
        ({"enabled": None}, False),
        ({"enabled": True, "criteriaVersionId": ""}, False),
    ],
)
def test_a_rescore_says_whether_it_is_enabled(rescore: Any, valid: bool) -> None:
    assert is_valid(SCHEMAS["Rescore"], rescore) == valid


@pytest.mark.parametrize("name", ["Criterion", "CriteriaVersion", "GetCurrentCriteriaVersionResponse"])
def test_an_answer_has_every_key(name: str) -> None:
    assert SCHEMAS[name]["required"] == list(SCHEMAS[name]["properties"])


def test_the_status_of_a_success_is_that_of_the_contract() -> None:
    statuses = {name: next(iter(each["responses"])) for name, each in OPERATIONS.items()}

    assert {statuses[name] for name in CHANGES} == {"200", "201"}
    assert statuses["addCriterion"] == "201"
    assert (statuses["submitScoringJob"], statuses["getScoringJob"], statuses["getLatestScore"]) == (
        "202",
        "200",
        "200",
    )
