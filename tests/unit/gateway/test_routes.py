"""The routes that Envoy is given, and what of the protos is refused before there are any."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorSet
from nova.options.v1 import options_pb2
from nova_gateway.configuration import PACKAGE, GatewayOptions, configuration
from nova_gateway.generator import routes
from nova_gateway.generator.api import Api
from nova_gateway.generator.supported import UnsupportedProto, check

DESCRIPTOR_SET = PACKAGE.parent / "descriptor_set.binpb"
VERSIONS = "/v1/jobs/j/criteria/versions"
SCORES = "/v1/jobs/j/applications/a"
REQUIRED_KEY: Any = options_pb2.required_key


def declared() -> FileDescriptorSet:
    return FileDescriptorSet.FromString(DESCRIPTOR_SET.read_bytes())


def reordered() -> FileDescriptorSet:
    """Return the protos with every service's methods in the opposite order."""
    protos = declared()
    for file in protos.file:
        for service in file.service:
            methods = list(service.method)[::-1]
            del service.method[:]
            service.method.extend(methods)
    return protos


def matching(protos: FileDescriptorSet, method: str, path: str) -> list[str]:
    """Return the rpcs whose routes match, in the order in which Envoy tries them."""
    found: Any = routes(Api(protos))["operations"]
    return [
        each["name"].rpartition(".")[2]
        for each in found
        if each["method"] == method and re.fullmatch(each["path"].replace("*", "[^/]+"), path)
    ]


def fields(protos: FileDescriptorSet, message: str) -> Iterator[FieldDescriptorProto]:
    for file in protos.file:
        for each in file.message_type:
            if each.name == message:
                yield from each.field


@pytest.mark.parametrize("protos", [declared(), reordered()], ids=["declared", "reordered"])
def test_a_route_with_a_name_goes_before_one_with_a_field_in_its_place(protos: FileDescriptorSet) -> None:
    assert matching(protos, "GET", f"{VERSIONS}/current") == ["GetCurrentCriteriaVersion", "GetCriteriaVersion"]
    assert matching(protos, "GET", f"{VERSIONS}/other") == ["GetCriteriaVersion"]


@pytest.mark.parametrize(
    ("method", "path", "rpc"),
    [
        ("GET", "/v1/jobs/criteria/criteria", "GetCriteria"),
        ("PUT", "/v1/jobs/j/criteria", "SetCriteria"),
        ("DELETE", "/v1/jobs/j/criteria", "ArchiveCriteria"),
        ("POST", "/v1/jobs/j/criteria/items", "AddCriterion"),
        ("PATCH", "/v1/jobs/j/criteria/items/current", "UpdateCriterion"),
        ("DELETE", "/v1/jobs/j/criteria/items/i", "RemoveCriterion"),
        ("GET", VERSIONS, "ListCriteriaVersions"),
        ("POST", f"{SCORES}/scoring-jobs", "SubmitScoringJob"),
        ("GET", f"{SCORES}/scoring-jobs/s", "GetScoringJob"),
        ("GET", f"{SCORES}/score", "GetLatestScore"),
    ],
)
def test_every_other_path_has_one_route(method: str, path: str, rpc: str) -> None:
    assert matching(declared(), method, path) == [rpc]


def test_headers_of_options_are_let_in_and_shown_to_pages() -> None:
    text = configuration(GatewayOptions("h:1", ("h:2",), "h:3", cors_origins=("https://a.example",)), Path("/x"))
    lists = {name: set(names.split(", ")) for name, names in re.findall(r"(allow_\w+|expose_headers): (.*)", text)}

    assert {"idempotency-key", "x-expected-criteria-revision"} <= lists["allow_headers"]
    assert "idempotent-replayed" in lists["expose_headers"]
    assert lists["allow_methods"] == {"DELETE", "GET", "PATCH", "POST", "PUT"}


def test_the_protos_are_what_the_gateway_can_serve() -> None:
    check(Api(declared()))


def test_only_a_list_can_have_a_required_key() -> None:
    protos = declared()
    (text,) = (field for field in fields(protos, "AddCriterionRequest") if field.name == "text")
    text.options.Extensions[REQUIRED_KEY] = True

    with pytest.raises(UnsupportedProto, match=r"^nova\.criteria\.v1\.AddCriterionRequest\.text: required_key is for"):
        check(Api(protos))
