"""The routes of criteria: their statuses, every key with its type and its nulls, and which rpc a path reaches."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from nova_server.ports.criteria import ChangedCriteria, CurrentVersion
from nova_server.ports.scorer import CriterionText, Importance
from nova_server.ports.tenancy import Environment, TenantKey
from yarl import URL

from tests.support.api import Served
from tests.support.criteria_routes import CRITERIA, CURRENT, ITEM, ITEMS, JSON, ROUTES, VERSION, VERSIONS
from tests.support.documented_routes import Route, shape
from tests.support.recorded_criteria import POSTGRES, PYTHON, VERSION_ID
from tests.support.recorded_criteria import VERSION as RECORDED
from tests.support.rest import HEADERS, PROBLEM_TYPE, TRACE_ID, Answer, Rest

TENANT = TenantKey("acme", Environment.SANDBOX, "tenant-1")
ARCHIVED = dataclasses.replace(RECORDED, archived_at=RECORDED.created_at)


async def get(rest: Rest, path: str) -> Answer:
    """Call a path as it is written, percent signs and all."""
    async with rest.session.get(URL(rest.url + path, encoded=True), headers=HEADERS) as answer:
        return Answer(answer.status, answer.headers, await answer.text(), await answer.json(content_type=None))


def with_one_criterion(served: Served) -> None:
    """Let the recording hold what the examples show."""
    version = dataclasses.replace(RECORDED, criteria=(POSTGRES,))
    served.criteria.current = CurrentVersion(version, 1)
    served.criteria.version, served.criteria.versions = version, [version]
    served.criteria.changed = ChangedCriteria(version, POSTGRES)


def test_every_route_is_called_here() -> None:
    assert len({(route.method, route.path) for route in ROUTES}) == 9


@pytest.mark.parametrize("route", ROUTES, ids=str)
async def test_a_route_answers_with_the_status_the_keys_and_the_types_of_its_example(
    rest: Rest, served: Served, route: Route
) -> None:
    with_one_criterion(served)

    answer = await route.called(rest)

    assert (answer.status, answer.content_type) == (route.status, "application/json"), answer.text
    assert shape(answer.json) == shape(route.answer)
    assert TRACE_ID.fullmatch(answer.headers["X-Trace-Id"])
    assert [call[1:3] for call in served.criteria.calls] == [(TENANT, "job-1")]


async def test_an_added_criterion_is_created_and_the_others_succeed(rest: Rest) -> None:
    found = {route.operation: (await route.called(rest)).status for route in ROUTES}

    assert found.pop("addCriterion") == 201
    assert set(found.values()) == {200}


async def test_what_is_removed_or_archived_is_told_in_one_word(rest: Rest) -> None:
    for path in (CRITERIA, ITEM):
        assert (await rest.call("DELETE", path)).json == {"success": True}


async def test_criteria_come_in_their_order_with_their_place_and_their_importance(rest: Rest) -> None:
    answer = (await rest.get(CRITERIA)).json["criteria"]

    assert [(each["text"], each["importance"], each["order"]) for each in answer] == [
        ("Five years of Python", "MUST_HAVE", 0),
        ("PostgreSQL", "PREFERRED", 1),
        ("Go", "NICE_TO_HAVE", 2),
    ]
    assert answer[0]["id"] == PYTHON.id
    assert answer[0]["createdAt"].endswith("Z")


async def test_a_version_that_is_current_has_no_end_and_another_has_one(rest: Rest, served: Served) -> None:
    served.criteria.version = ARCHIVED

    current = (await rest.get(CURRENT)).json
    archived = (await rest.get(VERSION)).json

    assert (current["version"]["status"], current["version"]["archivedAt"]) == ("ACTIVE", None)
    assert current["criteriaRevision"] == "crit_7"
    assert archived["version"]["status"] == "ARCHIVED"
    assert archived["version"]["archivedAt"] == archived["version"]["createdAt"]
    assert "criteriaRevision" not in archived


async def test_versions_come_in_pages(rest: Rest, served: Served) -> None:
    served.criteria.versions = [RECORDED, ARCHIVED]

    first = (await rest.get(f"{VERSIONS}?pageSize=1")).json
    await rest.get(f"{VERSIONS}?pageSize=1&pageToken={first['nextPageToken']}")

    assert (len(first["versions"]), first["nextPageToken"]) == (1, "3")
    assert [call[3:] for call in served.criteria.calls] == [(2, None), (2, 3)]


async def test_lists_may_be_empty(rest: Rest, served: Served) -> None:
    served.criteria.versions = []
    served.criteria.changed = ChangedCriteria(dataclasses.replace(RECORDED, criteria=()))

    assert (await rest.get(VERSIONS)).json == {"versions": [], "nextPageToken": None}
    assert (await rest.call("PUT", CRITERIA, json={"criteria": []})).json == {"criteria": []}


@pytest.mark.parametrize(
    ("path", "call"),
    [
        (CURRENT, ("get_current", TENANT, "job-1")),
        (f"{VERSIONS}/%63urrent", ("get_current", TENANT, "job-1")),
        (f"{VERSIONS}/Current", ("get_version", TENANT, "job-1", "Current")),
        (f"{VERSIONS}/current%2F", ("get_version", TENANT, "job-1", "current/")),
        (f"{VERSIONS}/{VERSION_ID}", ("get_version", TENANT, "job-1", VERSION_ID)),
        ("/v1/jobs/a%2Fb/criteria/versions/current", ("get_current", TENANT, "a/b")),
        ("/v1/jobs/a%2Fcriteria/criteria", ("get_current", TENANT, "a/criteria")),
        ("/v1/jobs/criteria/criteria", ("get_current", TENANT, "criteria")),
        ("/v1/jobs/versions/criteria/versions/versions", ("get_version", TENANT, "versions", "versions")),
        ("/v1/jobs/Z%C3%BCrich%20%F0%9F%8E%89/criteria", ("get_current", TENANT, "Zürich 🎉")),
    ],
)
async def test_a_path_reaches_the_call_that_it_names(
    rest: Rest, served: Served, path: str, call: tuple[Any, ...]
) -> None:
    assert (await get(rest, path)).status == 200
    assert served.criteria.calls == [call]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", CRITERIA),
        ("PATCH", CRITERIA),
        ("PUT", ITEMS),
        ("GET", ITEMS),
        ("GET", ITEM),
        ("PUT", ITEM),
        ("PUT", CURRENT),
        ("DELETE", VERSION),
        ("GET", f"{CRITERIA}/"),
        ("GET", f"{CURRENT}/criteria"),
        ("GET", f"{VERSIONS}//current"),
        ("GET", "/v1/jobs//criteria"),
        ("GET", "/v1/criteria"),
    ],
)
async def test_what_is_no_route_is_not_found(rest: Rest, served: Served, method: str, path: str) -> None:
    async with rest.session.request(method, URL(rest.url + path, encoded=True), headers=HEADERS) as answer:
        assert (answer.status, answer.content_type) == (404, PROBLEM_TYPE)
        assert (await answer.json(content_type=None))["code"] == "NOT_FOUND"
    assert served.criteria.calls == []


async def test_every_documented_key_reaches_the_api(rest: Rest, served: Served) -> None:
    criterion = {"text": "Go", "importance": "NICE_TO_HAVE"}
    await rest.call("PUT", CRITERIA, json={"criteria": [criterion, {"text": "Python", "importance": "MUST_HAVE"}]})
    await rest.post(ITEMS, json=criterion)
    await rest.call("PATCH", ITEM, json={**criterion, "criterionId": "crit_x", "path_criterion_id": None})
    await rest.call("PATCH", ITEM, json={"text": "Go"})
    await rest.call("PATCH", ITEM, json={"text": None, "importance": "PREFERRED"})

    go = CriterionText("Go", Importance.NICE_TO_HAVE)
    assert [call[3:] for call in served.criteria.calls] == [
        ((go, CriterionText("Python", Importance.MUST_HAVE)),),
        (go,),
        (POSTGRES.id, "Go", Importance.NICE_TO_HAVE),
        (POSTGRES.id, "Go", None),
        (POSTGRES.id, None, Importance.PREFERRED),
    ]


BODIES: list[dict[str, Any]] = [
    {},
    {"data": b""},
    {"data": b"{", "headers": JSON},
    {"data": b"\xff" * 100, "headers": {**HEADERS, "Content-Type": "application/grpc"}},
    {"headers": JSON},
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("path", [CRITERIA, ITEM])
async def test_a_removal_minds_no_body(rest: Rest, path: str, body: dict[str, Any]) -> None:
    answer = await rest.call("DELETE", path, **body)

    assert (answer.status, answer.json) == (200, {"success": True}), answer.text
