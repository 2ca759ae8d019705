"""Finds every fault of a request to CriteriaService before anything is done with it."""

from __future__ import annotations

import re

from google.protobuf.message import Message
from nova.criteria.v1 import criteria_service_pb2

from nova_server.api.call import current_call
from nova_server.api.change_options import header_violations
from nova_server.api.fault_table import NOT_A_PAGE, NOTHING_TO_CHANGE, Fault
from nova_server.api.field_rules import FieldRules
from nova_server.api.limits import MAX_CRITERIA
from nova_server.errors import FieldViolation, ValidationFailed

REQUESTS: tuple[type[Message], ...] = (
    criteria_service_pb2.GetCriteriaRequest,
    criteria_service_pb2.SetCriteriaRequest,
    criteria_service_pb2.ArchiveCriteriaRequest,
    criteria_service_pb2.AddCriterionRequest,
    criteria_service_pb2.UpdateCriterionRequest,
    criteria_service_pb2.RemoveCriterionRequest,
    criteria_service_pb2.ListCriteriaVersionsRequest,
    criteria_service_pb2.GetCurrentCriteriaVersionRequest,
    criteria_service_pb2.GetCriteriaVersionRequest,
)

# A page token is the number of a version, which callers need not know. Any store can hold one of nine digits.
_PAGE_TOKEN = re.compile(r"[1-9][0-9]{0,8}")


class CriteriaValidator:
    """Checks requests by the rules of the protos, and by what those have no words for. Made once, and warm."""

    def __init__(self) -> None:
        self._rules = FieldRules()
        self._rules.warm(*REQUESTS)

    def check(self, request: Message) -> None:
        """Raise ValidationFailed with every fault of `request`, after those of the headers of the current call."""
        _cut_overlong_criteria(request)
        found = self._rules.violations(request)
        violations = [
            *header_violations(current_call.get()),
            *found,
            *_further_faults(request, {violation.field for violation in found}),
        ]
        if violations:
            raise ValidationFailed(violations)


def _further_faults(request: Message, faulty: set[str]) -> list[FieldViolation]:
    """Look at the fields that no rule has found to be wrong."""
    if isinstance(request, criteria_service_pb2.UpdateCriterionRequest):
        return _nothing_to_change(request)
    if isinstance(request, criteria_service_pb2.ListCriteriaVersionsRequest) and "page_token" not in faulty:
        return _page_token_faults(request)
    return []


def _nothing_to_change(request: criteria_service_pb2.UpdateCriterionRequest) -> list[FieldViolation]:
    given = request.HasField("text") or request.HasField("importance")
    return [] if given else [_violation("text", NOTHING_TO_CHANGE)]


def _page_token_faults(request: criteria_service_pb2.ListCriteriaVersionsRequest) -> list[FieldViolation]:
    malformed = request.HasField("page_token") and not _PAGE_TOKEN.fullmatch(request.page_token)
    return [_violation("page_token", NOT_A_PAGE)] if malformed else []


def _cut_overlong_criteria(request: Message) -> None:
    """Keep one item over the limit, so that it is still seen to be broken.

    A body of 1 MiB has room for half a million empty criteria, each with faults to be described.
    """
    if isinstance(request, criteria_service_pb2.SetCriteriaRequest):
        del request.criteria[MAX_CRITERIA + 1 :]


def _violation(path: str, fault: Fault) -> FieldViolation:
    return FieldViolation(path, fault.code, fault.sentence)
