"""The OpenAPI document as a whole, and its operations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from nova_gateway.generator.api import Api, Operation, json_name
from nova_gateway.generator.headers import (
    PRINTABLE_TEXT,
    REQUEST_HEADERS,
    Header,
    reasons_of,
    request_headers,
    response_headers,
)
from nova_gateway.generator.openapi import problems
from nova_gateway.generator.openapi.comments import Comment, Comments, MethodExample
from nova_gateway.generator.openapi.rules import Schema, forbids_absence
from nova_gateway.generator.openapi.schemas import Schemas

# Of these, operations say themselves whether they can answer with them.
_OWN_STATUSES = (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.UNPROCESSABLE_ENTITY)

_TITLE = "Nova scoring API"
_TENANT_ID = "TenantId"
_PARAGRAPH = "\n\n"


def _header_parameter(header: Header) -> Schema:
    return {
        "name": header.name,
        "in": "header",
        "required": False,
        "description": header.description,
        "schema": header.schema,
        "example": header.example,
    }


_COMMON_PARAMETERS: Mapping[str, Schema] = {
    _TENANT_ID: {
        "name": "X-Tenant-Id",
        "in": "header",
        "required": True,
        "description": "Your customer identifier. Tenants are made on their first request.",
        "schema": PRINTABLE_TEXT,
        "example": "acme-corp",
    },
    **{header.component: _header_parameter(header) for header in REQUEST_HEADERS},
}
_SECURITY_SCHEMES: Mapping[str, Schema] = {
    "apiKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "Your API key: `sk_test_…` for the sandbox, `sk_live_…` for production.",
    }
}


def openapi(api: Api) -> Mapping[str, Any]:
    """Return the document."""
    operations = api.operations
    comments = Comments(api.descriptor_set)
    schemas = Schemas(api, comments, operations)
    services = dict.fromkeys(operation.service for operation in operations)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": _TITLE,
            "version": "v1",
            "description": _PARAGRAPH.join(_introduction(service, comments) for service in services),
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The server that this document comes from."}],
        "security": [{"apiKey": []}],
        "tags": [{"name": _tag(service), "description": comments[f".{service}"].text} for service in services],
        "paths": _paths(api, operations, comments, schemas),
        "components": {
            "schemas": {**schemas.all(), **problems.SCHEMAS},
            "responses": problems.problem_responses(comments),
            "headers": problems.HEADERS,
            "parameters": _COMMON_PARAMETERS,
            "securitySchemes": _SECURITY_SCHEMES,
        },
    }


def _paths(api: Api, operations: list[Operation], comments: Comments, schemas: Schemas) -> Mapping[str, Schema]:
    paths: dict[str, Schema] = {}
    for operation in operations:
        comment = comments[f".{operation.name}"]
        path = re.sub(r"\{(\w+)\}", lambda found: f"{{{json_name(found[1])}}}", operation.path)
        paths.setdefault(path, {})[operation.verb] = _operation(api, operation, comment, schemas)
    return paths


def _operation(api: Api, operation: Operation, comment: Comment, schemas: Schemas) -> Schema:
    name = operation.method.name
    example = comment.method_example()
    described: Schema = {
        "operationId": name[0].lower() + name[1:],
        "summary": " ".join(re.findall("[A-Z][a-z]*", name)).capitalize(),
        "description": comment.text,
        "tags": [_tag(operation.service)],
        "parameters": [
            *({"$ref": f"#/components/parameters/{name}"} for name in _common_parameters(operation)),
            *_parameters(api, operation, example, schemas),
        ],
    }
    if operation.has_body:
        reference = schemas.reference(operation.method.input_type, in_request=True)
        described["requestBody"] = {"required": True, "content": _content(reference, example.request)}
    return described | {"responses": _responses(operation, comment, schemas)}


def _common_parameters(operation: Operation) -> list[str]:
    """Return the names of the parameters that several operations share: those in headers."""
    headers = [header.component for header in request_headers(operation.method)]
    return [_TENANT_ID, *headers] if operation.has_tenant else headers


def _parameters(api: Api, operation: Operation, example: MethodExample, schemas: Schemas) -> list[Schema]:
    """Return the parameters of the path, and those of the query."""
    fields = {field.name: field for field in api.messages[operation.method.input_type].field}
    examples = _path_examples(operation, example)
    in_path = [
        _parameter(operation, fields[name], schemas, place="path", required=True, **examples.get(name, {}))
        for name in operation.path_parameters
    ]
    in_query = [
        _parameter(operation, field, schemas, place="query", required=forbids_absence(field))
        for field in api.query_fields(operation)
    ]
    return in_path + in_query


def _parameter(
    operation: Operation, field: FieldDescriptorProto, schemas: Schemas, *, place: str, required: bool, **more: str
) -> Schema:
    message = operation.method.input_type
    return {
        "name": field.json_name,
        "in": place,
        "required": required,
        "description": schemas.describe(message, field),
        "schema": schemas.parameter(field),
        **more,
    }


def _path_examples(operation: Operation, example: MethodExample) -> Mapping[str, Mapping[str, str]]:
    """Return the examples of the path's parameters, as the example of the method has them."""
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation.path)
    found = re.fullmatch(pattern, example.path)
    return {name: {"example": value} for name, value in (found.groupdict() if found else {}).items()}


def _responses(operation: Operation, comment: Comment, schemas: Schemas) -> Schema:
    example = comment.method_example()
    status = HTTPStatus(operation.success_status)
    success = {
        "description": status.phrase,
        "headers": problems.TRACE_ID_HEADER | _response_headers(operation),
        "content": _content(schemas.reference(operation.method.output_type), example.response),
    }
    failures = {
        str(failure.value): {"$ref": f"#/components/responses/{problems.response_name(failure)}"}
        for failure in problems.statuses()
        if _can_fail(operation, comment, failure)
    }
    return {str(status.value): success, **failures}


def _response_headers(operation: Operation) -> Schema:
    return {
        header.name: {"$ref": f"#/components/headers/{header.component}"}
        for header in response_headers(operation.method)
    }


def _can_fail(operation: Operation, comment: Comment, status: HTTPStatus) -> bool:
    """Tell whether a call can fail with a status.

    Some statuses are an operation's own: they are told in its comment, or come with a header that it has.
    """
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return operation.has_body
    if status not in _OWN_STATUSES:
        return True
    brought = set(reasons_of(operation.method))
    return any(code in brought or code in comment.text for code in problems.codes(status))


def _content(schema: Schema, example: Any) -> Schema:
    return {"application/json": {"schema": schema} | ({"example": example} if example is not None else {})}


def _introduction(service: str, comments: Comments) -> str:
    """Return what a service is, in a paragraph under its name. The rest stands at its tag."""
    return f"**{_tag(service)}.** {comments[f'.{service}'].text.partition(_PARAGRAPH)[0]}"


def _tag(service: str) -> str:
    return service.rpartition(".")[2].removesuffix("Service")
