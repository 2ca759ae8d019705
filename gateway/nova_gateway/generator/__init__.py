"""Writes everything in the gateway that follows from the protos and the error catalogue."""

from __future__ import annotations

import json
import re
from pathlib import Path

from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova_server.errors import CATALOGUE, problem_type

from nova_gateway.generator.api import Api, Operation
from nova_gateway.generator.headers import REQUEST_HEADERS, RESPONSE_HEADERS
from nova_gateway.generator.json_table import json_table
from nova_gateway.generator.openapi import openapi
from nova_gateway.generator.supported import check
from nova_gateway.generator.transcoder import transcoder_descriptor


def generate(descriptor_set: Path, target: Path) -> None:
    """Read the descriptor set and write the files of the gateway into the folder `target`.

    Raises UnsupportedProto when the protos ask for something that the gateway cannot serve.
    """
    api = Api.read(descriptor_set)
    check(api)
    target.mkdir(parents=True)
    (target / "transcoder.binpb").write_bytes(transcoder_descriptor(api))
    (target / "openapi.json").write_text(json.dumps(openapi(api), indent=2, ensure_ascii=False) + "\n")
    (target / "json_table.lua").write_text(json_table(api))
    (target / "routes.json").write_text(json.dumps(routes(api), indent=2) + "\n")


def routes(api: Api) -> dict[str, object]:
    """Return what the configuration template has to know of the protos."""
    operations = [
        {"name": o.name, "method": o.http_method, "path": _pattern(o.path), "grpc_path": o.grpc_path}
        for o in sorted(api.operations, key=_precedence)
    ]
    return {
        "services": list(dict.fromkeys(operation.service for operation in api.operations)),
        "operations": operations,
        "request_headers": [header.metadata_key for header in REQUEST_HEADERS],
        "response_headers": [header.metadata_key for header in RESPONSE_HEADERS],
        "max_request_bytes": api.max_request_bytes,
        "problems": {
            ErrorReason.Name(reason): {
                "type": problem_type(ErrorReason.Name(reason)),
                "status": entry.http_status,
                "message": entry.message,
                "retryable": entry.retryable,
            }
            for reason, entry in CATALOGUE.items()
            if entry.http_status
        },
    }


def _precedence(operation: Operation) -> list[bool]:
    """Return what sorts routes. Of two that match a path Envoy takes the first, and a name goes before a field."""
    return [part.startswith("{") for part in operation.path.split("/")]


def _pattern(path: str) -> str:
    """Return the path without the names of its fields: a route needs none, and Envoy takes 16 characters at most."""
    return re.sub(r"\{\w+\}", "*", path)
