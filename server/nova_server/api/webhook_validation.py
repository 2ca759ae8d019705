"""Finds every fault of a request to WebhookService before anything is done with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from google.protobuf.message import Message
from nova.webhooks.v1 import webhook_service_pb2

from nova_server.api.fault_table import NOT_A_PAGE, NOT_A_TIME, URL_NOT_ALLOWED, Fault
from nova_server.api.field_rules import FieldRules
from nova_server.api.limits import MAX_EVENTS
from nova_server.api.timestamps import instant_of
from nova_server.errors import FieldViolation, ValidationFailed
from nova_server.ports.resumes import ResumeUrlPolicy

REQUESTS: tuple[type[Message], ...] = (
    webhook_service_pb2.CreateWebhookEndpointRequest,
    webhook_service_pb2.ListWebhookEndpointsRequest,
    webhook_service_pb2.GetWebhookEndpointRequest,
    webhook_service_pb2.UpdateWebhookEndpointRequest,
    webhook_service_pb2.RotateWebhookSecretRequest,
    webhook_service_pb2.DeleteWebhookEndpointRequest,
    webhook_service_pb2.SendTestWebhookRequest,
    webhook_service_pb2.ListWebhookDeliveriesRequest,
    webhook_service_pb2.GetWebhookDeliveryRequest,
    webhook_service_pb2.RedeliverWebhookRequest,
    webhook_service_pb2.RedeliverFailedWebhooksRequest,
)

# A page token is the id of a delivery, which callers need not know.
_PAGE_TOKEN = re.compile(r"[a-z0-9]{25}")

Check = Callable[[str], Fault | None]


class WebhookValidator:
    """Checks requests by the rules of the protos, and by what those have no words for. Made once, and warm."""

    def __init__(self, url_policy: ResumeUrlPolicy) -> None:
        self._url_policy = url_policy
        self._rules = FieldRules()
        self._rules.warm(*REQUESTS)
        self._checks: Mapping[str, Check] = {
            "url": self._url_fault,
            "created_after": _time_fault,
            "created_before": _time_fault,
            "since": _time_fault,
            "page_token": _page_token_fault,
        }

    def check(self, request: Message) -> None:
        """Raise ValidationFailed with every fault of `request`."""
        _cut_overlong_events(request)
        violations = self._rules.violations(request)
        violations += self._further_faults(request, {violation.field for violation in violations})
        if violations:
            raise ValidationFailed(violations)

    def _further_faults(self, request: Message, faulty: set[str]) -> list[FieldViolation]:
        """Look at the fields that no rule has found to be wrong."""
        found = []
        for field, value in request.ListFields():
            check = self._checks.get(field.name)
            fault = check(value) if check and field.name not in faulty else None
            if fault is not None:
                found.append(FieldViolation(field.name, fault.code, fault.sentence))
        return found

    def _url_fault(self, url: str) -> Fault | None:
        sentence = self._url_policy.fault(url)
        return Fault(URL_NOT_ALLOWED, sentence) if sentence is not None else None


def _time_fault(text: str) -> Fault | None:
    """Find the dates that a pattern lets through, such as 2025-02-31."""
    try:
        instant_of(text)
    except ValueError:
        return NOT_A_TIME
    return None


def _page_token_fault(token: str) -> Fault | None:
    return None if _PAGE_TOKEN.fullmatch(token) else NOT_A_PAGE


def _cut_overlong_events(request: Message) -> None:
    """Keep one item over the limit, so that it is still seen to be broken.

    A body of 64 KiB has room for thirty thousand empty events, each with a fault to be described.
    """
    if isinstance(
        request,
        webhook_service_pb2.CreateWebhookEndpointRequest | webhook_service_pb2.UpdateWebhookEndpointRequest,
    ):
        del request.events[MAX_EVENTS + 1 :]
