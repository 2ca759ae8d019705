"""Turns the messages of CriteriaService into the records of its use cases, and back. All was validated before."""

from __future__ import annotations

from collections.abc import Sequence

from nova.criteria.v1 import criteria_service_pb2, criteria_version_pb2, criterion_pb2

from nova_server.api.timestamps import timestamp_of
from nova_server.ports.criteria import ChangedCriteria, CriteriaVersion, Criterion
from nova_server.ports.scorer import CriterionText, Importance

DEFAULT_PAGE_SIZE = 100

IMPORTANCE = {
    Importance.MUST_HAVE: criterion_pb2.MUST_HAVE,
    Importance.PREFERRED: criterion_pb2.PREFERRED,
    Importance.NICE_TO_HAVE: criterion_pb2.NICE_TO_HAVE,
}
_IMPORTANCE_OF_MESSAGE = {number: importance for importance, number in IMPORTANCE.items()}


def to_criterion_text(
    given: criterion_pb2.CriterionText | criteria_service_pb2.AddCriterionRequest,
) -> CriterionText:
    """Return the criterion that a caller sets or adds."""
    return CriterionText(given.text, to_importance(given.importance))


def to_importance(number: criterion_pb2.Importance.ValueType) -> Importance:
    """Return how much a criterion counts."""
    return _IMPORTANCE_OF_MESSAGE[number]


def page_size_of(request: criteria_service_pb2.ListCriteriaVersionsRequest) -> int:
    """Return how many versions `request` asks for at most."""
    return request.page_size if request.HasField("page_size") else DEFAULT_PAGE_SIZE


def page_start_of(request: criteria_service_pb2.ListCriteriaVersionsRequest) -> int | None:
    """Return the number below which the versions of a page are, or None for the first page."""
    return int(request.page_token) if request.HasField("page_token") else None


def from_criteria(version: CriteriaVersion) -> list[criterion_pb2.Criterion]:
    """Return the messages of the criteria of a version, in their order."""
    return [_criterion(criterion, order) for order, criterion in enumerate(version.criteria or ())]


def from_changed_criterion(changed: ChangedCriteria) -> criterion_pb2.Criterion:
    """Return the message of the criterion that a change was about. Raises LookupError when it was about none."""
    for order, criterion in enumerate(changed.version.criteria or ()):
        if changed.criterion is not None and criterion.id == changed.criterion.id:
            return _criterion(criterion, order)
    raise LookupError("the version has no such criterion")


def _criterion(criterion: Criterion, order: int) -> criterion_pb2.Criterion:
    return criterion_pb2.Criterion(
        id=criterion.id,
        text=criterion.text,
        importance=IMPORTANCE[criterion.importance],
        order=order,
        created_at=timestamp_of(criterion.created_at),
    )


def from_version(version: CriteriaVersion) -> criteria_version_pb2.CriteriaVersion:
    """Return the message of a version."""
    return criteria_version_pb2.CriteriaVersion(
        id=version.id,
        version=version.number,
        status=criteria_version_pb2.ACTIVE if version.archived_at is None else criteria_version_pb2.ARCHIVED,
        created_at=timestamp_of(version.created_at),
        archived_at=timestamp_of(version.archived_at),
    )


def from_versions(
    versions: Sequence[CriteriaVersion], page_size: int
) -> criteria_service_pb2.ListCriteriaVersionsResponse:
    """Return a page of `versions`. When there are more than fit, it tells how to ask for those below its last one."""
    page = versions[:page_size]
    return criteria_service_pb2.ListCriteriaVersionsResponse(
        versions=[from_version(version) for version in page],
        next_page_token=str(page[-1].number) if len(versions) > page_size else None,
    )
