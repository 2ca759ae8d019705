"""Requests to CriteriaService, and how they are called."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from nova.criteria.v1 import criteria_service_pb2, criterion_pb2

from tests.support.api import METADATA, Served, called
from tests.support.recorded_criteria import POSTGRES, VERSION_ID

Text = criterion_pb2.CriterionText
Set = criteria_service_pb2.SetCriteriaRequest
Add = criteria_service_pb2.AddCriterionRequest
Update = criteria_service_pb2.UpdateCriterionRequest
List = criteria_service_pb2.ListCriteriaVersionsRequest

GET = criteria_service_pb2.GetCriteriaRequest(job_id="job-1")
SET = Set(job_id="job-1", criteria=[Text(text="Python", importance=criterion_pb2.MUST_HAVE)])
ARCHIVE = criteria_service_pb2.ArchiveCriteriaRequest(job_id="job-1")
ADD = Add(job_id="job-1", text="PostgreSQL", importance=criterion_pb2.PREFERRED)
UPDATE = Update(job_id="job-1", criterion_id=POSTGRES.id, importance=criterion_pb2.MUST_HAVE)
REMOVE = criteria_service_pb2.RemoveCriterionRequest(job_id="job-1", criterion_id=POSTGRES.id)
LIST = List(job_id="job-1")
GET_CURRENT = criteria_service_pb2.GetCurrentCriteriaVersionRequest(job_id="job-1")
GET_VERSION = criteria_service_pb2.GetCriteriaVersionRequest(job_id="job-1", criteria_version_id=VERSION_ID)

READS: list[Message] = [GET, LIST, GET_CURRENT, GET_VERSION]
CHANGES: list[Message] = [SET, ARCHIVE, ADD, UPDATE, REMOVE]
ALL = [*READS, *CHANGES]


def method_of(request: Message) -> str:
    """Return the name of the rpc that takes `request`."""
    return called(request).removesuffix("Request")


def call(served: Served, request: Message, *headers: tuple[str, str | bytes]) -> Any:
    """Call the rpc that takes `request`, as a valid caller who brings `headers` too."""
    return getattr(served.criteria_stub, method_of(request))(request, metadata=(*METADATA, *headers))
