"""What CriteriaService does with `Idempotency-Key` and `X-Expected-Criteria-Revision`, and who else ignores them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.protobuf.message import Message
from nova_server.api.change_options import call_digest
from nova_server.ports.criteria import ChangeOptions, IdempotentCall
from nova_server.ports.tenancy import Caller, Environment

from tests.support.api import CRITERIA_SERVICE, METADATA, Served, called, job_submission, refusal, serving, submission
from tests.support.criteria_requests import ADD, ARCHIVE, CHANGES, READS, SET, UPDATE, Set, call, method_of
from tests.support.requests import get_job, latest_score

KEY = ("idempotency-key", "k-1")
REVISION = ("x-expected-criteria-revision", "crit_7")
CALLER = Caller("acme", Environment.SANDBOX)
FIELDS = {"idempotency-key": "Idempotency-Key", "x-expected-criteria-revision": "X-Expected-Criteria-Revision"}
# Each of them is a fault where the header is heeded.
MALFORMED = [("", "too_short"), ("k" * 256, "too_long")]


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


async def digest(served: Served, request: Message, *headers: tuple[str, str]) -> str:
    """Return the digest that the use case is given for a call with a key."""
    await call(served, request, KEY, *headers)
    found = served.criteria.options[-1].call
    assert found is not None
    return found.digest


async def trailers(call_: Any) -> dict[str, str]:
    await call_
    return dict(await call_.trailing_metadata())


@pytest.mark.parametrize("request_", CHANGES, ids=called)
async def test_a_change_with_a_key_is_to_be_done_once_for_its_caller(served: Served, request_: Message) -> None:
    await call(served, request_, KEY)

    expected = call_digest(f"/{CRITERIA_SERVICE}/{method_of(request_)}", "tenant-1", None, request_)
    assert served.criteria.options == [ChangeOptions(IdempotentCall(CALLER, "k-1", expected))]


@pytest.mark.parametrize("key", ["k", "k" * 255, " !~", "8e03978e-40d5-43e8-bc93-6894a57f9324"])
async def test_a_key_is_any_text_of_up_to_255_characters(served: Served, key: str) -> None:
    await call(served, SET, ("idempotency-key", key))

    (options,) = served.criteria.options
    assert options.call is not None
    assert options.call.key == key


@pytest.mark.parametrize("request_", CHANGES, ids=called)
async def test_a_malformed_key_is_refused(served: Served, request_: Message) -> None:
    for value, code in MALFORMED:
        failed = await refusal(call(served, request_, ("idempotency-key", value)))

        assert failed.info.reason == "VALIDATION_ERROR"
        assert [fault[:2] for fault in failed.faults] == [("Idempotency-Key", code)]
    assert served.criteria.calls == []


@pytest.mark.parametrize(("value", "code"), MALFORMED, ids=["empty", "long"])
async def test_a_malformed_revision_is_refused(served: Served, value: str, code: str) -> None:
    failed = await refusal(call(served, SET, ("x-expected-criteria-revision", value)))

    assert [fault[:2] for fault in failed.faults] == [("X-Expected-Criteria-Revision", code)]
    assert served.criteria.calls == []


@pytest.mark.parametrize("header", [KEY, REVISION])
@pytest.mark.parametrize("second", ["k-2", "", None], ids=["another", "empty", "same"])
async def test_of_two_values_none_is_taken(served: Served, header: tuple[str, str], second: str | None) -> None:
    name, first = header

    failed = await refusal(call(served, SET, header, (name, first if second is None else second)))

    assert failed.faults == [(FIELDS[name], "duplicate", "must be given once.")]
    assert served.criteria.calls == []


async def test_binary_metadata_of_a_like_name_is_another_header(served: Served) -> None:
    await call(served, SET, ("idempotency-key-bin", b"k-1"), ("x-expected-criteria-revision-bin", b"\xff"))

    assert served.criteria.options == [ChangeOptions()]


async def test_the_faults_of_headers_and_of_the_body_are_found_at_once(served: Served) -> None:
    headers = (("idempotency-key", ""), ("x-expected-criteria-revision", "r" * 256))

    failed = await refusal(call(served, Set(), *headers))

    assert [fault[:2] for fault in failed.faults] == [
        ("Idempotency-Key", "too_short"),
        ("X-Expected-Criteria-Revision", "too_long"),
        ("job_id", "required"),
    ]


async def test_no_fault_of_a_header_quotes_it(served: Served) -> None:
    failed = await refusal(call(served, SET, ("idempotency-key", "jane-smith" * 26)))

    assert "jane-smith" not in str(failed)


async def test_a_revision_that_is_expected_reaches_the_use_case_as_it_was_sent(served: Served) -> None:
    await call(served, SET, REVISION)

    assert served.criteria.options == [ChangeOptions(expected_revision="crit_7")]


@pytest.mark.parametrize("request_", [ARCHIVE, ADD, UPDATE], ids=called)
@pytest.mark.parametrize("value", ["crit_7", "", "r" * 256], ids=["valid", "empty", "long"])
async def test_only_set_criteria_expects_a_revision(served: Served, request_: Message, value: str) -> None:
    plain = await digest(served, request_)

    assert await digest(served, request_, ("x-expected-criteria-revision", value)) == plain
    assert served.criteria.options[-1].expected_revision is None


async def test_the_same_call_has_the_same_digest(served: Served) -> None:
    first = await digest(served, SET, REVISION, ("x-request-id", "1" * 32))

    assert await digest(served, SET, REVISION, ("x-request-id", "2" * 32)) == first
    assert len(first) == 40
    assert set(first) <= set("0123456789abcdef")


async def test_the_same_body_with_its_fields_in_another_order_has_the_same_digest(served: Served) -> None:
    job_id, text, importance = b"\x0a\x05job-1", b"\x12\x0aPostgreSQL", b"\x18\x02"
    for body in (job_id + text + importance, importance + text + job_id):
        await served.raw(f"/{CRITERIA_SERVICE}/AddCriterion", body, (*METADATA, KEY))

    first, second = (options.call for options in served.criteria.options)
    assert first == second
    assert first is not None
    assert first.digest == await digest(served, ADD)


async def test_another_revision_makes_another_digest(served: Served) -> None:
    found = {
        await digest(served, SET),
        await digest(served, SET, REVISION),
        await digest(served, SET, (REVISION[0], "crit_8")),
    }

    assert len(found) == 3


async def test_another_tenant_makes_another_digest(served: Served) -> None:
    for tenant in ("tenant-1", "tenant-2"):
        await served.criteria_stub.SetCriteria(SET, metadata=(METADATA[0], ("x-tenant-id", tenant), KEY))

    first, second = (options.call for options in served.criteria.options)
    assert first is not None
    assert second is not None
    assert (first.key, first.caller) == (second.key, second.caller)
    assert first.digest != second.digest


@pytest.mark.parametrize("request_", CHANGES, ids=called)
async def test_a_change_that_was_done_before_says_so(served: Served, request_: Message) -> None:
    served.criteria.changed = _replayed(served)

    assert (await trailers(call(served, request_, KEY)))["idempotent-replayed"] == "true"


@pytest.mark.parametrize("request_", CHANGES, ids=called)
async def test_a_change_that_is_done_for_the_first_time_does_not(served: Served, request_: Message) -> None:
    assert "idempotent-replayed" not in await trailers(call(served, request_, KEY))


@pytest.mark.parametrize("request_", READS, ids=called)
async def test_reads_ignore_both_headers(served: Served, request_: Message) -> None:
    for header in (KEY, REVISION, ("idempotency-key", ""), ("x-expected-criteria-revision", "")):
        assert "idempotent-replayed" not in await trailers(call(served, request_, header, header))

    assert len(served.criteria.calls) == 4


SCORING = [submission(), job_submission(), get_job("job-1", "app-1", "c"), latest_score("job-1", "app-1")]


@pytest.mark.parametrize("request_", SCORING, ids=called)
async def test_scoring_ignores_keys(served: Served, request_: Message) -> None:
    method = getattr(served.stub, method_of(request_))
    for key in ("k-1", "", "k" * 256):
        headers = (("idempotency-key", key), ("idempotency-key", "another"), ("x-expected-criteria-revision", key))

        assert "idempotent-replayed" not in await trailers(method(request_, metadata=(*METADATA, *headers)))


def _replayed(served: Served) -> Any:
    changed = served.criteria.changed
    return type(changed)(changed.version, changed.criterion, replayed=True)
