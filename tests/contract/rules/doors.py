"""The two doors of the service, gRPC and REST, behind one handle: an rpc by name, JSON in, JSON out."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import quote

import aiohttp
import grpc
import grpc.aio
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from nova.criteria.v1 import criteria_service_pb2
from nova.scoring.v1 import scoring_service_pb2
from nova_gateway.generator.api import Api, Operation, json_name
from nova_server.cli import documented_json

DESCRIPTOR_SET = Path(__file__).parents[3] / "gateway/descriptor_set.binpb"
SERVICES = {
    method.name: method
    for module, name in ((scoring_service_pb2, "ScoringService"), (criteria_service_pb2, "CriteriaService"))
    for method in module.DESCRIPTOR.services_by_name[name].methods
}
REPLAYED = "idempotent-replayed"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call was answered with."""

    body: Json
    headers: Mapping[str, str]

    @property
    def replayed(self) -> bool:
        return self.headers.get(REPLAYED) == "true"


@dataclass(slots=True)
class Refused(Exception):
    """A call was refused: with which code, for which fields, and whether it is worth repeating."""

    code: str
    http_status: int | None
    fields: list[str] = field(default_factory=list)
    retry_after: bool = False


class Door(Protocol):
    """Calls the service as one kind of caller does."""

    async def call(self, rpc: str, body: Json, headers: Mapping[str, str]) -> Answer:
        """Call an rpc with the JSON of its whole request, path and query included. Raises Refused."""
        ...


class GrpcDoor:
    """A caller with generated stubs. Headers travel as metadata."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    async def call(self, rpc: str, body: Json, headers: Mapping[str, str]) -> Answer:
        method = SERVICES[rpc]
        take, give = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        stub = self._channel.unary_unary(
            f"/{method.containing_service.full_name}/{rpc}",
            request_serializer=take.SerializeToString,
            response_deserializer=give.FromString,
        )
        running = stub(documented_json.parse(body, take()), metadata=tuple(headers.items()))
        try:
            answer: Message = await running
        except grpc.aio.AioRpcError as error:
            raise _refused_over_grpc(error) from error
        sent = dict(await running.trailing_metadata())
        return Answer(documented_json.render(answer), {key: str(value) for key, value in sent.items()})


class RestDoor:
    """A caller with an HTTP client, in front of Envoy."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url
        self._operations = {one.method.name: one for one in Api.read(DESCRIPTOR_SET).operations}

    async def call(self, rpc: str, body: Json, headers: Mapping[str, str]) -> Answer:
        operation = self._operations[rpc]
        path, rest = _path(operation, body)
        sent: dict[str, Any] = {"json": rest} if operation.has_body else {"params": rest}
        async with self._session.request(operation.http_method, self._url + path, headers=headers, **sent) as answer:
            text = await answer.text()
            if answer.status >= 400:
                raise _refused_over_rest(answer, json.loads(text))
            assert answer.status == operation.success_status
            return Answer(json.loads(text), {key.lower(): value for key, value in answer.headers.items()})


def _path(operation: Operation, body: Json) -> tuple[str, Json]:
    """Return the path of a call, and what is left of its request for the body or the query."""
    rest, path = dict(body), operation.path
    for parameter in operation.path_parameters:
        path = path.replace(f"{{{parameter}}}", quote(rest.pop(json_name(parameter)), safe=""))
    return path, rest


def _refused_over_grpc(error: grpc.aio.AioRpcError) -> Refused:
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None, error
    info, faults, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    found = {detail.type_url: detail.Unpack(part) for detail in status.details for part in (info, faults, retry)}
    assert found
    fields = [_camel(fault.field) for fault in faults.field_violations]
    return Refused(info.reason, None, fields, retry.HasField("retry_delay"))


def _refused_over_rest(answer: aiohttp.ClientResponse, problem: Json) -> Refused:
    assert answer.headers["x-trace-id"] == problem["traceId"]
    assert problem["status"] == answer.status
    fields = [fault["field"] for fault in problem.get("details", [])]
    return Refused(problem["code"], answer.status, fields, "retry-after" in answer.headers)


def _camel(path: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), path)


async def gathered(*calls: Any) -> list[Any]:
    """Make calls at once, and return what they return or raise."""
    return list(await asyncio.gather(*calls, return_exceptions=True))
