"""The routes of webhooks, each with the example that documents it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest
from nova_gateway.configuration import PACKAGE

from tests.support.recorded_webhooks import DELIVERY_ID, ENDPOINT_ID
from tests.support.rest import HEADERS, Answer, Rest

ENDPOINTS = "/v1/webhook-endpoints"
ENDPOINT = f"{ENDPOINTS}/{ENDPOINT_ID}"
DELIVERIES = f"{ENDPOINT}/deliveries"
DELIVERY = f"{DELIVERIES}/{DELIVERY_ID}"
KEY = {"Authorization": HEADERS["Authorization"]}
JSON = {**KEY, "Content-Type": "application/json"}
URL = "https://example.com/webhooks"

DOCUMENT: dict[str, Any] = json.loads((PACKAGE / "generated/openapi.json").read_text())


@dataclasses.dataclass(frozen=True)
class Route:
    """A route with the request and the answer of the example that documents it."""

    method: str
    path: str
    status: int
    body: Any
    answer: Any


def routes() -> Iterator[Any]:
    for template, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            if operation["tags"] == ["Webhook"]:
                path = template.format(webhookEndpointId=ENDPOINT_ID, webhookDeliveryId=DELIVERY_ID)
                yield pytest.param(_route(method.upper(), path, operation), id=operation["operationId"])


def _route(method: str, path: str, operation: dict[str, Any]) -> Route:
    status, response = next(item for item in operation["responses"].items() if item[0] < "300")
    body = operation.get("requestBody", {"content": {"application/json": {}}})
    return Route(
        method,
        path,
        int(status),
        body["content"]["application/json"].get("example"),
        response["content"]["application/json"]["example"],
    )


ROUTES = list(routes())


async def called(rest: Rest, route: Route, **more: Any) -> Answer:
    """Call a route as its example does, without any tenant."""
    body = {"json": route.body} if route.body is not None else {}
    return await rest.call(route.method, route.path, headers=KEY, **{**body, **more})
