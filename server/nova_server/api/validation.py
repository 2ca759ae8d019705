"""Finds every fault of a request before anything is done with it."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.message import Message
from nova.scoring.v1 import application_pb2, resume_pb2, scoring_job_pb2, scoring_service_pb2

from nova_server.api.fault_table import DUPLICATE, MISMATCH, NOT_A_RESCORE, URL_NOT_ALLOWED, Fault
from nova_server.api.field_rules import MAX_NAMED, MEMBER_OF_TYPE, FieldRules
from nova_server.api.limits import MAX_ANSWERS, MAX_APPLICATIONS, MAX_URL_CHARACTERS
from nova_server.errors import FieldViolation, ValidationFailed
from nova_server.ports.resumes import ResumeUrlPolicy


class RequestValidator:
    """Checks requests by the rules of the protos, and by those that span several fields. Made once, and warm."""

    def __init__(self, url_policy: ResumeUrlPolicy) -> None:
        self._url_policy = url_policy
        self._rules = FieldRules()
        self._rules.warm(
            scoring_service_pb2.SubmitScoringBatchRequest,
            application_pb2.Application,
            scoring_service_pb2.GetScoringBatchRequest,
            scoring_service_pb2.WatchScoringBatchRequest,
            scoring_service_pb2.SubmitScoringJobRequest,
            scoring_service_pb2.GetScoringJobRequest,
            scoring_service_pb2.GetLatestScoreRequest,
        )

    def check(self, request: Message) -> None:
        """Raise ValidationFailed with every fault of `request` that its fields' rules find."""
        if not self._rules.hold(request):
            raise ValidationFailed(self._rules.violations(request))

    def check_batch(self, request: scoring_service_pb2.SubmitScoringBatchRequest) -> None:
        """Raise ValidationFailed with every fault of a batch.

        Of lists that are too long the end is cut off, and the search ends when there are more faults than can be told.
        """
        _cut_overlong_lists(request)
        violations = [] if self._rules.hold(request) else self._rule_faults(request)
        violations.extend(_duplicates(request.applications))
        for index, application in enumerate(request.applications):
            violations.extend(self._source_faults(f"applications[{index}].resume", application.resume))
        if violations:
            raise ValidationFailed(violations)

    def check_job(self, request: scoring_service_pb2.SubmitScoringJobRequest) -> None:
        """Raise ValidationFailed with every fault of a single application. Of too many answers the end is cut off."""
        _cut_overlong_answers(request)
        violations = [] if self._rules.hold(request) else self._rules.violations(request)
        violations.extend(self._source_faults("resume", request.resume))
        violations.extend(_rescore_faults(request.rescore))
        if violations:
            raise ValidationFailed(violations)

    def _rule_faults(self, request: scoring_service_pb2.SubmitScoringBatchRequest) -> list[FieldViolation]:
        """Look for faults in one application after the other.

        200 kB of answers can hold 25,000 faults, and finding them all would keep every other caller waiting.
        """
        violations = [fault for fault in self._rules.violations(_without_contents(request)) if "[" not in fault.field]
        for index, application in enumerate(request.applications):
            if len(violations) >= MAX_NAMED:
                break
            violations.extend(self._rules.violations(application, prefix=f"applications[{index}]."))
        return violations

    def _source_faults(self, path: str, resume: resume_pb2.Resume) -> list[FieldViolation]:
        violations = []
        source = resume.WhichOneof("source")
        if source and MEMBER_OF_TYPE.get(resume.type, source) != source:
            violations.append(_violation(f"{path}.type", MISMATCH))
        # An empty or overlong one was already found by its rules.
        if source == "url" and 0 < len(resume.url) <= MAX_URL_CHARACTERS:
            fault = self._url_policy.fault(resume.url)
            if fault is not None:
                violations.append(FieldViolation(f"{path}.url", URL_NOT_ALLOWED, fault))
        return violations


def _cut_overlong_lists(request: scoring_service_pb2.SubmitScoringBatchRequest) -> None:
    """Keep one item over each limit, so that the limit is still seen to be broken.

    A body of 4.5 MiB has room for two million empty applications, each with faults of its own to be described.
    """
    if len(request.applications) > MAX_APPLICATIONS:
        del request.applications[MAX_APPLICATIONS + 1 :]
    for application in request.applications:
        _cut_overlong_answers(application)


def _cut_overlong_answers(owner: application_pb2.Application | scoring_service_pb2.SubmitScoringJobRequest) -> None:
    if owner.HasField("application_data"):
        del owner.application_data.application_answers[MAX_ANSWERS + 1 :]


def _duplicates(applications: Sequence[application_pb2.Application]) -> list[FieldViolation]:
    """Name each application whose id an earlier one has. Ids that are missing are not the same as one another."""
    ids = [application.application_id for application in applications]
    if len(set(ids)) == len(ids):
        return []
    return [
        _violation(f"applications[{index}].application_id", DUPLICATE)
        for index, one in enumerate(ids)
        if one and one in ids[:index]
    ]


def _rescore_faults(rescore: scoring_job_pb2.Rescore) -> list[FieldViolation]:
    """Refuse a version that is pinned for nothing. A request without `enabled` was already found by its rule."""
    if rescore.HasField("enabled") and not rescore.enabled and rescore.HasField("criteria_version_id"):
        return [_violation("rescore.criteria_version_id", NOT_A_RESCORE)]
    return []


def _without_contents(
    request: scoring_service_pb2.SubmitScoringBatchRequest,
) -> scoring_service_pb2.SubmitScoringBatchRequest:
    """Return a copy with as many applications, and nothing in them."""
    copy = scoring_service_pb2.SubmitScoringBatchRequest()
    copy.CopyFrom(request)
    for application in copy.applications:
        application.Clear()
    return copy


def _violation(path: str, fault: Fault) -> FieldViolation:
    return FieldViolation(path, fault.code, fault.sentence)
