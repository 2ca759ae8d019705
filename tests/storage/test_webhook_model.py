"""Whatever workers, sweepers and partners do with deliveries, the store does what a small model does."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, multiple, rule
from nova_server.ports.clock import Instant, plus_seconds
from nova_server.ports.queue import Lease, Swept
from nova_server.ports.webhooks import (
    FAILING_ATTEMPTS,
    PROBE_SECONDS,
    Attempt,
    DeliveryFilter,
    DeliveryState,
    EndpointChange,
    WebhookEndpoint,
)

from tests.support.store import LEASE_SECONDS
from tests.support.store_machine import Engine, StoreMachine, try_out
from tests.support.stored_webhooks import (
    DELIVERED,
    OWNER,
    REFUSED,
    add_endpoint,
    add_test,
    claim,
    end,
    health,
    read,
    release,
    retry,
    sweep,
    work_of,
)

GROUP_LIMIT = 3
PENDING, RUNNING = DeliveryState.PENDING, DeliveryState.RUNNING

places = st.integers(0, 2)
attempts = st.sampled_from([DELIVERED, REFUSED])


@dataclass(slots=True)
class ModelEndpoint:
    """An endpoint as the model knows it."""

    endpoint: WebhookEndpoint
    enabled: bool = True
    failures: int = 0
    probe_at: Instant | None = None

    def learn(self, attempt: Attempt, now: Instant) -> None:
        failed = attempt.failure is not None
        self.failures = self.failures + 1 if failed else 0
        self.probe_at = plus_seconds(now, PROBE_SECONDS) if failed else None

    def allows(self, now: Instant) -> int:
        if not self.enabled:
            return 0
        if self.failures < FAILING_ATTEMPTS:
            return GROUP_LIMIT
        return int(self.probe_at is None or self.probe_at <= now)


@dataclass(slots=True)
class ModelDelivery:
    """A delivery as the model knows it."""

    owner: ModelEndpoint
    available_at: Instant
    state: DeliveryState = PENDING
    attempt: int = 0
    counted: int = 0
    lease_expires_at: Instant | None = None
    made: list[Attempt] = field(default_factory=list)

    def holds(self, lease: Lease) -> bool:
        return self.state is RUNNING and self.attempt == lease.attempt

    def has_expired(self, now: Instant) -> bool:
        return self.state is RUNNING and self.lease_expires_at is not None and self.lease_expires_at < now

    def note(self, attempt: Attempt, now: Instant) -> None:
        self.made.append(attempt)
        self.counted += 1
        self.owner.learn(attempt, now)


class DeliveriesAndModel(StoreMachine):
    """A store beside its model."""

    leases = Bundle("leases")

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.deliveries: dict[str, ModelDelivery] = {}
        self.endpoints: list[ModelEndpoint] = []

    @property
    def now(self) -> Instant:
        return self.store.clock.now()

    @initialize()
    def add_endpoints(self) -> None:
        self.endpoints = [ModelEndpoint(self.run(add_endpoint(self.store))) for _ in range(3)]

    @rule(place=places, count=st.integers(1, 4))
    def add(self, place: int, count: int) -> None:
        owner = self.endpoints[place]
        for _ in range(count):
            self.deliveries[self.run(add_test(self.store, owner.endpoint)).id] = ModelDelivery(owner, self.now)

    @rule(target=leases, limit=st.integers(1, 6))
    def claim(self, limit: int) -> Any:
        allowed = {one.endpoint.id: self.places_of(one) for one in self.endpoints}
        claimed = self.run(claim(self.store, limit, group_limit=GROUP_LIMIT))
        assert len(claimed) == min(limit, sum(allowed.values()))
        taken = Counter(work_of(lease).endpoint_id for lease in claimed)
        assert all(count <= allowed[endpoint_id] for endpoint_id, count in taken.items())
        for lease in claimed:
            delivery = self.deliveries[lease.job_id]
            assert (delivery.state, delivery.owner.endpoint.id) == (PENDING, work_of(lease).endpoint_id)
            assert delivery.available_at <= self.now
            delivery.state, delivery.attempt = RUNNING, delivery.attempt + 1
            delivery.lease_expires_at = plus_seconds(self.now, LEASE_SECONDS)
            assert (lease.attempt, lease.starts) == (delivery.attempt, delivery.counted)
        return multiple(*claimed)

    def places_of(self, owner: ModelEndpoint) -> int:
        """Return how many deliveries of an endpoint can be claimed now."""
        own = [one for one in self.deliveries.values() if one.owner is owner]
        due = sum(one.state is PENDING and one.available_at <= self.now for one in own)
        return max(0, min(due, owner.allows(self.now) - sum(one.state is RUNNING for one in own)))

    @rule(lease=leases, attempt=attempts)
    def end(self, lease: Lease, attempt: Attempt) -> None:
        delivery = self.deliveries[lease.job_id]
        assert self.run(end(self.store, lease, attempt)) is delivery.holds(lease)
        if delivery.holds(lease):
            delivery.state = DeliveryState.FAILED if attempt.failure else DeliveryState.DELIVERED
            delivery.note(attempt, self.now)

    @rule(lease=leases, seconds=st.sampled_from([0, 5, 60]))
    def retry(self, lease: Lease, seconds: int) -> None:
        delivery = self.deliveries[lease.job_id]
        assert self.run(retry(self.store, lease, seconds=seconds)) is delivery.holds(lease)
        if delivery.holds(lease):
            delivery.state, delivery.available_at = PENDING, plus_seconds(self.now, seconds)
            delivery.note(REFUSED, self.now)

    @rule(lease=leases, seconds=st.sampled_from([0, 5]))
    def let_go(self, lease: Lease, seconds: int) -> None:
        delivery = self.deliveries[lease.job_id]
        assert self.run(release(self.store, lease, seconds=seconds)) is delivery.holds(lease)
        if delivery.holds(lease):
            delivery.state, delivery.available_at = PENDING, plus_seconds(self.now, seconds)

    @rule(lease=leases)
    def redeliver(self, lease: Lease) -> None:
        delivery = self.deliveries[lease.job_id]
        endpoint_id = delivery.owner.endpoint.id
        self.run(self.store.webhooks.redeliver(OWNER, endpoint_id, lease.job_id, self.now))
        if delivery.state is not RUNNING:
            delivery.state, delivery.available_at, delivery.counted = PENDING, self.now, 0

    @rule(place=places, enabled=st.booleans())
    def switch(self, place: int, *, enabled: bool) -> None:
        owner = self.endpoints[place]
        change = EndpointChange(enabled=enabled)
        self.run(self.store.webhooks.update_endpoint(OWNER, owner.endpoint.id, change, self.now))
        owner.enabled, owner.failures, owner.probe_at = enabled, 0, None

    @rule(seconds=st.sampled_from([1, 5, LEASE_SECONDS + 1]))
    def wait(self, seconds: int) -> None:
        self.store.clock.advance(seconds)

    @rule()
    def sweep(self) -> None:
        expired = [one for one in self.deliveries.values() if one.has_expired(self.now)]
        assert self.run(sweep(self.store)) == Swept(len(expired), 0)
        for delivery in expired:
            delivery.state, delivery.available_at = PENDING, self.now

    @invariant()
    def every_delivery_is_as_the_model_says(self) -> None:
        found = self.run(self.store.webhooks.list_deliveries(OWNER, DeliveryFilter(limit=1_000)))
        assert {one.id: (one.state, one.attempts) for one in found} == {
            delivery_id: (one.state, one.counted) for delivery_id, one in self.deliveries.items()
        }

    @invariant()
    def every_attempt_is_kept(self) -> None:
        for delivery_id, one in self.deliveries.items():
            kept = self.run(read(self.store, delivery_id)).attempts
            assert [stored.attempt for stored in kept] == one.made
            assert [stored.number for stored in kept] == list(range(1, len(kept) + 1))

    @invariant()
    def the_health_of_every_endpoint_is_as_the_model_says(self) -> None:
        for one in self.endpoints:
            failing_since, failures, probe_at = self.run(health(self.store, one.endpoint))
            assert (failures, probe_at) == (one.failures, one.probe_at)
            assert (failing_since is None) == (failures == 0)


def test_whatever_is_done_with_deliveries_the_store_does_what_the_model_does(engine: Engine) -> None:
    try_out(DeliveriesAndModel, engine, examples=8, steps=25)
