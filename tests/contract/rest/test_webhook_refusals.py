"""What the routes of webhooks refuse: faults with their JSON names, what there is not, and what conflicts."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from nova_server.errors import (
    NovaError,
    WebhookDeliveryNotFound,
    WebhookEndpointDisabled,
    WebhookEndpointLimitReached,
    WebhookEndpointNotFound,
)

from tests.support.api import Served
from tests.support.rest import PROBLEM_TYPE, Answer, Rest, faults
from tests.support.webhook_routes import (
    DELIVERIES,
    DELIVERY,
    ENDPOINT,
    ENDPOINTS,
    KEY,
    ROUTES,
    URL,
    Route,
    called,
)


def refused(answer: Answer, error: NovaError, status: int, code: str) -> None:
    assert (answer.status, answer.content_type) == (status, PROBLEM_TYPE)
    assert (answer.json["code"], answer.json["message"]) == (code, error.message)
    assert answer.json["retryable"] is False


@pytest.mark.parametrize("route", [each for each in ROUTES if each.values[0].path.startswith(ENDPOINT)])
async def test_an_endpoint_that_there_is_not_is_not_found(rest: Rest, served: Served, route: Route) -> None:
    served.webhooks.fault = WebhookEndpointNotFound()

    refused(await called(rest, route), served.webhooks.fault, 404, "WEBHOOK_ENDPOINT_NOT_FOUND")


@pytest.mark.parametrize(("method", "path"), [("GET", DELIVERY), ("POST", f"{DELIVERY}/redeliveries")])
async def test_a_delivery_that_there_is_not_is_not_found(rest: Rest, served: Served, method: str, path: str) -> None:
    served.webhooks.fault = WebhookDeliveryNotFound()

    answer = await rest.call(method, path, headers=KEY)

    refused(answer, served.webhooks.fault, 404, "WEBHOOK_DELIVERY_NOT_FOUND")


async def test_one_endpoint_too_many_is_a_conflict(rest: Rest, served: Served) -> None:
    served.webhooks.fault = WebhookEndpointLimitReached()

    answer = await rest.post(ENDPOINTS, headers=KEY, json={"url": URL})

    refused(answer, served.webhooks.fault, 409, "WEBHOOK_ENDPOINT_LIMIT_REACHED")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{ENDPOINT}/tests", None),
        (f"{DELIVERY}/redeliveries", None),
        (f"{ENDPOINT}/redeliveries", {"since": "2025-12-14T10:30:45Z"}),
    ],
)
async def test_nothing_is_delivered_to_a_disabled_endpoint(rest: Rest, served: Served, path: str, body: Any) -> None:
    served.webhooks.fault = WebhookEndpointDisabled()

    answer = await rest.post(path, headers=KEY, json=body)

    refused(answer, served.webhooks.fault, 409, "WEBHOOK_ENDPOINT_DISABLED")


@pytest.mark.parametrize(
    ("method", "path", "body", "found"),
    [
        ("POST", ENDPOINTS, {}, [("url", "required")]),
        ("POST", ENDPOINTS, {"url": None}, [("url", "required")]),
        ("POST", ENDPOINTS, {"url": "http://example.com"}, [("url", "url_not_allowed")]),
        ("POST", ENDPOINTS, {"url": 7, "enabled": "yes"}, [("url", "wrong_type"), ("enabled", "wrong_type")]),
        ("POST", ENDPOINTS, {"url": URL, "events": ["test"]}, [("events[0]", "invalid")]),
        ("POST", ENDPOINTS, {"url": URL, "events": [None]}, [("events[0]", "wrong_type")]),
        ("POST", ENDPOINTS, {"url": URL, "events": "score.failed"}, [("events", "wrong_type")]),
        ("PATCH", ENDPOINT, {"name": ""}, [("name", "too_short")]),
        ("PATCH", ENDPOINT, {"url": "http://a.b", "name": "\0"}, [("name", "invalid"), ("url", "url_not_allowed")]),
        ("POST", f"{ENDPOINT}/secret-rotations", {"overlapSeconds": -1}, [("overlapSeconds", "out_of_range")]),
        ("POST", f"{ENDPOINT}/secret-rotations", {"overlapSeconds": 1.5}, [("overlapSeconds", "wrong_type")]),
        ("POST", f"{ENDPOINT}/secret-rotations", {"overlapSeconds": "60"}, [("overlapSeconds", "wrong_type")]),
        ("POST", f"{ENDPOINT}/secret-rotations", {"overlapSeconds": 2**40}, [("overlapSeconds", "out_of_range")]),
        ("POST", f"{ENDPOINT}/redeliveries", {}, [("since", "required")]),
        ("POST", f"{ENDPOINT}/redeliveries", {"since": "2025-02-31T00:00:00Z"}, [("since", "invalid")]),
    ],
)  # fmt: skip
async def test_a_fault_of_a_body_is_named_with_its_key(
    rest: Rest, served: Served, method: str, path: str, body: Any, found: list[tuple[str, str]]
) -> None:
    assert faults(await rest.call(method, path, headers=KEY, json=body)) == found
    assert served.webhooks.calls == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("pageSize=abc", [("pageSize", "wrong_type")]),
        ("pageSize=", [("pageSize", "wrong_type")]),
        ("pageSize=1.0", [("pageSize", "wrong_type")]),
        ("pageSize=0", [("pageSize", "out_of_range")]),
        ("pageSize=101", [("pageSize", "out_of_range")]),
        ("pageSize=99999999999", [("pageSize", "out_of_range")]),
        ("pageSize=5&pageSize=5", [("pageSize", "duplicate_key")]),
        ("status=running", [("status", "invalid")]),
        ("status=", [("status", "invalid")]),
        ("status", [("status", "wrong_type")]),
        ("event=score", [("event", "invalid")]),
        ("createdAfter=yesterday", [("createdAfter", "invalid")]),
        ("createdBefore=2025-02-31T00:00:00Z", [("createdBefore", "invalid")]),
        ("pageToken=x", [("pageToken", "invalid")]),
        ("page_size=5", [("query", "unknown_parameter")]),
        ("page=2&pageSize=x", [("page", "unknown_parameter"), ("pageSize", "wrong_type")]),
    ],
)
async def test_a_fault_of_a_query_is_named_with_its_parameter(
    rest: Rest, served: Served, query: str, found: list[tuple[str, str]]
) -> None:
    assert faults(await rest.get(f"{DELIVERIES}?{query}", headers=KEY)) == found
    assert served.webhooks.calls == []


@pytest.mark.parametrize("route", ROUTES)
async def test_a_parameter_that_a_route_does_not_have_is_refused(rest: Rest, served: Served, route: Route) -> None:
    assert faults(await called(rest, dataclasses.replace(route, path=f"{route.path}?x=1"))) == [
        ("x", "unknown_parameter")
    ]
    assert served.webhooks.calls == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", ENDPOINTS),
        ("PUT", ENDPOINT),
        ("POST", ENDPOINT),
        ("GET", f"{ENDPOINT}/tests"),
        ("PATCH", DELIVERY),
        ("DELETE", DELIVERY),
        ("GET", f"{ENDPOINT}/redeliveries"),
        ("GET", f"{ENDPOINTS}/"),
        ("GET", f"{DELIVERY}/redeliveries"),
        ("GET", f"{ENDPOINTS}/a/b/c"),
    ],
)
async def test_a_method_that_a_route_does_not_have_is_not_found(rest: Rest, method: str, path: str) -> None:
    answer = await rest.call(method, path, headers=KEY)

    assert (answer.status, answer.content_type, answer.json["code"]) == (404, PROBLEM_TYPE, "NOT_FOUND")


async def test_a_body_over_the_limit_of_its_message_is_too_large(rest: Rest) -> None:
    answer = await rest.post(ENDPOINTS, headers=KEY, json={"url": "x" * 65_536})

    assert (answer.status, answer.json["code"]) == (413, "PAYLOAD_TOO_LARGE")
