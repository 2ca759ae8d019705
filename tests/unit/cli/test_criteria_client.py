"""Calls to the criteria service: what they carry, and which of them are repeated."""

from __future__ import annotations

import pytest
from google.rpc.status_pb2 import Status
from nova.criteria.v1.criterion_pb2 import CriterionText
from nova.errors.v1 import error_reason_pb2
from nova_server.cli.call_failure import CallFailed
from nova_server.cli.criteria_client import Change, CriteriaClient
from nova_server.cli.failures import UsageFault

from tests.unit.cli.fake_criteria import KINDNESS, PYTHON, FakeCriteria, version
from tests.unit.cli.fake_service import RunningService
from tests.unit.cli.refusals import refusal

AWAY = refusal(error_reason_pb2.SERVICE_UNAVAILABLE)
IN_PROGRESS = refusal(error_reason_pb2.IDEMPOTENCY_REQUEST_IN_PROGRESS)
WANTED = (CriterionText(text="Python"),)
HEADERS = ("authorization", "x-tenant-id", "idempotency-key", "x-expected-criteria-revision")


@pytest.fixture
def criteria(service: RunningService) -> FakeCriteria:
    return service.criteria


def sent(criteria: FakeCriteria) -> list[dict[str, str | bytes]]:
    """Return what each call said about itself."""
    return [{name: metadata[name] for name in HEADERS if name in metadata} for metadata in criteria.metadata]


async def test_reads_are_made_for_the_tenant_of_the_key(
    criteria_client: CriteriaClient, criteria: FakeCriteria
) -> None:
    await criteria_client.read_current("backend")
    await criteria_client.read_version("backend", "version-1")
    await criteria_client.list_versions("backend")
    assert sent(criteria) == [{"authorization": "Bearer sk_test_secret", "x-tenant-id": "acme"}] * 3


async def test_a_change_carries_its_key_and_the_revision_that_it_expects(
    criteria_client: CriteriaClient, criteria: FakeCriteria
) -> None:
    await criteria_client.set(Change("backend", WANTED, "key-1", "crit_7"))
    (said,) = sent(criteria)
    assert (said["idempotency-key"], said["x-expected-criteria-revision"]) == ("key-1", "crit_7")
    assert said["authorization"] == "Bearer sk_test_secret"


async def test_no_revision_is_sent_when_none_is_expected(
    criteria_client: CriteriaClient, criteria: FakeCriteria
) -> None:
    await criteria_client.set(Change("backend", WANTED, "key-1"))
    assert "x-expected-criteria-revision" not in criteria.metadata[0]


@pytest.mark.parametrize("refused", [AWAY, IN_PROGRESS])
async def test_a_change_is_repeated_with_its_key_while_the_service_cannot_do_it(
    criteria_client: CriteriaClient, criteria: FakeCriteria, refused: Status
) -> None:
    criteria.refusals = [refused]
    answer = await criteria_client.set(Change("backend", WANTED, "key-1"))
    assert [criterion.text for criterion in answer.response.criteria] == ["Python"]
    assert [metadata["idempotency-key"] for metadata in criteria.metadata] == ["key-1", "key-1"]


@pytest.mark.parametrize(
    "reason", [error_reason_pb2.CRITERIA_REVISION_MISMATCH, error_reason_pb2.IDEMPOTENCY_KEY_REUSED]
)
async def test_a_refusal_that_will_not_change_is_not_repeated(
    criteria_client: CriteriaClient, criteria: FakeCriteria, reason: error_reason_pb2.ErrorReason.ValueType
) -> None:
    criteria.refusals = [refusal(reason)]
    with pytest.raises(CallFailed) as caught:
        await criteria_client.set(Change("backend", WANTED, "key-1", "crit_6"))
    assert caught.value.code == error_reason_pb2.ErrorReason.Name(reason)
    assert not caught.value.passing
    assert len(criteria.changes) == 1


@pytest.mark.parametrize("replayed", [True, False])
async def test_an_answer_from_before_is_known_by_the_trailing_metadata(
    criteria_client: CriteriaClient, criteria: FakeCriteria, replayed: bool
) -> None:
    criteria.replayed = replayed
    assert (await criteria_client.set(Change("backend", WANTED, "key-1"))).replayed is replayed


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (Change("backend", WANTED, "key\n"), "idempotency key"),
        (Change("backend", WANTED, "Schlüssel"), "idempotency key"),
        (Change("backend", WANTED, "key-1", "crit_\x00"), "expected revision"),
    ],
)
async def test_what_metadata_cannot_hold_is_a_usage_fault_and_is_not_sent(
    criteria_client: CriteriaClient, criteria: FakeCriteria, change: Change, what: str
) -> None:
    with pytest.raises(UsageFault, match=f"The {what} may only hold printable ASCII"):
        await criteria_client.set(change)
    assert criteria.changes == []


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
async def test_all_pages_of_versions_become_one(
    criteria_client: CriteriaClient, criteria: FakeCriteria, count: int
) -> None:
    criteria.versions = [version(number) for number in range(count, 0, -1)]
    answer = await criteria_client.list_versions("backend")
    assert list(answer.versions) == criteria.versions
    assert not answer.HasField("next_page_token")
    assert len(criteria.reads) == max(1, -(-count // criteria.page_size))


async def test_the_current_criteria_come_with_their_revision(criteria_client: CriteriaClient) -> None:
    answer = await criteria_client.read_current("backend")
    assert list(answer.criteria) == [PYTHON, KINDNESS]
    assert answer.criteria_revision == "crit_7"
