"""What WebhookService answers."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from nova.webhooks.v1 import webhook_delivery_pb2, webhook_endpoint_pb2
from nova_server.ports.webhook_administration import DeliveryPage
from nova_server.ports.webhooks import Attempt, DeliveryState, DeliveryWithAttempts, FailureReason, StoredAttempt

from tests.support.api import Served, serving
from tests.support.clock import START
from tests.support.recorded_webhooks import (
    DELIVERED,
    DELIVERY_ID,
    ENDPOINT,
    ENDPOINT_ID,
    FAILING,
    PAYLOAD,
    PENDING,
)
from tests.support.recorded_webhooks import SECRET as WEBHOOK_SECRET
from tests.support.webhook_requests import (
    ALL,
    COMPLETED,
    DELETE,
    FAILED,
    GET,
    GET_DELIVERY,
    LIST,
    LIST_DELIVERIES,
    REDELIVER,
    REDELIVER_FAILED,
    ROTATE,
    TEST,
    URL,
    Create,
    ListDeliveries,
    Update,
    call,
)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("CreateWebhookEndpoint", Create(url=URL)),
        ("GetWebhookEndpoint", GET),
        ("UpdateWebhookEndpoint", Update(webhook_endpoint_id=ENDPOINT_ID)),
        ("RotateWebhookSecret", ROTATE),
        ("DeleteWebhookEndpoint", DELETE),
    ],
)
async def test_an_endpoint_shows_what_is_set_and_leaves_the_rest_unset(
    served: Served, method: str, request_: Message
) -> None:
    plain = (await call(served, method, request_)).webhook_endpoint
    served.webhooks.endpoint = FAILING
    failing = (await call(served, method, request_)).webhook_endpoint

    start = Timestamp(seconds=1_772_355_600)
    assert plain == webhook_endpoint_pb2.WebhookEndpoint(
        id=ENDPOINT_ID, url=URL, name="scores", events=ALL, enabled=True, created_at=start, updated_at=start
    )
    assert failing == webhook_endpoint_pb2.WebhookEndpoint(
        id=ENDPOINT_ID,
        url=URL,
        events=[FAILED],
        failing_since=Timestamp(seconds=1_772_355_601),
        previous_secret_expires_at=Timestamp(seconds=1_772_355_660),
        created_at=start,
        updated_at=start,
    )


async def test_the_endpoints_are_listed_in_the_order_of_the_use_case(served: Served) -> None:
    (shown,) = (await call(served, "ListWebhookEndpoints", LIST)).webhook_endpoints

    assert (shown.id, shown.url) == (ENDPOINT.id, ENDPOINT.url)


@pytest.mark.parametrize(
    ("method", "request_"), [("CreateWebhookEndpoint", Create(url=URL)), ("RotateWebhookSecret", ROTATE)]
)
async def test_a_new_secret_is_shown(served: Served, method: str, request_: Message) -> None:
    assert (await call(served, method, request_)).secret == WEBHOOK_SECRET


@pytest.mark.parametrize(("method", "request_"), [("SendTestWebhook", TEST), ("RedeliverWebhook", REDELIVER)])
async def test_a_delivery_on_its_way_is_shown_as_it_is(served: Served, method: str, request_: Message) -> None:
    shown = (await call(served, method, request_)).webhook_delivery

    start = Timestamp(seconds=1_772_355_600)
    assert shown == webhook_delivery_pb2.WebhookDelivery(
        id=DELIVERY_ID,
        webhook_endpoint_id=ENDPOINT_ID,
        event="test",
        status=webhook_delivery_pb2.WebhookDelivery.PENDING,
        created_at=start,
        next_attempt_at=start,
    )


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (DeliveryState.PENDING, webhook_delivery_pb2.WebhookDelivery.PENDING),
        (DeliveryState.RUNNING, webhook_delivery_pb2.WebhookDelivery.PENDING),
        (DeliveryState.DELIVERED, webhook_delivery_pb2.WebhookDelivery.DELIVERED),
        (DeliveryState.FAILED, webhook_delivery_pb2.WebhookDelivery.FAILED),
    ],
)
async def test_a_delivery_that_waits_or_runs_is_pending(served: Served, state: DeliveryState, status: int) -> None:
    served.webhooks.delivery = dataclasses.replace(PENDING, state=state)

    assert (await call(served, "SendTestWebhook", TEST)).webhook_delivery.status == status


@pytest.mark.parametrize("token", [None, DELIVERY_ID])
async def test_a_page_leads_to_the_next_one_if_there_is_one(served: Served, token: str | None) -> None:
    served.webhooks.page = DeliveryPage((DELIVERED, PENDING), token)

    page = await call(served, "ListWebhookDeliveries", LIST_DELIVERIES)

    assert [(delivery.event, delivery.tenant_id) for delivery in page.webhook_deliveries] == [
        (COMPLETED, "acme-corp"),
        ("test", ""),
    ]
    assert (page.HasField("next_page_token"), page.next_page_token) == (token is not None, token or "")


async def test_the_token_of_a_page_asks_for_the_next_one(served: Served) -> None:
    served.webhooks.page = DeliveryPage((DELIVERED,), DELIVERY_ID)
    page = await call(served, "ListWebhookDeliveries", LIST_DELIVERIES)

    await call(
        served,
        "ListWebhookDeliveries",
        ListDeliveries(webhook_endpoint_id=ENDPOINT_ID, page_token=page.next_page_token),
    )

    assert served.webhooks.calls[-1][2].before_id == DELIVERY_ID


async def test_a_delivery_shows_its_body_and_its_attempts(served: Served) -> None:
    shown = await call(served, "GetWebhookDelivery", GET_DELIVERY)

    assert (shown.webhook_delivery.status, shown.payload) == (
        webhook_delivery_pb2.WebhookDelivery.DELIVERED,
        PAYLOAD,
    )
    assert shown.webhook_delivery.finished_at == Timestamp(seconds=1_772_355_601)
    first, second = shown.attempts
    assert (first.number, first.duration_ms, first.failure_reason) == (
        1,
        30_000,
        webhook_delivery_pb2.WebhookAttempt.TIMEOUT,
    )
    assert (second.number, second.duration_ms, second.http_status) == (2, 184, 200)
    assert (first.HasField("http_status"), second.HasField("failure_reason")) == (False, False)
    assert second.started_at == Timestamp(seconds=1_772_355_660)


@pytest.mark.parametrize("reason", list(FailureReason))
async def test_every_reason_of_a_failed_attempt_has_its_name(served: Served, reason: FailureReason) -> None:
    attempt = StoredAttempt(1, Attempt(START, 1, 500, reason))
    served.webhooks.found = DeliveryWithAttempts(DELIVERED, PAYLOAD, (attempt,))

    (shown,) = (await call(served, "GetWebhookDelivery", GET_DELIVERY)).attempts

    assert webhook_delivery_pb2.WebhookAttempt.FailureReason.Name(shown.failure_reason).lower() == reason


async def test_how_many_are_delivered_again_is_told(served: Served) -> None:
    assert (await call(served, "RedeliverFailedWebhooks", REDELIVER_FAILED)).redelivered == 17
