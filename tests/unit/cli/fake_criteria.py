"""A criteria service that answers what a test tells it to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.status_pb2 import Status
from nova.criteria.v1 import criteria_service_pb2 as messages
from nova.criteria.v1.criteria_service_pb2_grpc import CriteriaServiceServicer
from nova.criteria.v1.criteria_version_pb2 import ACTIVE, ARCHIVED, CriteriaVersion
from nova.criteria.v1.criterion_pb2 import MUST_HAVE, PREFERRED, Criterion, Importance
from nova.errors.v1 import error_reason_pb2

from tests.unit.cli.refusals import Context, refusal, refuse

CREATED = Timestamp(seconds=1_767_323_045)


def criterion(order: int, text: str, importance: Importance.ValueType = MUST_HAVE) -> Criterion:
    """Return a criterion as the service knows it."""
    return Criterion(id=f"crit_{order:012x}", text=text, importance=importance, order=order, created_at=CREATED)


def version(number: int, *, archived: bool = False) -> CriteriaVersion:
    """Return a version of a job's criteria."""
    made = CriteriaVersion(id=f"version-{number}", version=number, status=ACTIVE, created_at=CREATED)
    if archived:
        made.status = ARCHIVED
        made.archived_at.CopyFrom(Timestamp(seconds=CREATED.seconds + 60))
    return made


PYTHON = criterion(0, "5+ years of Python")
KINDNESS = criterion(1, "Kindness", PREFERRED)


class FakeCriteria(CriteriaServiceServicer):
    """Records what it is asked. A job has two criteria, in version 2, until others are set."""

    def __init__(self) -> None:
        self.changes: list[messages.SetCriteriaRequest] = []
        self.reads: list[Message] = []
        self.metadata: list[dict[str, str | bytes]] = []
        self.refusals: list[Status] = []
        self.replayed = False
        self.archived = False
        self.page_size = 2
        self.versions: Sequence[CriteriaVersion] = [version(2), version(1, archived=True)]
        self.criteria: list[Criterion] = [PYTHON, KINDNESS]

    async def SetCriteria(  # noqa: N802 (the contract's name)
        self, request: messages.SetCriteriaRequest, context: Context
    ) -> messages.SetCriteriaResponse:
        self.metadata.append(dict(context.invocation_metadata() or ()))
        self.changes.append(request)
        if self.refusals:
            await refuse(context, self.refusals.pop(0))
        if self.replayed:
            context.set_trailing_metadata((("idempotent-replayed", "true"),))
        made = [criterion(order, wanted.text, wanted.importance) for order, wanted in enumerate(request.criteria)]
        if not self.replayed:
            self.criteria = made
        return messages.SetCriteriaResponse(criteria=made)

    async def GetCurrentCriteriaVersion(  # noqa: N802 (the contract's name)
        self, request: messages.GetCurrentCriteriaVersionRequest, context: Context
    ) -> messages.GetCurrentCriteriaVersionResponse:
        self._note_read(request, context)
        if self.archived:
            await refuse(context, refusal(error_reason_pb2.CRITERIA_NOT_FOUND))
        return messages.GetCurrentCriteriaVersionResponse(
            version=self.versions[0], criteria_revision="crit_7", criteria=self.criteria
        )

    async def GetCriteriaVersion(  # noqa: N802 (the contract's name)
        self, request: messages.GetCriteriaVersionRequest, context: Context
    ) -> messages.GetCriteriaVersionResponse:
        self._note_read(request, context)
        known = {version.id: version for version in self.versions}
        if request.criteria_version_id not in known:
            await refuse(context, refusal(error_reason_pb2.CRITERIA_VERSION_NOT_FOUND))
        return messages.GetCriteriaVersionResponse(version=known[request.criteria_version_id], criteria=self.criteria)

    async def ListCriteriaVersions(  # noqa: N802 (the contract's name)
        self, request: messages.ListCriteriaVersionsRequest, context: Context
    ) -> messages.ListCriteriaVersionsResponse:
        """Answer in pages that are smaller than those asked for, as a service may."""
        self._note_read(request, context)
        start = int(request.page_token or 0)
        end = start + self.page_size
        page = messages.ListCriteriaVersionsResponse(versions=self.versions[start:end])
        if end < len(self.versions):
            page.next_page_token = str(end)
        return page

    def _note_read(self, request: Message, context: Context) -> None:
        self.reads.append(request)
        self.metadata.append(dict(context.invocation_metadata() or ()))

    async def GetCriteria(self, request: messages.GetCriteriaRequest, context: Context) -> NoReturn:  # noqa: N802 (the contract's name)
        raise NotImplementedError

    async def ArchiveCriteria(self, request: messages.ArchiveCriteriaRequest, context: Context) -> NoReturn:  # noqa: N802 (the contract's name)
        raise NotImplementedError

    async def AddCriterion(self, request: messages.AddCriterionRequest, context: Context) -> NoReturn:  # noqa: N802 (the contract's name)
        raise NotImplementedError

    async def UpdateCriterion(self, request: messages.UpdateCriterionRequest, context: Context) -> NoReturn:  # noqa: N802 (the contract's name)
        raise NotImplementedError

    async def RemoveCriterion(self, request: messages.RemoveCriterionRequest, context: Context) -> NoReturn:  # noqa: N802 (the contract's name)
        raise NotImplementedError
