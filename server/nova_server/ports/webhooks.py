"""Records of webhooks: endpoints, events, deliveries, and what each part asks of the others.

An event becomes one delivery for each enabled endpoint that wants it. A delivery is `pending`, then `running` under a
lease, then `delivered` or `failed`; callers see `pending` for both of the first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from nova_server.ports.clock import Instant
from nova_server.ports.scorer import Assessment
from nova_server.ports.tenancy import Caller

# How many attempts are made, see the contract of webhooks in `docs/webhooks.md`.
MAX_ATTEMPTS = 5
# How many endpoints a partner may have in one environment.
MAX_ENDPOINTS = 5
# An endpoint of which the last so many attempts all failed is tried by one attempt at a time, this far apart.
FAILING_ATTEMPTS = 10
PROBE_SECONDS = 10.0


class WebhookEvent(StrEnum):
    """What is told, as the body's `event` and the filter of an endpoint name it."""

    SCORE_COMPLETED = "score.completed"
    SCORE_FAILED = "score.failed"
    BATCH_COMPLETED = "batch.completed"
    TEST = "test"


# What an endpoint can filter by. A test goes to any endpoint.
FILTERED_EVENTS = (WebhookEvent.SCORE_COMPLETED, WebhookEvent.SCORE_FAILED, WebhookEvent.BATCH_COMPLETED)


class DeliveryState(StrEnum):
    """The state of a delivery. Drawn in `docs/state_machine.md`."""

    PENDING = "pending"
    RUNNING = "running"
    DELIVERED = "delivered"
    FAILED = "failed"


class FailureReason(StrEnum):
    """Why an attempt failed: a closed set, because it labels a metric. Documented in `webhook_delivery.proto`."""

    STATUS = "status"
    REDIRECT = "redirect"
    GONE = "gone"
    TIMEOUT = "timeout"
    NAME_NOT_RESOLVED = "name_not_resolved"
    ADDRESS_REFUSED = "address_refused"
    CONNECTION_FAILED = "connection_failed"
    TLS_FAILED = "tls_failed"
    MALFORMED_ANSWER = "malformed_answer"


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """An endpoint. The secrets are kept out of `repr`, and are only filled where something is signed."""

    id: str
    owner: Caller
    url: str
    name: str | None
    events: tuple[WebhookEvent, ...]
    enabled: bool
    created_at: Instant
    updated_at: Instant
    failing_since: Instant | None = None
    previous_secret_expires_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """What to change of an endpoint. None leaves a field as it is."""

    url: str | None = None
    name: str | None = None
    events: tuple[WebhookEvent, ...] | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """One event on its way to one endpoint. `attempts` counts those made since it was last begun anew."""

    id: str
    endpoint_id: str
    event: WebhookEvent
    tenant_id: str | None
    state: DeliveryState
    attempts: int
    created_at: Instant
    next_attempt_at: Instant | None
    finished_at: Instant | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a delivery, as it is stored. `failure` is None when it succeeded."""

    started_at: Instant
    duration_ms: int
    http_status: int | None
    failure: FailureReason | None


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    """An attempt with its number: over the whole life of the delivery, from 1."""

    number: int
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class DeliveryWithAttempts:
    """A delivery with its body and its attempts, oldest first."""

    delivery: WebhookDelivery
    payload: str
    attempts: tuple[StoredAttempt, ...]


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries to list, newest first. `before_id` is the id of the last delivery of the page before."""

    endpoint_id: str | None = None
    status: DeliveryState | None = None
    event: WebhookEvent | None = None
    created_after: Instant | None = None
    created_before: Instant | None = None
    before_id: str | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True)
class DeliveryWork:
    """All that one attempt at a delivery needs. `attempts` were made before; `secrets` all sign, the newest first."""

    endpoint_id: str
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    event: WebhookEvent
    payload: bytes = field(repr=False)
    attempts: int


@dataclass(frozen=True, slots=True)
class EndedJob:
    """A scoring job that ended: with a score and an assessment, or with an error."""

    tenant_id: str
    scoring_job_id: str
    criteria_version_id: str
    job_id: str
    application_id: str
    finished_at: Instant
    score: int | None = None
    assessment: Assessment | None = None
    error_code: str | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True)
class EndedBatch:
    """A batch of which every job ended. `tenant_id` is the partner's own id of its customer, here as in `EndedJob`."""

    tenant_id: str
    batch_id: str
    job_id: str
    total_jobs: int
    completed_jobs: int
    failed_jobs: int
    completed_at: Instant


class EventBodies(Protocol):
    """Renders the body of each event, once, in the transaction that the event happens in."""

    def of_job(self, job: EndedJob) -> str:
        """Return the body of `score.completed` or `score.failed`."""
        ...

    def of_batch(self, batch: EndedBatch) -> str:
        """Return the body of `batch.completed`."""
        ...

    def of_test(self, now: Instant) -> str:
        """Return the body of `test`."""
        ...
