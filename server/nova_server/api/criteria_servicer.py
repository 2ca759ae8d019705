"""The rpcs of CriteriaService: check, translate, ask the use case, translate back."""

from __future__ import annotations

from typing import Any

import grpc.aio
from nova.criteria.v1 import criteria_service_pb2, criteria_service_pb2_grpc

from nova_server.api.call import current_tenant
from nova_server.api.change_options import change_options
from nova_server.api.criteria_translation import (
    from_changed_criterion,
    from_criteria,
    from_version,
    from_versions,
    page_size_of,
    page_start_of,
    to_criterion_text,
    to_importance,
)
from nova_server.api.criteria_validation import CriteriaValidator
from nova_server.ports.criteria import ChangedCriteria, CriteriaUseCases, revision_of

Context = grpc.aio.ServicerContext[Any, Any]

# In the trailing metadata, because the initial metadata is sent before the use case is asked.
REPLAYED_METADATA = "idempotent-replayed"


class CriteriaServicer(criteria_service_pb2_grpc.CriteriaServiceServicer):
    """Serves every rpc of the service. Each may raise ValidationFailed, ServiceUnavailable and StoreUnavailable.

    What changes criteria may raise IdempotencyRequestInProgress, IdempotencyKeyReused and CriteriaRevisionMismatch.
    """

    def __init__(self, use_cases: CriteriaUseCases, validator: CriteriaValidator) -> None:
        self._use_cases = use_cases
        self._validator = validator

    async def GetCriteria(  # noqa: N802 - the contract's name
        self, request: criteria_service_pb2.GetCriteriaRequest, _context: Context
    ) -> criteria_service_pb2.GetCriteriaResponse:
        """Return the current criteria. Raises CriteriaNotFound."""
        self._validator.check(request)
        current = await self._use_cases.get_current(current_tenant(), request.job_id)
        return criteria_service_pb2.GetCriteriaResponse(criteria=from_criteria(current.version))

    async def SetCriteria(  # noqa: N802 - the contract's name
        self, request: criteria_service_pb2.SetCriteriaRequest, context: Context
    ) -> criteria_service_pb2.SetCriteriaResponse:
        """Replace the criteria."""
        self._validator.check(request)
        criteria = [to_criterion_text(criterion) for criterion in request.criteria]
        changed = await self._use_cases.set(current_tenant(), request.job_id, criteria, change_options(request))
        _tell_whether_replayed(changed, context)
        return criteria_service_pb2.SetCriteriaResponse(criteria=from_criteria(changed.version))

    async def ArchiveCriteria(  # noqa: N802 - the contract's name
        self, request: criteria_service_pb2.ArchiveCriteriaRequest, context: Context
    ) -> criteria_service_pb2.ArchiveCriteriaResponse:
        """Archive the criteria. Raises CriteriaNotFound."""
        self._validator.check(request)
        changed = await self._use_cases.archive(current_tenant(), request.job_id, change_options(request))
        _tell_whether_replayed(changed, context)
        return criteria_service_pb2.ArchiveCriteriaResponse(success=True)

    async def AddCriterion(  # noqa: N802 - the contract's name
        self, request: criteria_service_pb2.AddCriterionRequest, context: Context
    ) -> criteria_service_pb2.AddCriterionResponse:
        """Add a criterion. Raises CriteriaLimitReached."""
        self._validator.check(request)
        criterion = to_criterion_text(request)
        changed = await self._use_cases.add(current_tenant(), request.job_id, criterion, change_options(request))
        _tell_whether_replayed(changed, context)
        return criteria_service_pb2.AddCriterionResponse(
            criterion=from_changed_criterion(changed), criteria=from_criteria(changed.version)
        )

    async def UpdateCriterion(  # noqa: N802 - the contract's name
        self, request: criteria_service_pb2.UpdateCriterionRequest, context: Context
    ) -> criteria_service_pb2.UpdateCriterionResponse:
        """Change a criterion. Raises CriteriaNotFound or CriterionNotFound."""
        self._validator.check(request)
        changed = await self._use_cases.update(
            current_tenant(),
            request.job_id,
            request.criterion_id,
            change_options(request),
            text=request.text if request.HasField("text") else None,
            importance=to_importance(request.importance) if request.HasField("importance") else None,
        )
        _tell_whether_replayed(changed, context)
        return criteria_service_pb2.UpdateCriterionResponse(
            criterion=from_changed_criterion(changed), criteria=from_criteria(changed.version)
        )

    async def RemoveCriterion(  # noqa: N802 - the contract's name
        self, request: criteria_service_pb2.RemoveCriterionRequest, context: Context
    ) -> criteria_service_pb2.RemoveCriterionResponse:
        """Remove a criterion. Raises CriteriaNotFound or CriterionNotFound."""
        self._validator.check(request)
        changed = await self._use_cases.remove(
            current_tenant(), request.job_id, request.criterion_id, change_options(request)
        )
        _tell_whether_replayed(changed, context)
        return criteria_service_pb2.RemoveCriterionResponse(success=True)

    async def ListCriteriaVersions(  # noqa: N802 - the contract's name
        self, request: criteria_service_pb2.ListCriteriaVersionsRequest, _context: Context
    ) -> criteria_service_pb2.ListCriteriaVersionsResponse:
        """Return a page of versions."""
        self._validator.check(request)
        page_size = page_size_of(request)
        # One more than the page holds tells whether there is another page.
        versions = await self._use_cases.list_versions(
            current_tenant(), request.job_id, limit=page_size + 1, before=page_start_of(request)
        )
        return from_versions(versions, page_size)

    async def GetCurrentCriteriaVersion(  # noqa: N802 - the contract's name
        self, request: criteria_service_pb2.GetCurrentCriteriaVersionRequest, _context: Context
    ) -> criteria_service_pb2.GetCurrentCriteriaVersionResponse:
        """Return the current version with its criteria and their revision. Raises CriteriaNotFound."""
        self._validator.check(request)
        current = await self._use_cases.get_current(current_tenant(), request.job_id)
        return criteria_service_pb2.GetCurrentCriteriaVersionResponse(
            version=from_version(current.version),
            criteria_revision=revision_of(current.revision),
            criteria=from_criteria(current.version),
        )

    async def GetCriteriaVersion(  # noqa: N802 - the contract's name
        self, request: criteria_service_pb2.GetCriteriaVersionRequest, _context: Context
    ) -> criteria_service_pb2.GetCriteriaVersionResponse:
        """Return a version with its criteria. Raises CriteriaVersionNotFound."""
        self._validator.check(request)
        version = await self._use_cases.get_version(current_tenant(), request.job_id, request.criteria_version_id)
        return criteria_service_pb2.GetCriteriaVersionResponse(
            version=from_version(version), criteria=from_criteria(version)
        )


def _tell_whether_replayed(changed: ChangedCriteria, context: Context) -> None:
    if changed.replayed:
        context.set_trailing_metadata(((REPLAYED_METADATA, "true"),))
