"""The rpcs of ScoringService: check, translate, ask the use case, translate back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
from nova.scoring.v1 import scoring_service_pb2, scoring_service_pb2_grpc

from nova_server.api.call import current_tenant
from nova_server.api.translation import (
    from_accepted,
    from_change,
    from_found,
    from_job,
    to_batch_submission,
    to_job_submission,
)
from nova_server.api.validation import RequestValidator
from nova_server.observability.metrics import Metrics
from nova_server.ports.scoring import ScoringUseCases

Context = grpc.aio.ServicerContext[Any, Any]


class ScoringServicer(scoring_service_pb2_grpc.ScoringServiceServicer):
    """Serves every rpc of the service."""

    def __init__(self, use_cases: ScoringUseCases, validator: RequestValidator, metrics: Metrics) -> None:
        self._use_cases = use_cases
        self._validator = validator
        self._metrics = metrics

    async def SubmitScoringBatch(  # noqa: N802 - the contract's name
        self, request: scoring_service_pb2.SubmitScoringBatchRequest, _context: Context
    ) -> scoring_service_pb2.SubmitScoringBatchResponse:
        """Accept a batch. Raises ValidationFailed, CriteriaNotFound or StoreUnavailable."""
        self._validator.check_batch(request)
        accepted = await self._use_cases.submit_batch(to_batch_submission(request, current_tenant()))
        self._count_accepted(len(accepted.scoring_job_ids))
        return from_accepted(accepted)

    async def GetScoringBatch(  # noqa: N802 - the contract's name
        self, request: scoring_service_pb2.GetScoringBatchRequest, _context: Context
    ) -> scoring_service_pb2.GetScoringBatchResponse:
        """Return a batch. Raises ValidationFailed, BatchNotFound or StoreUnavailable."""
        self._validator.check(request)
        found = await self._use_cases.get_batch(current_tenant(), request.job_id, request.scoring_batch_id)
        return from_found(found)

    async def WatchScoringBatch(  # noqa: N802 - the contract's name
        self, request: scoring_service_pb2.WatchScoringBatchRequest, _context: Context
    ) -> AsyncIterator[scoring_service_pb2.WatchScoringBatchResponse]:
        """Tell a batch's changes until it ended. Raises ValidationFailed, BatchNotFound or ServiceUnavailable."""
        self._validator.check(request)
        changes = self._use_cases.watch_batch(current_tenant(), request.job_id, request.scoring_batch_id)
        async for change in changes:
            yield from_change(change)

    async def SubmitScoringJob(  # noqa: N802 - the contract's name
        self, request: scoring_service_pb2.SubmitScoringJobRequest, _context: Context
    ) -> scoring_service_pb2.SubmitScoringJobResponse:
        """Accept an application.

        Raises ValidationFailed, CriteriaNotFound, CriteriaVersionNotFound or StoreUnavailable.
        """
        self._validator.check_job(request)
        job = await self._use_cases.submit_job(to_job_submission(request, current_tenant()))
        self._count_accepted(1)
        return scoring_service_pb2.SubmitScoringJobResponse(scoring_job=from_job(job))

    async def GetScoringJob(  # noqa: N802 - the contract's name
        self, request: scoring_service_pb2.GetScoringJobRequest, _context: Context
    ) -> scoring_service_pb2.GetScoringJobResponse:
        """Return a scoring job. Raises ValidationFailed, ScoringJobNotFound or StoreUnavailable."""
        self._validator.check(request)
        job = await self._use_cases.get_job(
            current_tenant(), request.job_id, request.application_id, request.scoring_job_id
        )
        return scoring_service_pb2.GetScoringJobResponse(scoring_job=from_job(job))

    async def GetLatestScore(  # noqa: N802 - the contract's name
        self, request: scoring_service_pb2.GetLatestScoreRequest, _context: Context
    ) -> scoring_service_pb2.GetLatestScoreResponse:
        """Return the latest job of an application. Raises ValidationFailed, ApplicationNotFound or StoreUnavailable."""
        self._validator.check(request)
        job = await self._use_cases.get_latest_score(current_tenant(), request.job_id, request.application_id)
        return scoring_service_pb2.GetLatestScoreResponse(scoring_job=from_job(job))

    def _count_accepted(self, applications: int) -> None:
        self._metrics.submissions.inc()
        self._metrics.submitted_applications.inc(applications)
