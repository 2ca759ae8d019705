"""Every fault of a request to WebhookService, by its field and its code, and without quoting a value."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from nova.webhooks.v1 import webhook_service_pb2
from nova_server.api.webhook_validation import REQUESTS

from tests.support.api import METADATA, Served, called, refusal, serving

URL = "https://example.com/webhooks"
NOT_A_TIME = "must be a time in RFC 3339, such as 2025-12-14T10:30:45Z."

Create = webhook_service_pb2.CreateWebhookEndpointRequest
Update = webhook_service_pb2.UpdateWebhookEndpointRequest
Rotate = webhook_service_pb2.RotateWebhookSecretRequest
ListDeliveries = webhook_service_pb2.ListWebhookDeliveriesRequest
RedeliverFailed = webhook_service_pb2.RedeliverFailedWebhooksRequest


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


async def faults(served: Served, request: Message) -> list[tuple[str, str]]:
    """Return the faults that a request is refused for, which never reaches the use cases."""
    method = called(request).removesuffix("Request")
    failed = await refusal(getattr(served.webhook_stub, method)(request, metadata=METADATA))
    assert failed.info.reason == "VALIDATION_ERROR"
    assert all(sentence.endswith(".") and "{" not in sentence for *_, sentence in failed.faults)
    assert served.webhooks.calls == []
    return [fault[:2] for fault in failed.faults]


def listing(**fields: Any) -> ListDeliveries:
    return ListDeliveries(**{"webhook_endpoint_id": "e", **fields})


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"url": "https://example.com/" + "x" * 2_029}, "url", "too_long"),
        ({"url": "http://example.com"}, "url", "url_not_allowed"),
        ({"name": ""}, "name", "too_short"),
        ({"name": "x" * 256}, "name", "too_long"),
        ({"name": "a\0"}, "name", "invalid"),
        ({"events": ["score.completed", "test"]}, "events[1]", "invalid"),
        ({"events": [""]}, "events[0]", "invalid"),
        ({"events": ["score.completed"] * 4}, "events", "too_many"),
    ],
)
@pytest.mark.parametrize("request_type", [Create, Update])
async def test_a_fault_of_an_endpoint_is_named(
    served: Served, request_type: Any, fields: dict[str, Any], field: str, code: str
) -> None:
    given = {"url": URL} | ({"webhook_endpoint_id": "e"} if request_type is Update else {})

    assert await faults(served, request_type(**{**given, **fields})) == [(field, code)]


@pytest.mark.parametrize(
    ("request_", "field", "code"),
    [
        (Create(), "url", "required"),
        (Update(webhook_endpoint_id="e", url=""), "url", "too_short"),
        (Rotate(webhook_endpoint_id="e", overlap_seconds=-1), "overlap_seconds", "out_of_range"),
        (Rotate(webhook_endpoint_id="e", overlap_seconds=604_801), "overlap_seconds", "out_of_range"),
        (listing(status="running"), "status", "invalid"),
        (listing(status=""), "status", "invalid"),
        (listing(event="score"), "event", "invalid"),
        (listing(created_after="2025-12-14"), "created_after", "invalid"),
        (listing(created_before="2025-12-14T10:30:45"), "created_before", "invalid"),
        (listing(page_size=0), "page_size", "out_of_range"),
        (listing(page_size=101), "page_size", "out_of_range"),
        (listing(page_token=""), "page_token", "too_short"),
        (listing(page_token="x" * 256), "page_token", "too_long"),
        (listing(page_token="x" * 24), "page_token", "invalid"),
        (listing(page_token="X" * 25), "page_token", "invalid"),
        (listing(page_token="x" * 25 + "\n"), "page_token", "invalid"),
        (listing(page_token="é" * 25), "page_token", "invalid"),
        (RedeliverFailed(webhook_endpoint_id="e"), "since", "required"),
        (RedeliverFailed(webhook_endpoint_id="e", since="now"), "since", "invalid"),
    ],
)
async def test_a_fault_is_named_by_its_field_and_code(served: Served, request_: Message, field: str, code: str) -> None:
    assert await faults(served, request_) == [(field, code)]


def with_ids(request_type: type[Message], **ids: str) -> Message:
    """Return a request with its ids, and with what else it cannot be without."""
    given = {"webhook_endpoint_id": "e", "webhook_delivery_id": "d", "since": "2025-12-14T10:30:45Z"} | ids
    return request_type(**{name: value for name, value in given.items() if name in fields_of(request_type)})


def fields_of(request_type: type[Message]) -> list[str]:
    return [field.name for field in cast("Descriptor", request_type.DESCRIPTOR).fields]


IDS = [
    pytest.param(request_type, field, id=f"{request_type.DESCRIPTOR.name}.{field}")
    for request_type in REQUESTS
    for field in ("webhook_endpoint_id", "webhook_delivery_id")
    if field in fields_of(request_type)
]


@pytest.mark.parametrize(("value", "code"), [("", "required"), ("x" * 256, "too_long")])
@pytest.mark.parametrize(("request_type", "field"), IDS)
async def test_an_id_that_is_missing_or_too_long_is_named(
    served: Served, request_type: type[Message], field: str, value: str, code: str
) -> None:
    assert await faults(served, with_ids(request_type, **{field: value})) == [(field, code)]


@pytest.mark.parametrize(
    "text",
    [
        "2025-02-31T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2025-04-31T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2025-12-14T10:30:60Z",
        "2025-12-14T24:00:00Z",
        "2025-12-14 10:30:45Z",
        "2025-12-14t10:30:45z",
        "2025-12-14T10:30:45.Z",
        "2025-12-14T10:30:45+0100",
        "2025-12-14T10:30:45Z\n",
        "20251214T103045Z",
        "1765704645",
    ],
)
async def test_a_text_that_is_no_time_is_named_wherever_a_time_belongs(served: Served, text: str) -> None:
    assert await faults(served, listing(created_after=text)) == [("created_after", "invalid")]
    assert await faults(served, listing(created_before=text)) == [("created_before", "invalid")]
    assert await faults(served, RedeliverFailed(webhook_endpoint_id="e", since=text)) == [("since", "invalid")]


@pytest.mark.parametrize("text", ["yesterday", "2025-02-31T00:00:00Z"])
async def test_who_sends_no_time_is_told_what_one_looks_like(served: Served, text: str) -> None:
    failed = await refusal(served.webhook_stub.ListWebhookDeliveries(listing(created_after=text), metadata=METADATA))

    assert failed.faults == [("created_after", "invalid", NOT_A_TIME)]


async def test_the_sentence_about_a_url_is_the_policys(served: Served) -> None:
    request = Create(url="http://example.com/secret-path")

    failed = await refusal(served.webhook_stub.CreateWebhookEndpoint(request, metadata=METADATA))

    assert failed.faults == [("url", "url_not_allowed", "must be an https URL.")]


async def test_all_faults_are_found_at_once(served: Served) -> None:
    request = listing(
        webhook_endpoint_id="",
        status="x",
        created_after="2025-02-31T00:00:00Z",
        created_before="x",
        page_size=0,
        page_token="x",
    )

    assert sorted(await faults(served, request)) == [
        ("created_after", "invalid"),
        ("created_before", "invalid"),
        ("page_size", "out_of_range"),
        ("page_token", "invalid"),
        ("status", "invalid"),
        ("webhook_endpoint_id", "required"),
    ]


async def test_a_list_of_thousands_of_events_is_cut_off_before_it_is_looked_at(served: Served) -> None:
    found = await faults(served, Create(url=URL, events=[""] * 30_000))

    assert found == [("events", "too_many"), *((f"events[{index}]", "invalid") for index in range(4))]
