"""What callers may send, and what the api then gets."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from nova_server.ports.scoring import BatchSubmission

from tests.support.api import Served
from tests.support.rest import BATCHES, HEADERS, Rest, submission

JSON = {**HEADERS, "Content-Type": "application/json"}
FULL: dict[str, Any] = {
    "jobDescription": "A backend engineer.",
    "jobTitle": "Engineer",
    "companyName": "Acme",
    "roleKnowledge": "We like small teams.",
    "applications": [
        {
            "applicationId": "app-1",
            "resume": {"type": "text", "content": "Seven years of Python. " * 3},
            "applicationData": {
                "applicationAnswers": [{"question": "Where?", "answer": "Berlin"}, {"question": "When?", "answer": ""}],
                "context": "Strong referral.",
            },
        },
        {"applicationId": "app-2", "resume": {"type": "url", "url": "https://example.com/resume.pdf"}},
    ],
}


async def accepted(rest: Rest, served: Served, body: bytes, path: str = BATCHES) -> BatchSubmission:
    """Return what the api was asked to do by a body, which must be accepted."""
    answer = await rest.post(path, data=body, headers=JSON)
    assert answer.status == 202, answer.text
    return served.use_cases.submissions[-1]


def encoded(request: Any) -> bytes:
    return json.dumps(request).encode()


async def test_every_documented_key_reaches_the_api(rest: Rest, served: Served) -> None:
    got = await accepted(rest, served, encoded(FULL))

    assert got.job_id == "job-1"
    assert (got.job_description, got.job_title) == (FULL["jobDescription"], FULL["jobTitle"])
    assert (got.company_name, got.role_knowledge) == (FULL["companyName"], FULL["roleKnowledge"])
    first, second = got.applications
    assert (first.application_id, second.application_id) == ("app-1", "app-2")


@pytest.mark.parametrize(
    "change",
    [
        {"unknown": 1},
        {"unknown": {"deep": [{"er": None}, [], "x"]}},
        {"jobId": "job-2", "job_id": "job-2"},
        {"job_description": "not a key"},
        {"JobDescription": "not a key"},
        {"$schema": "x"},
        {"🙂": True},
    ],
)
async def test_unknown_keys_are_ignored_at_the_top(rest: Rest, served: Served, change: dict[str, Any]) -> None:
    plain = await accepted(rest, served, encoded(FULL))

    assert await accepted(rest, served, encoded({**FULL, **change})) == plain


async def test_unknown_keys_are_ignored_at_every_level(rest: Rest, served: Served) -> None:
    plain = await accepted(rest, served, encoded(FULL))
    text = encoded(FULL).decode()

    for opening in ('{"applicationId"', '{"type"', '{"question"', '{"applicationAnswers"'):
        changed = text.replace(opening, '{"new": [{"key": 1e3}], ' + opening[1:])
        assert changed != text
        assert await accepted(rest, served, changed.encode()) == plain


async def test_null_is_the_same_as_an_absent_key(rest: Rest, served: Served) -> None:
    nulls = dict.fromkeys(("jobTitle", "companyName", "roleKnowledge"))
    request = submission()
    plain = await accepted(rest, served, encoded(request))
    request["applications"][0]["applicationData"] = None
    request["applications"][0]["resume"]["url"] = None

    assert await accepted(rest, served, encoded({**request, **nulls})) == plain


@pytest.mark.parametrize("text", ["é ü 漢字 🙂", 'quote " and \\ backslash', "tab\tand\nnewline", "\u2028", "\x01"])
async def test_a_text_arrives_as_it_was_written_raw_or_escaped(rest: Rest, served: Served, text: str) -> None:
    request = submission() | {"jobDescription": text}

    raw = await accepted(rest, served, json.dumps(request, ensure_ascii=False).encode())
    escaped = await accepted(rest, served, json.dumps(request).encode())

    assert raw.job_description == escaped.job_description == text


async def test_escaped_names_are_names(rest: Rest, served: Served) -> None:
    plain = await accepted(rest, served, encoded(submission()))
    text = (
        encoded(submission())
        .decode()
        .replace('"jobDescription"', '"\\u006aobDescription"')
        .replace('"text"', '"t\\u0065xt"')
    )

    assert await accepted(rest, served, text.encode()) == plain


@pytest.mark.parametrize("white", [" ", "\n", "\t", "\r\n  "])
async def test_white_space_between_tokens_means_nothing(rest: Rest, served: Served, white: str) -> None:
    plain = await accepted(rest, served, encoded(submission()))
    text = json.dumps(submission(), separators=(f"{white},{white}", f"{white}:{white}"))

    assert await accepted(rest, served, f"{white}{text}{white}".encode()) == plain


@pytest.mark.parametrize(
    "job_id",
    [
        "job-1",
        "a b",
        "a/b",
        "a%2Fb",
        "ü",
        "漢字",
        "a?b",
        "a#b",
        "a&b=c",
        "a;b",
        "a:b",
        "..a",
        "~",
        "x" * 255,
        "ü" * 255,
    ],
)
async def test_an_id_in_a_path_is_percent_encoded_utf_8(rest: Rest, served: Served, job_id: str) -> None:
    from yarl import URL

    path = f"/v1/jobs/{quote(job_id, safe='')}/scoring-batches"
    url = URL(rest.url + path, encoded=True)
    async with rest.session.post(url, headers=JSON, data=encoded(submission())) as answer:
        assert answer.status == 202, await answer.text()
    async with rest.session.get(URL(f"{url}/{quote(job_id, safe='')}", encoded=True), headers=HEADERS) as answer:
        assert answer.status == 200

    assert served.use_cases.submissions[-1].job_id == job_id
    assert served.use_cases.reads[-1][1:] == (job_id, job_id)


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON"])
async def test_the_content_type_is_json_however_it_is_written(rest: Rest, content_type: str) -> None:
    answer = await rest.post(BATCHES, data=encoded(submission()), headers={**HEADERS, "Content-Type": content_type})

    assert answer.status == 202


@pytest.mark.parametrize("key", ["jobId", "job_id", "path_job_id", "pathJobId"])
async def test_the_body_cannot_say_another_job_than_the_path(rest: Rest, served: Served, key: str) -> None:
    answer = await rest.post(BATCHES, json={**submission(), key: "job-2"})

    assert answer.status in (202, 400)
    assert [got.job_id for got in served.use_cases.submissions] == ["job-1"] * (answer.status == 202)


async def test_a_get_with_a_body_is_answered_as_without(rest: Rest) -> None:
    answer = await rest.get(f"{BATCHES}/cbatch", data=b"{", headers=JSON)

    assert answer.status == 200
