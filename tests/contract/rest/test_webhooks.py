"""The routes of webhooks: their statuses, every key with its type and its nulls, and what reaches the api."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from nova_server.ports.webhook_administration import DeliveryPage
from nova_server.ports.webhooks import (
    Attempt,
    DeliveryFilter,
    DeliveryWithAttempts,
    EndpointChange,
    StoredAttempt,
    WebhookEvent,
)

from tests.support.api import Served
from tests.support.clock import START
from tests.support.documented_routes import shape
from tests.support.recorded_webhooks import DELIVERED, DELIVERY_ID, ENDPOINT_ID, FAILING, OWNER, PAYLOAD
from tests.support.rest import Rest
from tests.support.webhook_routes import (
    DELIVERIES,
    DELIVERY,
    ENDPOINT,
    ENDPOINTS,
    JSON,
    KEY,
    ROUTES,
    URL,
    Route,
    called,
)


def test_every_route_is_called_here() -> None:
    assert len(ROUTES) == 11


@pytest.mark.parametrize("route", ROUTES)
async def test_a_route_answers_with_the_status_the_keys_and_the_types_of_its_example(
    rest: Rest, served: Served, route: Route
) -> None:
    """What is recorded is what the examples show: a pending test, and a delivery after one attempt."""
    attempt = StoredAttempt(1, Attempt(START, 184, 200, None))
    served.webhooks.found = DeliveryWithAttempts(DELIVERED, PAYLOAD, (attempt,))
    if "redeliveries" in route.path:
        served.webhooks.delivery = dataclasses.replace(served.webhooks.delivery, tenant_id="acme-corp")
    if "secret-rotations" in route.path:
        served.webhooks.endpoint = dataclasses.replace(served.webhooks.endpoint, previous_secret_expires_at=START)

    answer = await called(rest, route)

    assert (answer.status, answer.content_type) == (route.status, "application/json")
    assert shape(answer.json) == shape(route.answer)
    assert len(served.webhooks.calls) == 1


async def test_what_is_not_set_is_null_and_what_is_set_is_not(rest: Rest, served: Served) -> None:
    served.webhooks.endpoint = FAILING
    served.webhooks.page = DeliveryPage((DELIVERED,), DELIVERY_ID)

    endpoint = (await rest.get(ENDPOINT, headers=KEY)).json["webhookEndpoint"]
    page = (await rest.get(DELIVERIES, headers=KEY)).json
    first, second = (await rest.get(DELIVERY, headers=KEY)).json["attempts"]

    assert (endpoint["name"], endpoint["enabled"], endpoint["events"]) == (None, False, ["score.failed"])
    assert endpoint["failingSince"] == "2026-03-01T09:00:01Z"
    assert endpoint["previousSecretExpiresAt"] == "2026-03-01T09:01:00Z"
    assert page["nextPageToken"] == DELIVERY_ID
    assert (first["httpStatus"], first["failureReason"]) == (None, "timeout")
    assert (second["httpStatus"], second["failureReason"]) == (200, None)


async def test_lists_may_be_empty(rest: Rest, served: Served) -> None:
    served.webhooks.page = DeliveryPage((), None)
    served.webhooks.found = DeliveryWithAttempts(DELIVERED, "", ())

    assert (await rest.get(DELIVERIES, headers=KEY)).json == {"webhookDeliveries": [], "nextPageToken": None}
    found = (await rest.get(DELIVERY, headers=KEY)).json
    assert (found["payload"], found["attempts"]) == ("", [])


async def test_a_body_with_quotes_and_other_scripts_comes_back_as_it_is(rest: Rest, served: Served) -> None:
    payload = '{"a":"\\"\\\\ü 漢字 🙂 <b> \\u2028","failureReason":null}\u2028'
    served.webhooks.found = DeliveryWithAttempts(DELIVERED, payload, ())

    assert (await rest.get(DELIVERY, headers=KEY)).json["payload"] == payload


@pytest.mark.parametrize("route", ROUTES)
async def test_a_route_needs_a_key_and_minds_no_tenant(rest: Rest, served: Served, route: Route) -> None:
    without = await rest.call(route.method, route.path, headers={}, json=route.body)
    tenant = await rest.call(route.method, route.path, headers={**KEY, "X-Tenant-Id": "t" * 300}, json=route.body)

    assert (without.status, without.json["code"]) == (401, "UNAUTHORIZED")
    assert tenant.status == route.status
    assert [call[1] for call in served.webhooks.calls] == [OWNER]


@pytest.mark.parametrize("offset", ["Z", "%2B00:00", "+00:00"])
async def test_deliveries_are_filtered_by_the_query(rest: Rest, served: Served, offset: str) -> None:
    path = f"{ENDPOINTS}/-/deliveries"
    query = f"event=score.failed&createdAfter=2026-03-01T09:00:00{offset}&pageSize=7&pageToken={DELIVERY_ID}"

    answer = await rest.get(f"{path}?{query}", headers=KEY)

    assert answer.status == 200
    wanted = DeliveryFilter(event=WebhookEvent.SCORE_FAILED, created_after=START, before_id=DELIVERY_ID, limit=7)
    assert served.webhooks.calls == [("list_deliveries", OWNER, wanted)]


async def test_a_change_of_nothing_and_one_of_all_reach_the_api(rest: Rest, served: Served) -> None:
    body = {"url": URL, "name": "n", "events": ["batch.completed"], "enabled": False}
    for change in ({}, {"name": None, "webhookEndpointId": "x", "path_webhook_endpoint_id": None}, body):
        assert (await rest.call("PATCH", ENDPOINT, headers=KEY, json=change)).status == 200

    asked = [call[2:] for call in served.webhooks.calls]
    assert asked[:2] == [(ENDPOINT_ID, EndpointChange())] * 2
    assert asked[2] == (ENDPOINT_ID, EndpointChange(URL, "n", (WebhookEvent.BATCH_COMPLETED,), False))


BODIES = [
    {},
    {"data": b""},
    {"data": b"{}", "headers": JSON},
    {"data": b"{", "headers": JSON},
    {"data": b"\xff" * 100, "headers": {**KEY, "Content-Type": "application/grpc"}},
    {"data": b"a=b", "headers": {**KEY, "Content-Type": "application/x-www-form-urlencoded"}},
    {"headers": JSON},
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", f"{ENDPOINT}/tests", 202), ("POST", f"{DELIVERY}/redeliveries", 202), ("DELETE", ENDPOINT, 200)],
)
async def test_a_request_without_fields_minds_no_body(
    rest: Rest, method: str, path: str, status: int, body: dict[str, Any]
) -> None:
    answer = await rest.call(method, path, **{"headers": KEY, **body})

    assert (answer.status, answer.content_type) == (status, "application/json"), answer.text
