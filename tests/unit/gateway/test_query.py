"""The check of a request's query, with parameters of every type, and those of the product."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.lua import GatewayLua

SERVICE = "nova.webhooks.v1.WebhookService"
DELIVERIES = f"{SERVICE}.ListWebhookDeliveries"
PATH = "/v1/webhook-endpoints/-/deliveries"
FAULTS = "nova-request-faults"

TABLE = """
local OPERATIONS = {
  ["any"] = {
    ["success"] = 200, ["grpc_path"] = "/any/Get",
    ["query"] = {
      ["text"] = { ["type"] = "string" },
      ["texts"] = { ["type"] = "string", ["repeated"] = true },
      ["flag"] = { ["type"] = "boolean" },
      ["share"] = { ["type"] = "number" },
      ["count"] = { ["type"] = "integer", ["lowest"] = 0, ["highest"] = 4294967295 },
      ["kind"] = { ["type"] = "enum", ["values"] = { ["url"] = true, ["text"] = true }, ["names"] = "url, text" },
    },
  },
}
local MESSAGES, REQUIRED_KEYS, SHAPES, PROBLEMS, DEFAULT_CODES, TOLD_TRAILERS = {}, {}, {}, {}, {}, {}
"""
PRODUCT, ANY = GatewayLua(), GatewayLua(TABLE)


def faults(query: str, lua: GatewayLua = ANY, route: str = "any") -> list[str]:
    """Return what the filter tells the api of a query."""
    headers = {":method": "GET", ":path": f"{PATH}?{query}", "x-request-id": "1"}
    found = lua.request(headers, route=route).headers.get(FAULTS)
    return found.split(";") if found else []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "text=",
        "text=a=b",
        "text=%C3%BC%26",
        "texts=a&texts=b",
        "flag=true",
        "flag=false",
        "share=-1.5e3",
        "count=0",
        "count=%37",
        "count=4294967295",
        "kind=url",
        "kind=t%65xt&&count=7&",
    ],
)
def test_a_parameter_of_its_type_passes(query: str) -> None:
    assert faults(query) == []


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("flag=1", "flag=wrong_type:boolean"),
        ("flag=True", "flag=wrong_type:boolean"),
        ("flag=null", "flag=wrong_type:boolean"),
        ("share=.5", "share=wrong_type:number"),
        ("share=x", "share=wrong_type:number"),
        ("count=", "count=wrong_type:integer"),
        ("count=1.0", "count=wrong_type:integer"),
        ("count=1e3", "count=wrong_type:integer"),
        ("count=%2B1", "count=wrong_type:integer"),
        ("count=%201", "count=wrong_type:integer"),
        ("count=1%00", "count=wrong_type:integer"),
        ("count=0x10", "count=wrong_type:integer"),
        ("count=-1", "count=out_of_range"),
        ("count=4294967296", "count=out_of_range"),
        ("count=" + "9" * 5000, "count=out_of_range"),
        ("kind=pdf", "kind=invalid:url, text"),
        ("kind=URL", "kind=invalid:url, text"),
        ("kind=", "kind=invalid:url, text"),
    ],
)
def test_a_parameter_of_another_type_is_named(query: str, fault: str) -> None:
    assert faults(query) == [fault]


@pytest.mark.parametrize(
    ("name", "fault"),
    [("text", "wrong_type:string"), ("flag", "wrong_type:boolean"), ("kind", "invalid:url, text")],
)
def test_a_parameter_without_a_value_is_of_no_type(name: str, fault: str) -> None:
    assert faults(name) == [f"{name}={fault}"]


@pytest.mark.parametrize("query", ["text=a&text=a", "text=a&text=b", "text=a&count=1&text"])
def test_a_parameter_that_is_given_twice_is_named(query: str) -> None:
    assert faults(query) == ["text=duplicate_key"]


@pytest.mark.parametrize("value", ["%", "%2", "%zz", "%ff", "%C3", "%ED%A0%80", "%C0%80", "a%"])
def test_a_value_that_is_not_percent_encoded_utf_8_is_named(value: str) -> None:
    assert faults(f"text={value}") == ["text=malformed_encoding"]


def test_all_faults_of_a_query_are_told_in_their_order() -> None:
    assert faults("page=1&count=x&a%20b=2&text=a&flag=2&text=b") == [
        "page=unknown_parameter",
        "count=wrong_type:integer",
        "query=unknown_parameter",
        "flag=wrong_type:boolean",
        "text=duplicate_key",
    ]


def test_of_hundreds_of_faults_forty_are_told() -> None:
    assert faults("&".join(f"p{number}=1" for number in range(300))) == [
        f"p{number}=unknown_parameter" for number in range(40)
    ]


@given(st.text())
def test_any_text_can_be_sent_percent_encoded(text: str) -> None:
    assert faults("text=" + quote(text, safe="", errors="surrogatepass")) == []


@given(st.integers())
def test_an_integer_passes_exactly_when_it_fits(number: int) -> None:
    assert faults(f"count={number}") == ([] if 0 <= number < 2**32 else ["count=out_of_range"])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=failed&event=test&pageSize=5&pageToken=x&createdAfter=2025-12-14T10:30:45%2B01:00", []),
        ("pageSize=abc", ["pageSize=wrong_type:integer"]),
        ("pageSize=5&pageSize=6", ["pageSize=duplicate_key"]),
        ("page_size=5", ["query=unknown_parameter"]),
        ("webhookEndpointId=x", ["webhookEndpointId=unknown_parameter"]),
        ("path_webhook_endpoint_id=x", ["query=unknown_parameter"]),
    ],
)
def test_the_parameters_of_deliveries_are_checked(query: str, found: list[str]) -> None:
    assert faults(query, PRODUCT, DELIVERIES) == found
