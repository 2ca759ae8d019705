"""What a person is told when a call fails."""

from __future__ import annotations

import grpc
import grpc.aio
import pytest
from nova.errors.v1 import error_reason_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova.scoring.v1.scoring_service_pb2 import SubmitScoringBatchRequest
from nova_server.cli.call_failure import TRACE_ID, CallFailed, read_failure
from nova_server.cli.client import ScoringClient
from nova_server.cli.failures import describe
from nova_server.errors import FieldViolation

from tests.unit.cli import refusals
from tests.unit.cli.fake_service import FakeScoring
from tests.unit.cli.refusals import refusal


async def refused(client: ScoringClient) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        await client.submit(SubmitScoringBatchRequest())
    return caught.value


def transport_failure(code: grpc.StatusCode, details: str, **trailing: str) -> grpc.aio.AioRpcError:
    metadata = grpc.aio.Metadata(*((key.replace("_", "-"), value) for key, value in trailing.items()))
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), metadata, details)


async def test_rich_details_are_read(client: ScoringClient, fake: FakeScoring) -> None:
    fake.refusal = refusal(error_reason_pb2.VALIDATION_ERROR, ("job_id", "is empty"), ("applications", "is empty"))
    failure = await refused(client)
    assert failure.code == "VALIDATION_ERROR"
    assert failure.message == "Request validation failed."
    assert failure.trace_id == refusals.TRACE_ID
    assert failure.fields == (FieldViolation("job_id", "", "is empty"), FieldViolation("applications", "", "is empty"))
    assert not failure.passing


@pytest.mark.parametrize(
    ("reason", "passing"),
    [
        (error_reason_pb2.UNAUTHORIZED, False),
        (error_reason_pb2.PAYLOAD_TOO_LARGE, False),
        (error_reason_pb2.RATE_LIMITED, True),
        (error_reason_pb2.INTERNAL_ERROR, True),
    ],
)
async def test_the_catalogue_says_which_failures_pass(
    client: ScoringClient, fake: FakeScoring, reason: ErrorReason.ValueType, passing: bool
) -> None:
    fake.refusal = refusal(reason)
    assert (await refused(client)).passing is passing


async def test_a_reason_of_a_newer_server_is_shown_and_not_retried(client: ScoringClient, fake: FakeScoring) -> None:
    status = refusal(error_reason_pb2.FORBIDDEN)
    status.details[0].value = status.details[0].value.replace(b"FORBIDDEN", b"NEWREASON")
    fake.refusal = status
    failure = await refused(client)
    assert failure.code == "NEWREASON"
    assert not failure.passing


def test_a_failure_of_the_transport_keeps_its_words_to_itself() -> None:
    failure = read_failure(transport_failure(grpc.StatusCode.UNAVAILABLE, "ipv4:10.0.0.1:50051: Connection refused"))
    assert failure.message == "The server cannot be reached."
    assert failure.passing


def test_another_status_is_shown_with_its_trace_id() -> None:
    failure = read_failure(transport_failure(grpc.StatusCode.UNIMPLEMENTED, "no such method", x_trace_id="abc"))
    assert TRACE_ID == "x-trace-id"
    assert describe(failure) == "UNIMPLEMENTED: no such method\nTrace id: abc"
    assert not failure.passing


def test_escape_sequences_in_an_answer_do_not_reach_the_terminal() -> None:
    assert describe(CallFailed("VALIDATION_ERROR", "bad\x1b[2J")) == "VALIDATION_ERROR: bad[2J"
