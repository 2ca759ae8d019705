"""The limits that code needs before, or beside, the validation of a request, read from the rules in the protos."""

from __future__ import annotations

from buf.validate import validate_pb2
from google.protobuf.message import Message
from nova.criteria.v1 import criteria_service_pb2
from nova.scoring.v1 import application_pb2, resume_pb2, scoring_service_pb2
from nova.webhooks.v1 import webhook_service_pb2


def _rules(message_type: type[Message], field: str) -> validate_pb2.FieldRules:
    options = message_type.DESCRIPTOR.fields_by_name[field].GetOptions()
    return options.Extensions[validate_pb2.field]


MAX_APPLICATIONS = _rules(scoring_service_pb2.SubmitScoringBatchRequest, "applications").repeated.max_items
MAX_ANSWERS = _rules(application_pb2.ApplicationData, "application_answers").repeated.max_items
MAX_URL_CHARACTERS = _rules(resume_pb2.Resume, "url").string.max_len
MAX_CRITERIA = _rules(criteria_service_pb2.SetCriteriaRequest, "criteria").repeated.max_items
MAX_EVENTS = _rules(webhook_service_pb2.CreateWebhookEndpointRequest, "events").repeated.max_items
# The pattern of every text that is a time.
TIME_PATTERN = _rules(webhook_service_pb2.ListWebhookDeliveriesRequest, "created_after").string.pattern
