"""Everything that is wrong with a request is named in a problem, and the connection lives on."""

from __future__ import annotations

import io
import json
import random
from typing import Any

import pytest

from tests.support.api import Served
from tests.support.rest import BATCHES, HEADERS, PROBLEM_TYPE, Answer, Rest, submission

JSON = {**HEADERS, "Content-Type": "application/json"}
READ = f"{BATCHES}/cbatch"
VALID = json.dumps(submission())
STUMBLING_BLOCKS = (
    b"null", b"{}", b"[]", b'"', b"\\", b"\\u0000", b"\\ud800", b"1e999", b"-", b",", b":", b"\xc3\xa9",
    b"\0", b"\x1f", b"{" * 70,
)  # fmt: skip


def faults(answer: Answer) -> list[tuple[str, str]]:
    """Return where the faults are and their codes, of an answer that must be a problem of the request."""
    assert (answer.status, answer.content_type) == (400, PROBLEM_TYPE), answer.text
    assert answer.json["code"] == "VALIDATION_ERROR"
    return [(fault["field"], fault["code"]) for fault in answer.json["details"]]


async def sent(rest: Rest, body: str | bytes, **headers: str) -> list[tuple[str, str]]:
    content = io.BytesIO(body.encode() if isinstance(body, str) else body)
    return faults(await rest.post(BATCHES, data=content, headers={**JSON, **headers}))


def changed(path: str, value: str) -> str:
    """Return a valid body with other JSON in the place of what stands at a path such as `applications.0.resume`."""
    request: Any = submission()
    *parents, last = path.split(".")
    parent = request
    for name in parents:
        parent = parent[int(name) if name.isdigit() else name]
    parent[int(last) if last.isdigit() else last] = "@@"
    return json.dumps(request).replace('"@@"', value)


@pytest.mark.parametrize(
    "body",
    [
        "", " ", "{", "}", "[", "{]", "{'a': 1}", "{a: 1}", '{"a": 1,}', '{"a" 1}', '{"a": }', '{"a": 01}', '{"a": +1}',
        '{"a": .5}', '{"a": 1.}', '{"a": NaN}', '{"a": Infinity}', '{"a": tru}', '{"a": undefined}', '{"a": "\n"}',
        '{"a": "\\x"}', '{"a": "\\u12"}', '{"a": "x}', '{"a": 1} {"b": 2}', "{} x", "// comment\n{}", "/**/{}",
        "\ufeff{}", '{"a": [1, 2}', '{"a": [1 2]}', "nul", '"', "\0", "{\0}", '{"a": "\x00"}', "<xml/>",
        "a=1&b=2", "%PDF-1.7",
    ],
)  # fmt: skip
async def test_what_is_no_json_is_named_as_such(rest: Rest, body: str) -> None:
    assert await sent(rest, body.encode()) == [("body", "malformed_json")]


@pytest.mark.parametrize(
    "body", [b"\xff\xfe{\x00}\x00", b'{"a": "\xff"}', b'{"a": "\xc0\x80"}', b'{"a": "\xed\xa0\x80"}']
)
async def test_what_is_no_utf_8_is_no_json(rest: Rest, body: bytes) -> None:
    assert await sent(rest, body) == [("body", "malformed_json")]


@pytest.mark.parametrize("text", ["\\ud83d", "\\ude42", "\\ude42\\ud83d", "\\ud83dx"])
async def test_half_of_a_surrogate_pair_is_no_text(rest: Rest, text: str) -> None:
    assert await sent(rest, changed("jobDescription", f'"{text}"')) == [("body", "malformed_json")]


@pytest.mark.parametrize("body", ["[]", "1", "true", '"text"', "null", f"[{VALID}]"])
async def test_a_body_that_is_no_object_has_the_wrong_type(rest: Rest, body: str) -> None:
    assert await sent(rest, body) == [("body", "wrong_type")]


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("jobDescription", "7", "jobDescription"),
        ("jobDescription", "true", "jobDescription"),
        ("jobDescription", '["x"]', "jobDescription"),
        ("jobTitle", "{}", "jobTitle"),
        ("applications", "{}", "applications"),
        ("applications", '"x"', "applications"),
        ("applications.0", "7", "applications[0]"),
        ("applications.0", "null", "applications[0]"),
        ("applications.0", "[]", "applications[0]"),
        ("applications.0.applicationId", "7", "applications[0].applicationId"),
        ("applications.0.resume", '"x"', "applications[0].resume"),
        ("applications.0.resume", "[]", "applications[0].resume"),
        ("applications.0.resume.content", "1.5", "applications[0].resume.content"),
        ("applications.0.applicationData", "[]", "applications[0].applicationData"),
        ("applications.0.applicationData", '{"context": 1}', "applications[0].applicationData.context"),
        (
            "applications.0.applicationData",
            '{"applicationAnswers": [{"question": "x", "answer": "y"}, {"question": false}]}',
            "applications[0].applicationData.applicationAnswers[1].question",
        ),
    ],
)
async def test_a_value_of_the_wrong_type_is_named(rest: Rest, path: str, value: str, field: str) -> None:
    assert await sent(rest, changed(path, value)) == [(field, "wrong_type")]


@pytest.mark.parametrize(
    "value", ['"pdf"', '"URL"', '"Text"', '""', "1", "2", "99", "true", "{}", '"TYPE_UNSPECIFIED"']
)
async def test_a_type_that_is_none_of_the_documented_ones_is_invalid(rest: Rest, value: str) -> None:
    assert await sent(rest, changed("applications.0.resume.type", value)) == [
        ("applications[0].resume.type", "invalid")
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (VALID.replace("{", '{"jobDescription": "x", ', 1), "jobDescription"),
        (VALID.replace('{"applicationId"', '{"applicationId": "x", "applicationId"'), "applications[0].applicationId"),
        (VALID.replace('"type"', '"type": "url", "type"'), "applications[0].resume.type"),
        (VALID.replace("{", '{"applications": [], ', 1), "applications"),
    ],
)
async def test_a_key_that_is_given_twice_is_named(rest: Rest, body: str, field: str) -> None:
    assert (field, "duplicate_key") in await sent(rest, body)


async def test_a_resume_from_two_sources_is_a_conflict(rest: Rest) -> None:
    body = VALID.replace('"type"', '"url": "https://example.com/resume.pdf", "type"')

    assert ("applications[0].resume.content", "conflict") in await sent(rest, body)


async def test_a_resume_whose_type_names_another_source_is_a_mismatch(rest: Rest) -> None:
    found = await sent(rest, changed("applications.0.resume.type", '"url"'))

    assert found == [("applications[0].resume.type", "mismatch")]


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
@pytest.mark.parametrize("depth", [100, 10_000, 500_000])
async def test_nesting_has_an_end(rest: Rest, bracket: str, depth: int) -> None:
    assert await sent(rest, '{"unknown": ' + bracket * depth) == [("body", "too_deep")]


async def test_a_body_of_millions_of_values_is_refused(rest: Rest) -> None:
    assert await sent(rest, "[" + "1," * 2_000_000 + "1]") == [("body", "too_many_values")]


async def test_hundreds_of_faults_fit_into_one_answer(rest: Rest) -> None:
    body = json.dumps({"jobDescription": "x", "applications": [{"applicationId": 7, "resume": "x"}] * 1000})

    found = await sent(rest, body)

    assert 20 < len(found) < 200
    assert found[:2] == [("applications[0].applicationId", "wrong_type"), ("applications[0].resume", "wrong_type")]


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense", ""]
)
async def test_a_body_that_says_to_be_something_else_is_refused(rest: Rest, media_type: str) -> None:
    found = await sent(rest, VALID, **{"Content-Type": media_type})

    assert found == [("Content-Type", "invalid")]


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "nonsense"])
async def test_a_compressed_body_is_refused(rest: Rest, encoding: str) -> None:
    assert await sent(rest, VALID, **{"Content-Encoding": encoding}) == [("Content-Encoding", "invalid")]


@pytest.mark.parametrize(
    ("query", "field"),
    [("page=2", "page"), ("jobId=job-2", "jobId"), ("job_id=job-2", "query"), ("a%20b=1", "query"), ("x", "x")],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_parameter_that_no_route_has_is_refused(rest: Rest, method: str, query: str, field: str) -> None:
    if method == "GET":
        answer = await rest.get(f"{READ}?{query}")
    else:
        answer = await rest.post(f"{BATCHES}?{query}", data=VALID, headers=JSON)

    assert faults(answer) == [(field, "unknown_parameter")]


@pytest.mark.parametrize("path", [f"/v1/jobs/{'x' * 256}/scoring-batches/b", f"{BATCHES}/{'x' * 256}"])
async def test_an_id_in_the_path_that_is_too_long_is_named(rest: Rest, path: str) -> None:
    assert [code for _, code in faults(await rest.get(path))] == ["too_long"]


async def test_a_refused_request_does_no_work_and_leaves_the_connection_as_it_was(rest: Rest, served: Served) -> None:
    for body in ("{", "[]", changed("jobDescription", "7"), "[" * 1000):
        await sent(rest, body)
    assert served.use_cases.submissions == []

    answer = await rest.post(BATCHES, data=VALID, headers=JSON)

    assert answer.status == 202


async def test_whatever_bytes_are_sent_the_answer_is_a_documented_one(rest: Rest) -> None:
    chance = random.Random(7)
    for _ in range(600):
        body = mutated(VALID.encode(), chance)
        answer = await rest.post(BATCHES, data=body, headers=JSON)
        if answer.status != 202:
            assert faults(answer), body


def mutated(body: bytes, chance: random.Random) -> bytes:
    """Return the body with up to four pieces cut out, doubled, or replaced by what a parser may stumble over."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(body) + 1)
        end = min(len(body), start + chance.choice((0, 1, 1, 2, 8, 40)))
        piece = chance.choice((b"", body[start:end] * 2, chance.randbytes(2), chance.choice(STUMBLING_BLOCKS)))
        body = body[:start] + piece + body[end:]
    return body
