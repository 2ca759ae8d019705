"""Calls to the criteria service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nova.criteria.v1.criteria_service_pb2 import (
    GetCriteriaVersionRequest,
    GetCriteriaVersionResponse,
    GetCurrentCriteriaVersionRequest,
    GetCurrentCriteriaVersionResponse,
    ListCriteriaVersionsRequest,
    ListCriteriaVersionsResponse,
    SetCriteriaRequest,
    SetCriteriaResponse,
)
from nova.criteria.v1.criteria_service_pb2_grpc import CriteriaServiceStub
from nova.criteria.v1.criteria_version_pb2 import CriteriaVersion
from nova.criteria.v1.criterion_pb2 import CriterionText

from nova_server.cli.channel import DEADLINE_SECONDS, Connection, failures_read, require_sendable

if TYPE_CHECKING:  # the stub of an asyncio channel has a type of its own, and no class
    from nova.criteria.v1.criteria_service_pb2_grpc import CriteriaServiceAsyncStub

IDEMPOTENCY_KEY = "idempotency-key"
IDEMPOTENT_REPLAYED = "idempotent-replayed"
EXPECTED_REVISION = "x-expected-criteria-revision"
# The most that one page of versions may hold.
PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """A new list of a job's criteria. They are replaced whatever they are unless `expected_revision` is given."""

    job_id: str
    criteria: Sequence[CriterionText]
    idempotency_key: str
    expected_revision: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeAnswer:
    """What a change was answered with. `replayed` tells that it had been done before, under the same key."""

    response: SetCriteriaResponse
    replayed: bool


class CriteriaClient:
    """The rpcs that the commands use. Every method raises CallFailed."""

    def __init__(self, connection: Connection) -> None:
        self._stub: CriteriaServiceAsyncStub = CriteriaServiceStub(connection.channel)
        self._metadata = connection.metadata

    async def read_current(self, job_id: str) -> GetCurrentCriteriaVersionResponse:
        """Return the current version of a job's criteria, with its revision."""
        request = GetCurrentCriteriaVersionRequest(job_id=job_id)
        with failures_read():
            return await self._stub.GetCurrentCriteriaVersion(
                request, metadata=self._metadata, timeout=DEADLINE_SECONDS
            )

    async def read_version(self, job_id: str, version_id: str) -> GetCriteriaVersionResponse:
        """Return one version of a job's criteria."""
        request = GetCriteriaVersionRequest(job_id=job_id, criteria_version_id=version_id)
        with failures_read():
            return await self._stub.GetCriteriaVersion(request, metadata=self._metadata, timeout=DEADLINE_SECONDS)

    async def list_versions(self, job_id: str) -> ListCriteriaVersionsResponse:
        """Return all versions of a job's criteria as if they were one page."""
        request = ListCriteriaVersionsRequest(job_id=job_id, page_size=PAGE_SIZE)
        versions: list[CriteriaVersion] = []
        while True:
            page = await self._list_page(request)
            versions.extend(page.versions)
            if not page.next_page_token:
                return ListCriteriaVersionsResponse(versions=versions)
            request.page_token = page.next_page_token

    async def set(self, change: Change) -> ChangeAnswer:
        """Replace the criteria of a job. Raises UsageFault when the key or the revision cannot be sent in metadata."""
        request = SetCriteriaRequest(job_id=change.job_id, criteria=change.criteria)
        metadata = self._metadata + _metadata_of(change)
        with failures_read():
            call = self._stub.SetCriteria(request, metadata=metadata, timeout=DEADLINE_SECONDS)
            response = await call
            trailing = await call.trailing_metadata()
        return ChangeAnswer(response, trailing.get(IDEMPOTENT_REPLAYED) == "true")

    async def _list_page(self, request: ListCriteriaVersionsRequest) -> ListCriteriaVersionsResponse:
        with failures_read():
            return await self._stub.ListCriteriaVersions(request, metadata=self._metadata, timeout=DEADLINE_SECONDS)


def _metadata_of(change: Change) -> tuple[tuple[str, str], ...]:
    require_sendable(change.idempotency_key, "idempotency key")
    pairs = [(IDEMPOTENCY_KEY, change.idempotency_key)]
    if change.expected_revision is not None:
        require_sendable(change.expected_revision, "expected revision")
        pairs.append((EXPECTED_REVISION, change.expected_revision))
    return tuple(pairs)
