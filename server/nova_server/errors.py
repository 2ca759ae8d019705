"""The error catalogue: what each reason means over gRPC and REST, and the exceptions that carry one.

The reasons themselves, and what a caller should do about each, are documented in `nova/errors/v1/error_reason.proto`.
This module imports no transport, so that use cases and adapters can raise its exceptions.

    NovaError
    ├── Unauthorized
    ├── ValidationFailed
    ├── PayloadTooLarge
    ├── MethodNotFound
    ├── BatchNotFound
    ├── ScoringJobNotFound
    ├── ApplicationNotFound
    ├── CriteriaNotFound
    ├── CriterionNotFound
    ├── CriteriaVersionNotFound
    ├── CriteriaRevisionMismatch
    ├── CriteriaLimitReached
    ├── IdempotencyRequestInProgress
    ├── IdempotencyKeyReused
    ├── WebhookEndpointNotFound
    ├── WebhookDeliveryNotFound
    ├── WebhookEndpointLimitReached
    ├── WebhookEndpointDisabled
    └── ServiceUnavailable
        └── StoreUnavailable
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from google.rpc import code_pb2
from nova.errors.v1 import error_reason_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """What a reason is over the wire. `message` is the sentence a caller sees unless the error brings its own."""

    grpc_code: code_pb2.Code
    http_status: int
    retryable: bool
    message: str


def _answer(grpc_code: code_pb2.Code, http_status: int, message: str, *, retryable: bool = False) -> CatalogueEntry:
    return CatalogueEntry(grpc_code, http_status, retryable, message)


def _on_job(message: str, *, retryable: bool = False) -> CatalogueEntry:
    """A reason that is only ever written on a scoring job, and so never becomes the status of a call."""
    return CatalogueEntry(code_pb2.UNKNOWN, 0, retryable, message)


# Statuses and retryability are those of the public error table.
CATALOGUE: Mapping[ErrorReason.ValueType, CatalogueEntry] = {
    error_reason_pb2.UNAUTHORIZED: _answer(code_pb2.UNAUTHENTICATED, 401, "Invalid or missing API key."),
    error_reason_pb2.FORBIDDEN: _answer(code_pb2.PERMISSION_DENIED, 403, "This API key may not do this."),
    error_reason_pb2.VALIDATION_ERROR: _answer(code_pb2.INVALID_ARGUMENT, 400, "Request validation failed."),
    error_reason_pb2.PAYLOAD_TOO_LARGE: _answer(code_pb2.RESOURCE_EXHAUSTED, 413, "The request body is too large."),
    error_reason_pb2.NOT_FOUND: _answer(code_pb2.UNIMPLEMENTED, 404, "There is no such route."),
    error_reason_pb2.BATCH_NOT_FOUND: _answer(code_pb2.NOT_FOUND, 404, "There is no such scoring batch."),
    error_reason_pb2.SCORING_JOB_NOT_FOUND: _answer(code_pb2.NOT_FOUND, 404, "There is no such scoring job."),
    error_reason_pb2.APPLICATION_NOT_FOUND: _answer(code_pb2.NOT_FOUND, 404, "There is no such application."),
    error_reason_pb2.CRITERIA_VERSION_NOT_FOUND: _answer(code_pb2.NOT_FOUND, 404, "There is no such version."),
    error_reason_pb2.CRITERIA_NOT_FOUND: _answer(code_pb2.NOT_FOUND, 404, "The job has no criteria."),
    error_reason_pb2.CRITERION_NOT_FOUND: _answer(code_pb2.NOT_FOUND, 404, "There is no such criterion."),
    error_reason_pb2.CRITERIA_REVISION_MISMATCH: _answer(
        code_pb2.FAILED_PRECONDITION, 412, "The criteria were changed in the meantime."
    ),
    error_reason_pb2.CRITERIA_LIMIT_REACHED: _answer(
        code_pb2.FAILED_PRECONDITION, 409, "The job has 100 criteria already, as many as it may have."
    ),
    error_reason_pb2.IDEMPOTENCY_REQUEST_IN_PROGRESS: _answer(
        code_pb2.ABORTED, 409, "The first call with this Idempotency-Key is still running.", retryable=True
    ),
    error_reason_pb2.IDEMPOTENCY_KEY_REUSED: _answer(
        code_pb2.FAILED_PRECONDITION, 422, "This Idempotency-Key was used for another call."
    ),
    error_reason_pb2.WEBHOOK_ENDPOINT_NOT_FOUND: _answer(code_pb2.NOT_FOUND, 404, "There is no such webhook endpoint."),
    error_reason_pb2.WEBHOOK_DELIVERY_NOT_FOUND: _answer(code_pb2.NOT_FOUND, 404, "There is no such webhook delivery."),
    error_reason_pb2.WEBHOOK_ENDPOINT_LIMIT_REACHED: _answer(
        code_pb2.FAILED_PRECONDITION, 409, "There are 5 webhook endpoints already, as many as an environment may have."
    ),
    error_reason_pb2.WEBHOOK_ENDPOINT_DISABLED: _answer(
        code_pb2.FAILED_PRECONDITION, 409, "The webhook endpoint is disabled."
    ),
    error_reason_pb2.RATE_LIMITED: _answer(code_pb2.RESOURCE_EXHAUSTED, 429, "Rate limit exceeded.", retryable=True),
    error_reason_pb2.INTERNAL_ERROR: _answer(code_pb2.INTERNAL, 500, "Something went wrong.", retryable=True),
    error_reason_pb2.SERVICE_UNAVAILABLE: _answer(
        code_pb2.UNAVAILABLE, 503, "The service cannot take the request now. Try again shortly.", retryable=True
    ),
    error_reason_pb2.RESUME_FETCH_FAILED: _on_job("The resume could not be fetched from its URL."),
    error_reason_pb2.RESUME_TOO_LARGE: _on_job("The resume's document is larger than 50 MiB, or unpacks to too much."),
    error_reason_pb2.RESUME_UNSUPPORTED_TYPE: _on_job("The resume's document is not PDF, DOCX, DOC or plain text."),
    error_reason_pb2.RESUME_ENCRYPTED: _on_job("The resume's document is protected by a password."),
    error_reason_pb2.RESUME_CORRUPTED: _on_job("The resume's document is truncated or malformed."),
    error_reason_pb2.RESUME_EMPTY: _on_job("The resume's document holds no text. It may be a scan."),
    error_reason_pb2.RESUME_PARSE_FAILED: _on_job("The resume's document could not be read within its limits."),
    error_reason_pb2.AI_SCORING_FAILED: _on_job("The application could not be scored.", retryable=True),
    error_reason_pb2.TIMEOUT: _on_job("Scoring the application took too long.", retryable=True),
    error_reason_pb2.TASK_STUCK: _on_job("Scoring the application stopped each time.", retryable=True),
    error_reason_pb2.MAX_RETRIES_EXCEEDED: _on_job("Scoring the application kept failing.", retryable=True),
}


# Where the documentation describes every code, so that the `type` of a problem can be followed.
_PROBLEM_TYPE = "https://docs.nova.dweet.com/embed-api/errors#"


def problem_type(code: str) -> str:
    """Return the `type` of the problem (RFC 9457) with this code."""
    return _PROBLEM_TYPE + code.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One fault of a request. `field` is a proto field path, such as `applications[3].resume.url`."""

    field: str
    code: str
    message: str


class NovaError(Exception):
    """An error that a caller may see: its reason, its sentence, and nothing of its cause."""

    reason: ClassVar[ErrorReason.ValueType] = error_reason_pb2.INTERNAL_ERROR

    def __init__(self, message: str | None = None, *, retry_after_seconds: float | None = None) -> None:
        self.message = message or CATALOGUE[self.reason].message
        self.retry_after_seconds = retry_after_seconds
        super().__init__(self.message)


class Unauthorized(NovaError):
    """The API key is missing, malformed, unknown or revoked."""

    reason = error_reason_pb2.UNAUTHORIZED


class ValidationFailed(NovaError):
    """A request broke one rule or several. Carries every violation found."""

    reason = error_reason_pb2.VALIDATION_ERROR

    def __init__(self, violations: Sequence[FieldViolation]) -> None:
        super().__init__()
        self.violations = tuple(violations)


class PayloadTooLarge(NovaError):
    """The request's body is over the limit of its message."""

    reason = error_reason_pb2.PAYLOAD_TOO_LARGE


class MethodNotFound(NovaError):
    """There is no such rpc."""

    reason = error_reason_pb2.NOT_FOUND


class BatchNotFound(NovaError):
    """This tenant has no such batch for this job."""

    reason = error_reason_pb2.BATCH_NOT_FOUND


class ScoringJobNotFound(NovaError):
    """This tenant has no such scoring job for this application."""

    reason = error_reason_pb2.SCORING_JOB_NOT_FOUND


class ApplicationNotFound(NovaError):
    """This application was never submitted for this job."""

    reason = error_reason_pb2.APPLICATION_NOT_FOUND


class CriteriaNotFound(NovaError):
    """This job has no criteria: there never were any, or they were archived."""

    reason = error_reason_pb2.CRITERIA_NOT_FOUND


class CriterionNotFound(NovaError):
    """The current criteria of this job have no such criterion."""

    reason = error_reason_pb2.CRITERION_NOT_FOUND


class CriteriaVersionNotFound(NovaError):
    """This job has no such criteria version."""

    reason = error_reason_pb2.CRITERIA_VERSION_NOT_FOUND


class CriteriaRevisionMismatch(NovaError):
    """The criteria are not as the caller expects them."""

    reason = error_reason_pb2.CRITERIA_REVISION_MISMATCH


class CriteriaLimitReached(NovaError):
    """This job has as many criteria as it may have."""

    reason = error_reason_pb2.CRITERIA_LIMIT_REACHED


class IdempotencyRequestInProgress(NovaError):
    """The first call with this idempotency key is still running."""

    reason = error_reason_pb2.IDEMPOTENCY_REQUEST_IN_PROGRESS


class IdempotencyKeyReused(NovaError):
    """This idempotency key was used for another call."""

    reason = error_reason_pb2.IDEMPOTENCY_KEY_REUSED


class WebhookEndpointNotFound(NovaError):
    """This partner has no such endpoint in this environment."""

    reason = error_reason_pb2.WEBHOOK_ENDPOINT_NOT_FOUND


class WebhookDeliveryNotFound(NovaError):
    """This endpoint has no such delivery."""

    reason = error_reason_pb2.WEBHOOK_DELIVERY_NOT_FOUND


class WebhookEndpointLimitReached(NovaError):
    """This partner has as many endpoints in this environment as it may have."""

    reason = error_reason_pb2.WEBHOOK_ENDPOINT_LIMIT_REACHED


class WebhookEndpointDisabled(NovaError):
    """Nothing is delivered to this endpoint."""

    reason = error_reason_pb2.WEBHOOK_ENDPOINT_DISABLED


class ServiceUnavailable(NovaError):
    """The service cannot take the request now."""

    reason = error_reason_pb2.SERVICE_UNAVAILABLE


class StoreUnavailable(ServiceUnavailable):
    """The store is away, locked or full. The cause is chained for the log."""
