"""Configuring endpoints and looking at deliveries, on a store in memory."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest
from nova_server.errors import (
    WebhookDeliveryNotFound,
    WebhookEndpointDisabled,
    WebhookEndpointLimitReached,
    WebhookEndpointNotFound,
)
from nova_server.ports.clock import plus_seconds
from nova_server.ports.tenancy import Caller, Environment
from nova_server.ports.webhook_administration import WebhookUseCases
from nova_server.ports.webhooks import (
    FILTERED_EVENTS,
    MAX_ENDPOINTS,
    DeliveryFilter,
    DeliveryState,
    EndpointChange,
    WebhookEndpoint,
    WebhookEvent,
)
from nova_server.webhooks.bodies import JsonEventBodies
from nova_server.webhooks.use_cases import Webhooks

from tests.support.clock import START, FakeClock
from tests.support.identifiers import FakeIdentifiers
from tests.support.webhook_store import MemoryWebhookStore

ACME = Caller("acme", Environment.SANDBOX)
OTHERS = [Caller("acme", Environment.PRODUCTION), Caller("globex", Environment.SANDBOX)]
URL = "https://receiver.example/webhooks"
UNKNOWN = "c000000000000000000000404"

Call = Callable[[WebhookUseCases, Caller, str], Awaitable[object]]

CALLS: dict[str, Call] = {
    "get": lambda webhooks, owner, endpoint: webhooks.get_endpoint(owner, endpoint),
    "update": lambda webhooks, owner, endpoint: webhooks.update_endpoint(owner, endpoint, EndpointChange(enabled=True)),
    "rotate": lambda webhooks, owner, endpoint: webhooks.rotate_secret(owner, endpoint, 60),
    "delete": lambda webhooks, owner, endpoint: webhooks.delete_endpoint(owner, endpoint),
    "test": lambda webhooks, owner, endpoint: webhooks.send_test(owner, endpoint),
    "list": lambda webhooks, owner, endpoint: webhooks.list_deliveries(owner, DeliveryFilter(endpoint_id=endpoint)),
    "get delivery": lambda webhooks, owner, endpoint: webhooks.get_delivery(owner, endpoint, UNKNOWN),
    "redeliver": lambda webhooks, owner, endpoint: webhooks.redeliver(owner, endpoint, UNKNOWN),
    "redeliver failed": lambda webhooks, owner, endpoint: webhooks.redeliver_failed(owner, endpoint, START),
}
SENDING = ["test", "redeliver", "redeliver failed"]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store() -> MemoryWebhookStore:
    return MemoryWebhookStore()


@pytest.fixture
def webhooks(store: MemoryWebhookStore, clock: FakeClock) -> WebhookUseCases:
    keys = iter(range(256))
    return Webhooks(store, JsonEventBodies(), clock, FakeIdentifiers(), lambda count: bytes([next(keys)]) * count)


@pytest.fixture
async def endpoint(webhooks: WebhookUseCases) -> WebhookEndpoint:
    return await new_endpoint(webhooks)


async def new_endpoint(webhooks: WebhookUseCases, owner: Caller = ACME, *, enabled: bool = True) -> WebhookEndpoint:
    created, _ = await webhooks.create_endpoint(owner, URL, name=None, events=(), enabled=enabled)
    return created


async def test_a_new_endpoint_is_stored_with_a_secret_of_its_own(
    webhooks: WebhookUseCases, store: MemoryWebhookStore
) -> None:
    created, secret = await webhooks.create_endpoint(
        ACME, URL, name="scores", events=[WebhookEvent.SCORE_FAILED], enabled=False
    )

    assert created == WebhookEndpoint(
        id="c000000000000000000000001",
        owner=ACME,
        url=URL,
        name="scores",
        events=(WebhookEvent.SCORE_FAILED,),
        enabled=False,
        created_at=START,
        updated_at=START,
    )
    assert secret == "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    assert store.secrets[created.id] == [secret]
    assert await webhooks.get_endpoint(ACME, created.id) == created


async def test_an_endpoint_without_a_filter_gets_every_event_but_tests(endpoint: WebhookEndpoint) -> None:
    assert endpoint.events == FILTERED_EVENTS
    assert WebhookEvent.TEST not in endpoint.events


async def test_events_are_kept_once_each_and_in_their_order(webhooks: WebhookUseCases) -> None:
    given = [WebhookEvent.BATCH_COMPLETED, WebhookEvent.SCORE_COMPLETED, WebhookEvent.BATCH_COMPLETED]
    kept = (WebhookEvent.SCORE_COMPLETED, WebhookEvent.BATCH_COMPLETED)

    created, _ = await webhooks.create_endpoint(ACME, URL, name=None, events=given, enabled=True)
    changed = await webhooks.update_endpoint(ACME, created.id, EndpointChange(events=tuple(reversed(kept))))

    assert (created.events, changed.events) == (kept, kept)


async def test_a_partner_may_have_five_endpoints_in_each_environment(webhooks: WebhookUseCases) -> None:
    for _ in range(MAX_ENDPOINTS):
        await new_endpoint(webhooks)

    with pytest.raises(WebhookEndpointLimitReached):
        await new_endpoint(webhooks)
    for other in OTHERS:
        await new_endpoint(webhooks, other)
    assert len(await webhooks.list_endpoints(ACME)) == MAX_ENDPOINTS


@pytest.mark.parametrize(
    "change",
    [EndpointChange(), EndpointChange(events=()), EndpointChange(name="scores"), EndpointChange(enabled=False)],
)
async def test_what_is_not_given_stays_as_it_is(
    change: EndpointChange, webhooks: WebhookUseCases, endpoint: WebhookEndpoint, clock: FakeClock
) -> None:
    clock.advance(60)

    changed = await webhooks.update_endpoint(ACME, endpoint.id, change)

    assert (changed.url, changed.events, changed.created_at) == (URL, FILTERED_EVENTS, START)
    assert (changed.name, changed.enabled) == (change.name, change.enabled is not False)
    assert changed.updated_at == clock.now()


async def test_a_new_secret_replaces_the_old_one_after_the_overlap(
    webhooks: WebhookUseCases, endpoint: WebhookEndpoint, store: MemoryWebhookStore, clock: FakeClock
) -> None:
    (old,) = store.secrets[endpoint.id]
    clock.advance(60)

    rotated, secret = await webhooks.rotate_secret(ACME, endpoint.id, 3600)

    assert store.secrets[endpoint.id] == [secret, old]
    assert secret != old
    assert rotated.previous_secret_expires_at == plus_seconds(clock.now(), 3600)


async def test_a_deleted_endpoint_is_returned_once(webhooks: WebhookUseCases, endpoint: WebhookEndpoint) -> None:
    assert await webhooks.delete_endpoint(ACME, endpoint.id) == endpoint
    assert await webhooks.list_endpoints(ACME) == []
    with pytest.raises(WebhookEndpointNotFound):
        await webhooks.delete_endpoint(ACME, endpoint.id)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_an_endpoint_that_does_not_exist_is_not_found(call: Call, webhooks: WebhookUseCases) -> None:
    with pytest.raises(WebhookEndpointNotFound):
        await call(webhooks, ACME, UNKNOWN)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("other", OTHERS, ids=lambda other: f"{other.partner_id}-{other.environment}")
async def test_the_endpoint_of_somebody_else_is_not_found(
    call: Call, other: Caller, webhooks: WebhookUseCases, endpoint: WebhookEndpoint
) -> None:
    with pytest.raises(WebhookEndpointNotFound):
        await call(webhooks, other, endpoint.id)
    assert await webhooks.list_endpoints(ACME) == [endpoint]


@pytest.mark.parametrize("name", SENDING)
async def test_nothing_is_sent_to_an_endpoint_that_is_disabled(name: str, webhooks: WebhookUseCases) -> None:
    disabled = await new_endpoint(webhooks, enabled=False)

    with pytest.raises(WebhookEndpointDisabled):
        await CALLS[name](webhooks, ACME, disabled.id)


@pytest.mark.parametrize("name", ["get delivery", "redeliver"])
async def test_a_delivery_that_does_not_exist_is_told_from_an_endpoint_that_does_not(
    name: str, webhooks: WebhookUseCases, endpoint: WebhookEndpoint
) -> None:
    with pytest.raises(WebhookDeliveryNotFound):
        await CALLS[name](webhooks, ACME, endpoint.id)


async def test_a_test_becomes_a_delivery(
    webhooks: WebhookUseCases, endpoint: WebhookEndpoint, clock: FakeClock
) -> None:
    clock.advance(60)

    delivery = await webhooks.send_test(ACME, endpoint.id)
    found = await webhooks.get_delivery(ACME, endpoint.id, delivery.id)

    assert (delivery.event, delivery.state, delivery.created_at) == (
        WebhookEvent.TEST,
        DeliveryState.PENDING,
        clock.now(),
    )
    assert found.delivery == delivery
    assert json.loads(found.payload)["timestamp"] == "2026-03-01T09:01:00Z"


async def test_a_delivery_is_found_at_its_own_endpoint_and_without_one(
    webhooks: WebhookUseCases, endpoint: WebhookEndpoint
) -> None:
    delivery = await webhooks.send_test(ACME, endpoint.id)
    other = await new_endpoint(webhooks)

    assert (await webhooks.get_delivery(ACME, None, delivery.id)).delivery == delivery
    with pytest.raises(WebhookDeliveryNotFound):
        await webhooks.get_delivery(ACME, other.id, delivery.id)
    with pytest.raises(WebhookDeliveryNotFound):
        await webhooks.get_delivery(ACME, None, UNKNOWN)
    with pytest.raises(WebhookDeliveryNotFound):
        await webhooks.get_delivery(OTHERS[0], None, delivery.id)


@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (1, [1]), (2, [2]), (3, [2, 1]), (4, [2, 2]), (5, [2, 2, 1])])
async def test_pages_hold_every_delivery_once_newest_first(
    count: int, sizes: list[int], webhooks: WebhookUseCases, endpoint: WebhookEndpoint
) -> None:
    sent = [(await webhooks.send_test(ACME, endpoint.id)).id for _ in range(count)]

    pages = []
    wanted: DeliveryFilter | None = DeliveryFilter(limit=2)
    while wanted:
        page = await webhooks.list_deliveries(ACME, wanted)
        pages.append([delivery.id for delivery in page.deliveries])
        token = page.next_page_token
        wanted = DeliveryFilter(limit=2, before_id=token) if token else None

    assert [len(page) for page in pages] == sizes
    assert [delivery_id for page in pages for delivery_id in page] == sent[::-1]


async def test_a_delivery_is_sent_again(
    webhooks: WebhookUseCases, endpoint: WebhookEndpoint, store: MemoryWebhookStore, clock: FakeClock
) -> None:
    failed = store.add("d1", endpoint.id, WebhookEvent.SCORE_FAILED, START, DeliveryState.FAILED)
    clock.advance(60)

    again = await webhooks.redeliver(ACME, endpoint.id, failed.id)

    assert (again.id, again.state, again.next_attempt_at) == (failed.id, DeliveryState.PENDING, clock.now())


async def test_what_failed_since_a_time_is_sent_again(
    webhooks: WebhookUseCases, endpoint: WebhookEndpoint, store: MemoryWebhookStore
) -> None:
    since = plus_seconds(START, 10)
    store.add("before", endpoint.id, WebhookEvent.SCORE_FAILED, START, DeliveryState.FAILED)
    store.add("at", endpoint.id, WebhookEvent.SCORE_FAILED, since, DeliveryState.FAILED)
    store.add("after", endpoint.id, WebhookEvent.TEST, plus_seconds(since, 1), DeliveryState.FAILED)
    store.add("delivered", endpoint.id, WebhookEvent.TEST, plus_seconds(since, 1), DeliveryState.DELIVERED)

    assert await webhooks.redeliver_failed(ACME, endpoint.id, since) == 2

    states = {delivery_id: delivery.state for delivery_id, delivery in store.deliveries.items()}
    assert states == {
        "before": DeliveryState.FAILED,
        "at": DeliveryState.PENDING,
        "after": DeliveryState.PENDING,
        "delivered": DeliveryState.DELIVERED,
    }
