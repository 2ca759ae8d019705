"""The API page, and what it loads, come from the gateway itself and from nowhere else."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from nova_gateway.configuration import PACKAGE

from tests.support.rest import PROBLEM_TYPE, TRACE_ID, Rest, gateway_to

LINK = re.compile(r'(?:src|href)="([^"]+)"')


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def alone(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rest]:
    """A gateway to an api that is not there, which pages do not need."""
    async with gateway_to(f"unix:{tmp_path_factory.mktemp('api')}/nobody") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def rest(alone: Rest) -> AsyncIterator[Rest]:
    """The same. Fails in the end when its Lua did."""
    yield alone
    assert await alone.gateway.admin.lua_errors() == 0


async def test_the_document_is_the_generated_one(rest: Rest) -> None:
    answer = await rest.get("/openapi.json", headers={})

    assert answer.status == 200
    assert answer.content_type == "application/json"
    assert answer.json == json.loads((PACKAGE / "generated/openapi.json").read_text())
    assert TRACE_ID.fullmatch(answer.headers["X-Trace-Id"])


async def test_everything_that_the_page_loads_is_served_beside_it(rest: Rest) -> None:
    page = await rest.get("/docs", headers={})
    assert page.content_type == "text/html; charset=utf-8"

    links = [link for link in LINK.findall(page.text) if not link.startswith("data:")]
    assert all(link.startswith("/") for link in links)
    for link in links:
        answer = await rest.get(link, headers={})
        assert (answer.status, len(answer.text) > 100) == (200, True), link


async def test_the_program_of_the_page_is_served_as_it_is_kept(rest: Rest) -> None:
    answer = await rest.get("/docs/scalar.js", headers={"Accept-Encoding": "gzip"})

    kept = gzip.decompress((PACKAGE / "pages/scalar.js.gz").read_bytes()).decode()
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text == kept


@pytest.mark.parametrize("path", ["/docs", "/docs/docs.js", "/docs/docs.css", "/docs/scalar.js", "/openapi.json"])
async def test_a_page_may_load_nothing_from_elsewhere_and_be_framed_by_nobody(rest: Rest, path: str) -> None:
    answer = await rest.get(path, headers={})

    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_page_can_be_asked_for_without_its_body(rest: Rest) -> None:
    answer = await rest.call("HEAD", "/docs", headers={})

    assert (answer.status, answer.text) == (200, "")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_page_has_no_other_methods(rest: Rest, method: str) -> None:
    answer = await rest.call(method, "/docs", headers={})

    assert (answer.status, answer.content_type) == (404, PROBLEM_TYPE)
