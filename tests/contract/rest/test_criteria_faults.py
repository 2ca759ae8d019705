"""What the routes of criteria refuse: faults with their JSON names, what there is not, and who may not ask."""

from __future__ import annotations

import dataclasses
import json
from io import BytesIO
from typing import Any

import pytest
from nova_server.errors import CriteriaNotFound, CriteriaVersionNotFound, CriterionNotFound, NovaError

from tests.support.api import Served
from tests.support.criteria_routes import CHANGES, CRITERIA, ITEM, ITEMS, JSON, READS, ROUTES, VERSION, VERSIONS
from tests.support.documented_routes import Route
from tests.support.rest import HEADERS, PROBLEM_TYPE, Rest, faults

MUST_HAVE = {"text": "Go", "importance": "MUST_HAVE"}
VALUES = "must be one of: MUST_HAVE, PREFERRED, NICE_TO_HAVE."
MISSPELT = ["must_have", "Must_Have", "MUST-HAVE", "IMPORTANCE_UNSPECIFIED", "", "OPTIONAL", 1, 0, True, ["MUST_HAVE"]]


@pytest.mark.parametrize("body", [{}, {"criteria": None}, {"Criteria": []}, {"criterion": [MUST_HAVE]}])
async def test_a_replacement_that_forgot_its_list_clears_nothing(rest: Rest, served: Served, body: Any) -> None:
    answer = await rest.call("PUT", CRITERIA, json=body)

    assert faults(answer) == [("criteria", "required")]
    assert answer.json["details"][0]["message"] == "is required."
    assert served.criteria.calls == []


async def test_a_replacement_with_an_empty_list_is_one(rest: Rest, served: Served) -> None:
    assert (await rest.call("PUT", CRITERIA, json={"criteria": []})).status == 200
    assert [call[3] for call in served.criteria.calls] == [()]


@pytest.mark.parametrize("value", MISSPELT)
async def test_an_importance_is_taken_in_its_documented_spelling_only(
    rest: Rest, served: Served, value: object
) -> None:
    criterion = {"text": "Go", "importance": value}
    answers = [
        (await rest.call("PUT", CRITERIA, json={"criteria": [MUST_HAVE, criterion]}), "criteria[1].importance"),
        (await rest.post(ITEMS, json=criterion), "importance"),
        (await rest.call("PATCH", ITEM, json={"importance": value}), "importance"),
    ]

    for answer, field in answers:
        assert faults(answer) == [(field, "invalid")]
        assert answer.json["details"][0]["message"] == VALUES
    assert served.criteria.calls == []


@pytest.mark.parametrize(
    ("method", "path", "body", "found"),
    [
        ("PUT", CRITERIA, {"criteria": [{"importance": "MUST_HAVE"}]}, [("criteria[0].text", "required")]),
        ("PUT", CRITERIA, {"criteria": [None]}, [("criteria[0]", "wrong_type")]),
        ("PUT", CRITERIA, {"criteria": {}}, [("criteria", "wrong_type")]),
        ("PUT", CRITERIA, {"criteria": ["Go"]}, [("criteria[0]", "wrong_type")]),
        ("PUT", CRITERIA, {"criteria": [MUST_HAVE] * 101}, [("criteria", "too_many")]),
        ("PUT", CRITERIA, {"criteria": [{**MUST_HAVE, "text": "x" * 2001}]}, [("criteria[0].text", "too_long")]),
        ("PUT", CRITERIA, [], [("body", "wrong_type")]),
        ("POST", ITEMS, {}, [("text", "required"), ("importance", "required")]),
        ("POST", ITEMS, {"text": None, "importance": None}, [("text", "required"), ("importance", "required")]),
        ("POST", ITEMS, {**MUST_HAVE, "text": ""}, [("text", "required")]),
        ("POST", ITEMS, {**MUST_HAVE, "text": 7}, [("text", "wrong_type")]),
        ("POST", ITEMS, {**MUST_HAVE, "text": "nul \0"}, [("text", "invalid")]),
        ("PATCH", ITEM, {}, [("text", "required")]),
        ("PATCH", ITEM, {"text": None, "importance": None}, [("text", "required")]),
        ("PATCH", ITEM, {"text": ""}, [("text", "too_short")]),
        ("PATCH", ITEM, {"text": "x" * 2001}, [("text", "too_long")]),
    ],
)  # fmt: skip
async def test_a_fault_of_a_body_is_named_with_its_key(
    rest: Rest, served: Served, method: str, path: str, body: Any, found: list[tuple[str, str]]
) -> None:
    assert faults(await rest.call(method, path, json=body)) == found
    assert served.criteria.calls == []


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("PUT", CRITERIA, ("body", "malformed_json")),
        ("POST", ITEMS, ("body", "malformed_json")),
        ("PATCH", ITEM, ("body", "malformed_json")),
    ],
)
@pytest.mark.parametrize("body", [b"", b"{", b"null,", b'{"criteria":[],}', b'{"criteria":[]}{}'])
async def test_a_body_that_is_no_json_is_refused(
    rest: Rest, served: Served, method: str, path: str, found: tuple[str, str], body: bytes
) -> None:
    assert faults(await rest.call(method, path, data=body, headers=JSON)) == [found]
    assert served.criteria.calls == []


async def test_a_key_that_is_given_twice_is_refused(rest: Rest, served: Served) -> None:
    body = b'{"criteria":[{"text":"Go","importance":"MUST_HAVE"}],"criteria":[]}'

    assert faults(await rest.call("PUT", CRITERIA, data=body, headers=JSON)) == [("criteria", "duplicate_key")]
    assert served.criteria.calls == []


async def test_a_replacement_without_a_media_type_is_refused(rest: Rest) -> None:
    answer = await rest.call("PUT", CRITERIA, data=b"{}", headers={**HEADERS, "Content-Type": "text/plain"})

    assert faults(answer) == [("Content-Type", "invalid")]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("pageSize=0", ("pageSize", "out_of_range")),
        ("pageSize=1001", ("pageSize", "out_of_range")),
        ("pageSize=x", ("pageSize", "wrong_type")),
        ("pageSize=1&pageSize=1", ("pageSize", "duplicate_key")),
        ("pageToken=x", ("pageToken", "invalid")),
        ("pageToken=", ("pageToken", "too_short")),
        ("page=2", ("page", "unknown_parameter")),
    ],
)
async def test_a_fault_of_a_query_is_named_with_its_parameter(
    rest: Rest, served: Served, query: str, found: tuple[str, str]
) -> None:
    assert faults(await rest.get(f"{VERSIONS}?{query}")) == [found]
    assert served.criteria.calls == []


@pytest.mark.parametrize("route", ROUTES, ids=str)
async def test_a_parameter_that_a_route_does_not_have_is_refused(rest: Rest, served: Served, route: Route) -> None:
    answer = await dataclasses.replace(route, path=f"{route.path}?x=1").called(rest)

    assert faults(answer) == [("x", "unknown_parameter")]
    assert served.criteria.calls == []


@pytest.mark.parametrize(
    ("routes", "error"),
    [
        ([READS[0], READS[2], CHANGES[1], *CHANGES[3:]], CriteriaNotFound()),
        (CHANGES[3:], CriterionNotFound()),
        ([READS[3]], CriteriaVersionNotFound()),
    ],
    ids=["criteria", "criterion", "version"],
)
async def test_what_there_is_not_is_not_found(
    rest: Rest, served: Served, routes: list[Route], error: NovaError
) -> None:
    served.criteria.fault = error
    code = {
        CriteriaNotFound: "CRITERIA_NOT_FOUND",
        CriterionNotFound: "CRITERION_NOT_FOUND",
        CriteriaVersionNotFound: "CRITERIA_VERSION_NOT_FOUND",
    }[type(error)]

    for route in routes:
        answer = await route.called(rest)
        assert (answer.status, answer.content_type, answer.json["code"]) == (404, PROBLEM_TYPE, code)
        assert (answer.json["message"], answer.json["retryable"]) == (error.message, False)
        assert "details" not in answer.json


@pytest.mark.parametrize("route", ROUTES, ids=str)
async def test_a_route_needs_a_key_and_a_tenant(rest: Rest, served: Served, route: Route) -> None:
    without_key = await route.called(rest, headers={"X-Tenant-Id": "tenant-1"})
    without_tenant = await route.called(rest, headers={"Authorization": HEADERS["Authorization"]})

    assert (without_key.status, without_key.json["code"]) == (401, "UNAUTHORIZED")
    assert faults(without_tenant) == [("X-Tenant-Id", "required")]
    assert served.criteria.calls == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", CRITERIA, {"criteria": [{**MUST_HAVE, "text": "x" * 1_048_576}]}),
        ("POST", ITEMS, {**MUST_HAVE, "text": "x" * 65_536}),
        ("PATCH", ITEM, {"text": "x" * 65_536}),
    ],
)
async def test_a_criterion_over_the_limit_of_its_message_is_too_large(
    rest: Rest, served: Served, method: str, path: str, body: Any
) -> None:
    answer = await rest.call(method, path, data=BytesIO(json.dumps(body).encode()), headers=JSON)

    assert (answer.status, answer.json["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert served.criteria.calls == []


async def test_no_fault_quotes_what_was_sent(rest: Rest) -> None:
    answer = await rest.post(ITEMS, json={"text": "jane" * 600, "importance": "MUST_HAVE"})

    assert faults(answer) == [("text", "too_long")]
    assert "jane" not in answer.text
    assert (await rest.get(VERSION.replace("job-1", "j%00b"))).status == 400
