"""The OpenAPI document says of the REST API what the protos and the error catalogue say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from google.api import annotations_pb2
from nova.criteria.v1 import criteria_service_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova.scoring.v1 import scoring_service_pb2
from nova.webhooks.v1 import webhook_service_pb2
from nova_gateway.configuration import PACKAGE
from nova_server.errors import CATALOGUE
from openapi_spec_validator import validate

DOCUMENT: dict[str, Any] = json.loads((PACKAGE / "generated/openapi.json").read_text())
COMPONENTS = DOCUMENT["components"]
SUBMIT = DOCUMENT["paths"]["/v1/jobs/{jobId}/scoring-batches"]["post"]
GET = DOCUMENT["paths"]["/v1/jobs/{jobId}/scoring-batches/{scoringBatchId}"]["get"]
REQUEST = COMPONENTS["schemas"]["SubmitScoringBatchRequest"]
HTTP_RULE: Any = annotations_pb2.http
NULL = {"type": "null"}
ENDPOINTS = DOCUMENT["paths"]["/v1/webhook-endpoints"]
ENDPOINT = DOCUMENT["paths"]["/v1/webhook-endpoints/{webhookEndpointId}"]
DELIVERIES = DOCUMENT["paths"]["/v1/webhook-endpoints/{webhookEndpointId}/deliveries"]["get"]
EVENTS = ["score.completed", "score.failed", "batch.completed"]
OPERATIONS = {each["operationId"]: each for path in DOCUMENT["paths"].values() for each in path.values()}


_VERBS = ("Create", "Update")


def validator(schema: dict[str, Any]) -> Any:
    """Return what checks values against a schema of the document."""
    return jsonschema_rs.validator_for({**schema, "components": COMPONENTS}, validate_formats=True)


def contents(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every description of a body that has examples."""
    if isinstance(node, dict):
        if "schema" in node and ("example" in node or "examples" in node):
            yield node
        for part in node.values():
            yield from contents(part)
    elif isinstance(node, list):
        for part in node:
            yield from contents(part)


def submission(**changes: Any) -> dict[str, Any]:
    """Return the request of the example, changed."""
    return {**SUBMIT["requestBody"]["content"]["application/json"]["example"], **changes}


def with_resume(resume: Any) -> dict[str, Any]:
    return submission(applications=[{"applicationId": "app-001", "resume": resume}])


def test_the_document_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    validate(DOCUMENT)


def test_every_example_is_what_its_schema_says() -> None:
    found = list(contents(DOCUMENT))
    assert len(found) > 10
    for content in found:
        examples = (
            [content["example"]] if "example" in content else [each["value"] for each in content["examples"].values()]
        )
        for example in examples:
            validator(content["schema"]).validate(example)


def test_every_rpc_with_a_route_is_in_it_and_no_other() -> None:
    services = (criteria_service_pb2, scoring_service_pb2, webhook_service_pb2)
    rpcs = {
        method.name[0].lower() + method.name[1:]: method.GetOptions().HasExtension(HTTP_RULE)
        for file in services
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }

    assert set(OPERATIONS) == {name for name, has_route in rpcs.items() if has_route}
    assert [name for name, has_route in rpcs.items() if not has_route] == ["watchScoringBatch"]


def test_an_operation_succeeds_with_its_documented_status_only() -> None:
    assert [status for status in SUBMIT["responses"] if status < "300"] == ["202"]
    assert [status for status in GET["responses"] if status < "300"] == ["200"]


@pytest.mark.parametrize("operation", [SUBMIT, GET], ids=["submit", "get"])
def test_every_answer_has_a_trace_id(operation: dict[str, Any]) -> None:
    for response in operation["responses"].values():
        resolved = COMPONENTS["responses"][response["$ref"].rpartition("/")[2]] if "$ref" in response else response
        assert "X-Trace-Id" in resolved["headers"]


def test_every_status_of_the_catalogue_is_a_response_with_its_codes() -> None:
    for response in COMPONENTS["responses"].values():
        examples = response["content"]["application/problem+json"]["examples"]
        for code, example in examples.items():
            entry = CATALOGUE[ErrorReason.Value(code)]
            assert (example["value"]["status"], example["value"]["retryable"]) == (entry.http_status, entry.retryable)
    told = [
        code
        for each in COMPONENTS["responses"].values()
        for code in each["content"]["application/problem+json"]["examples"]
    ]
    assert sorted(told) == sorted(ErrorReason.Name(reason) for reason, entry in CATALOGUE.items() if entry.http_status)


@pytest.mark.parametrize("name", ["TooManyRequests", "ServiceUnavailable"])
def test_who_should_come_back_is_told_when(name: str) -> None:
    assert "Retry-After" in COMPONENTS["responses"][name]["headers"]


def test_only_a_request_with_a_body_can_be_too_large() -> None:
    assert "413" in SUBMIT["responses"]
    assert "413" not in GET["responses"]


def test_every_operation_wants_a_key_and_a_tenant() -> None:
    assert DOCUMENT["security"] == [{"apiKey": []}]
    for operation in (SUBMIT, GET):
        assert {"$ref": "#/components/parameters/TenantId"} in operation["parameters"]
    assert COMPONENTS["parameters"]["TenantId"]["name"] == "X-Tenant-Id"


def test_of_all_but_webhooks_a_tenant_is_asked() -> None:
    tenant = {"$ref": "#/components/parameters/TenantId"}

    for operation in OPERATIONS.values():
        assert (tenant in operation["parameters"]) == (operation["tags"] != ["Webhook"]), operation["operationId"]


def test_each_way_to_change_an_endpoint_has_its_method() -> None:
    assert (list(ENDPOINTS), list(ENDPOINT)) == (["post", "get"], ["get", "patch", "delete"])
    assert "requestBody" not in ENDPOINT["delete"]
    assert "201" in ENDPOINTS["post"]["responses"]


def test_a_conflict_is_an_answer_of_what_can_conflict() -> None:
    conflicting = [name for name, each in OPERATIONS.items() if "409" in each["responses"]]

    assert [name for name in conflicting if OPERATIONS[name]["tags"] == ["Webhook"]] == [
        "createWebhookEndpoint",
        "sendTestWebhook",
        "redeliverWebhook",
        "redeliverFailedWebhooks",
    ]


def test_the_values_of_a_text_that_has_few_are_told() -> None:
    create, update = (COMPONENTS["schemas"][f"{name}WebhookEndpointRequest"]["properties"] for name in _VERBS)
    parameters = {each["name"]: each["schema"] for each in DELIVERIES["parameters"]}

    assert create["events"]["items"]["enum"] == update["events"]["items"]["enum"] == EVENTS
    assert parameters["status"] == {"type": "string", "enum": ["pending", "delivered", "failed"]}
    assert parameters["event"]["enum"] == [*EVENTS, "test"]


def test_the_range_of_an_integer_is_told() -> None:
    parameters = {each["name"]: each["schema"] for each in DELIVERIES["parameters"]}
    overlap = COMPONENTS["schemas"]["RotateWebhookSecretRequest"]["properties"]["overlapSeconds"]

    assert parameters["pageSize"] == {"type": "integer", "format": "int32", "minimum": 1, "maximum": 100}
    assert (overlap["type"], overlap["minimum"], overlap["maximum"]) == (["integer", "null"], 0, 604_800)


def test_no_parameter_of_a_query_is_required() -> None:
    in_query = [each for each in DELIVERIES["parameters"] if each["in"] == "query"]

    assert [each["name"] for each in in_query] == [
        "status", "event", "createdAfter", "createdBefore", "pageSize", "pageToken",
    ]  # fmt: skip
    assert not any(each["required"] for each in in_query)


@pytest.mark.parametrize(
    ("name", "required"),
    [
        ("CreateWebhookEndpointRequest", ["url"]),
        ("UpdateWebhookEndpointRequest", []),
        ("RotateWebhookSecretRequest", []),
        ("RedeliverFailedWebhooksRequest", ["since"]),
    ],
)
def test_a_request_requires_what_the_api_cannot_do_without(name: str, required: list[str]) -> None:
    assert COMPONENTS["schemas"][name].get("required", []) == required


def test_the_introduction_has_a_paragraph_for_each_tag_and_the_tags_have_the_rest() -> None:
    paragraphs = DOCUMENT["info"]["description"].split("\n\n")

    for paragraph, tag in zip(paragraphs, DOCUMENT["tags"], strict=True):
        bold, _, text = paragraph.partition(" ")
        assert bold == f"**{tag['name']}.**"
        assert tag["description"].startswith(text)


def test_the_parameters_of_a_path_are_named_as_in_it() -> None:
    parameters = {each["name"]: each for each in GET["parameters"] if "name" in each}

    assert list(parameters) == ["jobId", "scoringBatchId"]
    assert parameters["jobId"]["example"] == "job-123"
    assert parameters["jobId"]["schema"]["maxLength"] == 255


@pytest.mark.parametrize("name", ["ScoringJob", "ScoringBatch", "Assessment", "SubmitScoringBatchResponse"])
def test_an_answer_has_every_key(name: str) -> None:
    schema = COMPONENTS["schemas"][name]

    assert schema["required"] == list(schema["properties"])


def test_what_is_not_known_yet_is_null() -> None:
    job = COMPONENTS["schemas"]["ScoringJob"]["properties"]

    nullable = {
        key for key, schema in job.items() if "null" in schema.get("type", ()) or NULL in schema.get("anyOf", ())
    }
    assert nullable == {
        "score", "assessment", "errorCode", "errorMessage", "startedAt", "completedAt", "failedAt",
    }  # fmt: skip


def test_the_codes_of_a_failed_job_are_those_that_are_no_status_of_a_call() -> None:
    codes = COMPONENTS["schemas"]["ScoringJob"]["properties"]["errorCode"]["enum"]

    assert codes[-1] is None
    assert {CATALOGUE[ErrorReason.Value(code)].http_status for code in codes[:-1]} == {0}


def test_a_submission_requires_what_the_contract_requires() -> None:
    assert REQUEST["required"] == ["applications", "jobDescription"]
    assert "jobId" not in REQUEST["properties"]


@pytest.mark.parametrize(
    "request_body",
    [
        submission(),
        submission(jobTitle=None, companyName=None, roleKnowledge=None),
        submission(somethingNew={"deep": [1, None]}),
        submission(jobDescription="x" * 50_000),
        with_resume({"type": "text", "content": "x" * 50}),
        with_resume({"type": "url", "url": "https://storage.example.com/resumes/001.pdf"}),
    ],
)
def test_a_valid_submission_is_valid_by_the_document(request_body: Any) -> None:
    assert validator(REQUEST).is_valid(request_body)


@pytest.mark.parametrize(
    "request_body",
    [
        submission(applications=[]),
        submission(applications=submission()["applications"] * 13),
        submission(jobDescription=""),
        submission(jobDescription=None),
        submission(jobDescription="x" * 50_001),
        submission(jobDescription="nul \0"),
        submission(jobTitle=""),
        submission(roleKnowledge="x" * 15_001),
        submission(applications=[{"applicationId": "", "resume": {"type": "text", "content": "x" * 50}}]),
        submission(applications=[{"applicationId": "app-001"}]),
        with_resume({"type": "text", "content": "x" * 49}),
        with_resume({"type": "text", "url": "https://storage.example.com/resumes/001.pdf"}),
        with_resume({"type": "url", "content": "x" * 50}),
        with_resume({"type": "pdf", "content": "x" * 50}),
        with_resume({"content": "x" * 50}),
        with_resume(None),
    ],
)
def test_an_invalid_submission_is_invalid_by_the_document(request_body: Any) -> None:
    assert not validator(REQUEST).is_valid(request_body)


def test_descriptions_use_the_names_that_rest_callers_know() -> None:
    texts = [schema["description"] for schema in COMPONENTS["schemas"].values()]
    texts += [
        field["description"]
        for schema in COMPONENTS["schemas"].values()
        for field in schema.get("properties", {}).values()
    ]
    texts += [SUBMIT["description"], GET["description"]]

    assert all(texts)
    assert not [text for text in texts if "job_id" in text or "application_id" in text or "_FAILED is" in text]
    assert REQUEST["properties"]["applications"]["description"].startswith("The applications to score")
