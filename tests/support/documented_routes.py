"""The routes of the OpenAPI document, each with the example that documents it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from nova_gateway.configuration import PACKAGE

from tests.support.rest import Answer, RestClient, Sent

DOCUMENT: dict[str, Any] = json.loads((PACKAGE / "generated/openapi.json").read_text())


@dataclass(frozen=True)
class Route:
    """A route with the request and the answer of its example. `body` is None when it takes none."""

    operation: str
    method: str
    path: str
    status: int
    body: Any
    answer: Any

    async def called(self, rest: RestClient, *, headers: Sent | None = None) -> Answer:
        """Call it as its example does."""
        body = {"json": self.body} if self.body is not None else {}
        return await rest.call(self.method, self.path, headers=headers, **body)

    def __str__(self) -> str:
        return self.operation


def documented_routes(*operations: str, **parameters: str) -> list[Route]:
    """Return these operations in their order, with the parameters in their paths."""
    found = {
        described["operationId"]: _route(method.upper(), template.format_map(parameters), described)
        for template, methods in DOCUMENT["paths"].items()
        for method, described in methods.items()
        if described["operationId"] in operations
    }
    return [found[operation] for operation in operations]


def _route(method: str, path: str, described: dict[str, Any]) -> Route:
    status, response = next(item for item in described["responses"].items() if item[0] < "300")
    body = described.get("requestBody", {"content": {"application/json": {}}})
    return Route(
        described["operationId"],
        method,
        path,
        int(status),
        body["content"]["application/json"].get("example"),
        response["content"]["application/json"]["example"],
    )


def shape(value: Any) -> Any:
    """Return the keys of a JSON value in their order, with the types of what they hold."""
    if isinstance(value, dict):
        return [(key, shape(part)) for key, part in value.items()]
    if isinstance(value, list):
        return [shape(part) for part in value]
    return type(value).__name__
