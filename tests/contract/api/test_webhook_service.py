"""The rpcs of WebhookService: what reaches the use cases, and what comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import pytest
from google.protobuf.message import Message
from nova.webhooks.v1 import webhook_service_pb2
from nova_server.errors import (
    NovaError,
    StoreUnavailable,
    WebhookDeliveryNotFound,
    WebhookEndpointDisabled,
    WebhookEndpointLimitReached,
    WebhookEndpointNotFound,
)
from nova_server.ports.clock import Instant, plus_seconds
from nova_server.ports.webhooks import (
    DeliveryFilter,
    DeliveryState,
    EndpointChange,
    WebhookEvent,
)

from tests.support.api import METADATA, WEBHOOK_SERVICE, Served, refusal, serving
from tests.support.clock import START
from tests.support.recorded_webhooks import (
    DELIVERY_ID,
    ENDPOINT_ID,
    OWNER,
)
from tests.support.webhook_requests import (
    ALL,
    BATCH,
    COMPLETED,
    DELETE,
    FAILED,
    GET,
    GET_DELIVERY,
    KEY,
    LIST,
    LIST_DELIVERIES,
    REDELIVER,
    REDELIVER_FAILED,
    ROTATE,
    TEST,
    URL,
    Create,
    ListDeliveries,
    RedeliverFailed,
    Rotate,
    Update,
    call,
)

# What is sent, and what the use case is asked.
CALLS: list[tuple[str, Message, tuple[Any, ...]]] = [
    ("CreateWebhookEndpoint", Create(url=URL), ("create_endpoint", OWNER, URL, None, (), True)),
    (
        "CreateWebhookEndpoint",
        Create(url=URL, name="x" * 255, events=[FAILED], enabled=False),
        ("create_endpoint", OWNER, URL, "x" * 255, (FAILED,), False),
    ),
    ("CreateWebhookEndpoint", Create(url=URL, enabled=True), ("create_endpoint", OWNER, URL, None, (), True)),
    ("ListWebhookEndpoints", LIST, ("list_endpoints", OWNER)),
    ("GetWebhookEndpoint", GET, ("get_endpoint", OWNER, ENDPOINT_ID)),
    (
        "UpdateWebhookEndpoint",
        Update(webhook_endpoint_id=ENDPOINT_ID),
        ("update_endpoint", OWNER, ENDPOINT_ID, EndpointChange()),
    ),
    (
        "UpdateWebhookEndpoint",
        Update(webhook_endpoint_id=ENDPOINT_ID, url=URL, name="n", events=[BATCH], enabled=False),
        ("update_endpoint", OWNER, ENDPOINT_ID, EndpointChange(URL, "n", (WebhookEvent.BATCH_COMPLETED,), False)),
    ),
    ("RotateWebhookSecret", ROTATE, ("rotate_secret", OWNER, ENDPOINT_ID, 86_400)),
    (
        "RotateWebhookSecret",
        Rotate(webhook_endpoint_id=ENDPOINT_ID, overlap_seconds=0),
        ("rotate_secret", OWNER, ENDPOINT_ID, 0),
    ),
    ("DeleteWebhookEndpoint", DELETE, ("delete_endpoint", OWNER, ENDPOINT_ID)),
    ("SendTestWebhook", TEST, ("send_test", OWNER, ENDPOINT_ID)),
    (
        "ListWebhookDeliveries",
        LIST_DELIVERIES,
        ("list_deliveries", OWNER, DeliveryFilter(endpoint_id=ENDPOINT_ID, limit=20)),
    ),
    (
        "ListWebhookDeliveries",
        ListDeliveries(
            webhook_endpoint_id="-",
            status="failed",
            event="test",
            created_after="2026-03-01T09:00:00Z",
            created_before="2026-03-01T10:00:00.5+01:00",
            page_size=100,
            page_token=DELIVERY_ID,
        ),
        (
            "list_deliveries",
            OWNER,
            DeliveryFilter(
                None,
                DeliveryState.FAILED,
                WebhookEvent.TEST,
                START,
                plus_seconds(START, 0.5),
                DELIVERY_ID,
                100,
            ),
        ),
    ),
    ("GetWebhookDelivery", GET_DELIVERY, ("get_delivery", OWNER, ENDPOINT_ID, DELIVERY_ID)),
    ("RedeliverWebhook", REDELIVER, ("redeliver", OWNER, ENDPOINT_ID, DELIVERY_ID)),
    ("RedeliverFailedWebhooks", REDELIVER_FAILED, ("redeliver_failed", OWNER, ENDPOINT_ID, START)),
]
# One call of each rpc.
ONE_EACH = list({method: (method, request) for method, request, _ in CALLS}.values())


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


@pytest.mark.parametrize(("method", "request_", "asked"), CALLS)
async def test_a_call_reaches_the_use_case_for_its_caller_without_any_tenant(
    served: Served, method: str, request_: Message, asked: tuple[Any, ...]
) -> None:
    await call(served, method, request_)

    assert served.webhooks.calls == [asked]


def test_every_rpc_of_the_service_is_called_here() -> None:
    methods = webhook_service_pb2.DESCRIPTOR.services_by_name["WebhookService"].methods

    assert [method.name for method in methods] == [method for method, _ in ONE_EACH]


@pytest.mark.parametrize("tenants", [("tenant-1",), ("",), ("t" * 300,), ("tenant-1", "tenant-2")])
async def test_a_tenant_that_is_sent_all_the_same_is_ignored(served: Served, tenants: tuple[str, ...]) -> None:
    await call(served, "GetWebhookEndpoint", GET, (*KEY, *(("x-tenant-id", tenant) for tenant in tenants)))

    assert served.webhooks.calls == [("get_endpoint", OWNER, ENDPOINT_ID)]


@pytest.mark.parametrize(("method", "request_"), ONE_EACH)
async def test_a_call_without_a_key_is_unauthorized(served: Served, method: str, request_: Message) -> None:
    failed = await refusal(call(served, method, request_, metadata=()))

    assert (failed.code, failed.info.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHORIZED")
    assert served.webhooks.calls == []


@pytest.mark.parametrize(("method", "request_"), ONE_EACH)
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WebhookEndpointNotFound(), grpc.StatusCode.NOT_FOUND),
        (WebhookDeliveryNotFound(), grpc.StatusCode.NOT_FOUND),
        (WebhookEndpointLimitReached(), grpc.StatusCode.FAILED_PRECONDITION),
        (WebhookEndpointDisabled(), grpc.StatusCode.FAILED_PRECONDITION),
        (StoreUnavailable(), grpc.StatusCode.UNAVAILABLE),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_what_a_use_case_raises_is_answered(
    served: Served, method: str, request_: Message, error: NovaError, code: grpc.StatusCode
) -> None:
    served.webhooks.fault = error

    failed = await refusal(call(served, method, request_))

    assert (failed.code, failed.message) == (code, error.message)


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ([COMPLETED], (COMPLETED,)),
        ([BATCH, FAILED, COMPLETED], ALL),
        ([FAILED, FAILED, COMPLETED], (COMPLETED, FAILED)),
    ],
)
async def test_events_are_taken_once_each_in_their_usual_order(
    served: Served, sent: list[str], meant: tuple[str, ...]
) -> None:
    await call(served, "CreateWebhookEndpoint", Create(url=URL, events=sent))
    await call(served, "UpdateWebhookEndpoint", Update(webhook_endpoint_id=ENDPOINT_ID, events=sent))

    assert served.webhooks.calls[0][4] == meant
    assert served.webhooks.calls[1][3] == EndpointChange(events=tuple(map(WebhookEvent, meant)))


@pytest.mark.parametrize("method", ["GetWebhookEndpoint", "SendTestWebhook", "DeleteWebhookEndpoint"])
async def test_a_dash_is_any_endpoint_only_where_deliveries_are_listed(served: Served, method: str) -> None:
    request = type(dict(ONE_EACH)[method])(webhook_endpoint_id="-")
    await call(served, method, request)

    assert served.webhooks.calls[0][2] == "-"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-01T09:00:00Z", START),
        ("2026-03-01T09:00:00.000001999Z", START + 1),
        ("2026-03-01T10:30:00+01:30", START),
        ("1970-01-01T00:00:00-00:00", 0),
        ("1969-12-31T23:59:59.9Z", -100_000),
        ("0001-01-01T00:00:00+23:59", -62_135_683_140_000_000),
        ("9999-12-31T23:59:59-23:59", 253_402_387_139_000_000),
    ],
)
async def test_a_time_is_read_with_its_fraction_and_its_offset(served: Served, text: str, instant: Instant) -> None:
    await call(served, "RedeliverFailedWebhooks", RedeliverFailed(webhook_endpoint_id="e", since=text))

    assert served.webhooks.calls == [("redeliver_failed", OWNER, "e", instant)]


async def test_a_body_over_its_limit_is_too_large(served: Served) -> None:
    body = Create(url="x" * 65_536).SerializeToString()

    failed = await refusal(served.raw(f"/{WEBHOOK_SERVICE}/CreateWebhookEndpoint", body, METADATA))

    assert failed.info.reason == "PAYLOAD_TOO_LARGE"
