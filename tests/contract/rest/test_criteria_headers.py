"""What `Idempotency-Key`, `X-Expected-Criteria-Revision` and `Idempotent-Replayed` are over REST."""

from __future__ import annotations

import asyncio
import dataclasses
from asyncio.subprocess import PIPE
from typing import Any

import pytest
from nova_server.errors import (
    CriteriaLimitReached,
    CriteriaRevisionMismatch,
    IdempotencyKeyReused,
    IdempotencyRequestInProgress,
    NovaError,
)

from tests.support.api import Served
from tests.support.criteria_routes import CHANGES, CRITERIA, CURRENT, ITEM, ITEMS, READS
from tests.support.documented_routes import Route
from tests.support.http2 import frames_of_answer
from tests.support.rest import BATCHES, HEADERS, PROBLEM_TYPE, Answer, Rest, faults, job_submission, submission

KEY, REVISION, REPLAYED = "Idempotency-Key", "X-Expected-Criteria-Revision", "Idempotent-Replayed"
SET: dict[str, Any] = {"criteria": []}
# What an answer to a change may have.
PUBLIC = {"content-type", "content-length", "date", "x-trace-id"}


def replay(served: Served) -> None:
    served.criteria.changed = dataclasses.replace(served.criteria.changed, replayed=True)


def names(answer: Answer) -> set[str]:
    return {name.lower() for name in answer.headers}


@pytest.mark.parametrize("route", CHANGES, ids=str)
async def test_a_key_reaches_the_call_that_is_to_be_made_once(rest: Rest, served: Served, route: Route) -> None:
    await route.called(rest, headers={**HEADERS, KEY: "key-1"})
    await route.called(rest, headers={**HEADERS, KEY: "key-1"})
    await route.called(rest)

    first, second, without = (options.call for options in served.criteria.options)
    assert first is not None
    assert first == second
    assert (first.key, without) == ("key-1", None)


@pytest.mark.parametrize("name", [KEY, KEY.lower(), KEY.upper()])
@pytest.mark.parametrize(
    ("sent", "key"), [("k", "k"), ("  a, b;c=d\t", "a, b;c=d"), ("~!", "~!"), ("k" * 255, "k" * 255)]
)
async def test_a_key_is_taken_as_it_is_sent_without_the_space_around_it(
    rest: Rest, served: Served, name: str, sent: str, key: str
) -> None:
    assert (await rest.call("DELETE", CRITERIA, headers={**HEADERS, name: sent})).status == 200

    (options,) = served.criteria.options
    assert options.call is not None
    assert options.call.key == key


async def test_a_revision_reaches_the_call_that_expects_one(rest: Rest, served: Served) -> None:
    await rest.call("PUT", CRITERIA, json=SET, headers={**HEADERS, REVISION: "crit_7"})
    await rest.call("PUT", CRITERIA, json=SET)

    assert [options.expected_revision for options in served.criteria.options] == ["crit_7", None]


@pytest.mark.parametrize("name", [KEY, REVISION])
@pytest.mark.parametrize(
    ("value", "code"), [("", "too_short"), ("k" * 256, "too_long"), ("schlüssel", "invalid"), ("a\tb", "invalid")]
)
async def test_a_malformed_header_is_a_fault_that_is_named_as_it_is_sent(
    rest: Rest, served: Served, name: str, value: str, code: str
) -> None:
    answer = await rest.call("PUT", CRITERIA, json=SET, headers={**HEADERS, name: value})

    assert faults(answer) == [(name, code)]
    assert served.criteria.calls == []


@pytest.mark.parametrize("name", [KEY, REVISION])
@pytest.mark.parametrize("second", ["other", "same", ""])
async def test_of_a_header_that_is_sent_twice_neither_is_taken(
    rest: Rest, served: Served, name: str, second: str
) -> None:
    answer = await rest.call("PUT", CRITERIA, json=SET, headers=(*HEADERS.items(), (name, "same"), (name, second)))

    assert faults(answer) == [(name, "duplicate")]
    assert served.criteria.calls == []


async def test_the_body_is_judged_before_the_headers(rest: Rest) -> None:
    answer = await rest.call("PUT", CRITERIA, json={"criteria": 7}, headers={**HEADERS, KEY: ""})

    assert faults(answer) == [("criteria", "wrong_type")]


@pytest.mark.parametrize("route", CHANGES, ids=str)
async def test_an_answer_that_is_given_again_says_so(rest: Rest, served: Served, route: Route) -> None:
    first = await route.called(rest, headers={**HEADERS, KEY: "key-1"})
    replay(served)
    again = await route.called(rest, headers={**HEADERS, KEY: "key-1"})

    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert (again.status, again.json) == (first.status, first.json)
    assert (names(first), names(again)) == (PUBLIC, PUBLIC | {REPLAYED.lower()})


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
async def test_it_is_a_header_of_every_version_of_http(rest: Rest, served: Served, version: str) -> None:
    replay(served)
    headers = [part for name, value in HEADERS.items() for part in ("--header", f"{name}: {value}")]
    options = ["--silent", "--include", "--request", "DELETE", version, *headers]
    curl = await asyncio.create_subprocess_exec("curl", *options, rest.url + ITEM, stdout=PIPE)

    shown, _ = await asyncio.wait_for(curl.communicate(), 30)

    head, body = shown.decode().split("\r\n\r\n")
    assert "idempotent-replayed: true" in head.split("\r\n")
    assert body == '{"success":true}'


@pytest.mark.parametrize(("method", "path"), [("DELETE", ITEM), ("GET", CURRENT), ("GET", f"{BATCHES}/b")])
@pytest.mark.parametrize("fault", [None, CriteriaRevisionMismatch()], ids=["success", "failure"])
async def test_nothing_follows_the_body_of_an_answer(
    rest: Rest, served: Served, method: str, path: str, fault: NovaError | None
) -> None:
    replay(served)
    served.criteria.fault = served.use_cases.fault = fault

    assert await frames_of_answer(rest.url + path, method, HEADERS) == ["HEADERS", "DATA"]


@pytest.mark.parametrize("value", ["", "k" * 256, "one"])
async def test_reads_and_submissions_mind_no_such_header(rest: Rest, served: Served, value: str) -> None:
    headers = (*HEADERS.items(), (KEY, value), (KEY, "another"), (REVISION, value))

    answers = [await route.called(rest, headers=headers) for route in READS]
    answers.append(await rest.post(BATCHES, json=submission(), headers=headers))
    answers.append(await rest.post("/v1/jobs/j/applications/a/scoring-jobs", json=job_submission(), headers=headers))

    assert [answer.status for answer in answers] == [200, 200, 200, 200, 202, 202]
    assert all(REPLAYED not in answer.headers for answer in answers)
    assert served.criteria.options == []


async def test_only_a_replacement_minds_a_revision(rest: Rest, served: Served) -> None:
    for route in CHANGES[1:]:
        assert (await route.called(rest, headers={**HEADERS, REVISION: ""})).status == route.status

    assert {options.expected_revision for options in served.criteria.options} == {None}


async def test_a_caller_cannot_say_that_an_answer_is_given_again(rest: Rest) -> None:
    answer = await rest.post(ITEMS, json={"text": "Go", "importance": "PREFERRED"}, headers={**HEADERS, REPLAYED: "x"})

    assert (answer.status, REPLAYED in answer.headers) == (201, False)


@pytest.mark.parametrize(
    ("error", "status", "code", "retryable"),
    [
        (IdempotencyRequestInProgress(), 409, "IDEMPOTENCY_REQUEST_IN_PROGRESS", True),
        (CriteriaLimitReached(), 409, "CRITERIA_LIMIT_REACHED", False),
        (CriteriaRevisionMismatch(), 412, "CRITERIA_REVISION_MISMATCH", False),
        (IdempotencyKeyReused(), 422, "IDEMPOTENCY_KEY_REUSED", False),
    ],
)
async def test_a_change_that_is_not_made_is_a_problem_with_its_own_status(
    rest: Rest, served: Served, error: NovaError, status: int, code: str, retryable: bool
) -> None:
    served.criteria.fault = error

    answer = await rest.call("PUT", CRITERIA, json=SET, headers={**HEADERS, KEY: "key-1", REVISION: "crit_1"})

    assert (answer.status, answer.content_type) == (status, PROBLEM_TYPE)
    assert answer.json == {
        "type": f"https://docs.nova.dweet.com/embed-api/errors#{code.lower().replace('_', '-')}",
        "code": code,
        "status": status,
        "message": error.message,
        "retryable": retryable,
        "traceId": answer.headers["X-Trace-Id"],
    }
    assert names(answer) == PUBLIC
