"""Setting the criteria of a job from a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from nova.criteria.v1.criterion_pb2 import MUST_HAVE, PREFERRED, CriterionText
from nova.errors.v1 import error_reason_pb2
from nova_server.cli.call_failure import CallFailed
from nova_server.cli.criteria_client import CriteriaClient
from nova_server.cli.criteria_setting import CLEARED, REPLAYED, ChangeOptions, set_from_file
from nova_server.cli.failures import UsageFault, describe

from tests.unit.cli.fake_criteria import FakeCriteria
from tests.unit.cli.fake_service import RunningService
from tests.unit.cli.refusals import TRACE_ID, refusal

LIST = "# Backend\n- MUST_HAVE: Python\n- PREFERRED: Kindness\n"
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def criteria(service: RunningService) -> FakeCriteria:
    return service.criteria


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "criteria.md"
    path.write_text(LIST, encoding="utf-8")
    return path


async def test_what_is_set_is_shown_with_the_version_that_it_became(
    criteria_client: CriteriaClient, criteria: FakeCriteria, file: Path, capsys: Captured
) -> None:
    await set_from_file(criteria_client, "backend", file, ChangeOptions())
    (change,) = criteria.changes
    assert change.job_id == "backend"
    assert list(change.criteria) == [
        CriterionText(text="Python", importance=MUST_HAVE),
        CriterionText(text="Kindness", importance=PREFERRED),
    ]
    shown = capsys.readouterr()
    assert shown.out.startswith("Version 2 of the criteria of job backend: version-2, ACTIVE, revision crit_7\n")
    assert shown.out.index("MUST_HAVE") < shown.out.index("PREFERRED")
    assert shown.err == ""


async def test_a_version_that_somebody_else_set_since_is_not_shown_above_them(
    criteria_client: CriteriaClient, criteria: FakeCriteria, file: Path, capsys: Captured
) -> None:
    criteria.replayed = True
    await set_from_file(criteria_client, "backend", file, ChangeOptions(idempotency_key="key-1"))
    shown = capsys.readouterr()
    assert "Version" not in shown.out
    assert "Python" in shown.out
    assert shown.err == f"{REPLAYED}\n"


async def test_criteria_that_are_set_are_shown_although_their_version_cannot_be_read(
    criteria_client: CriteriaClient, criteria: FakeCriteria, file: Path, capsys: Captured
) -> None:
    criteria.archived = True
    await set_from_file(criteria_client, "backend", file, ChangeOptions())
    shown = capsys.readouterr().out
    assert "Version" not in shown
    assert "Python" in shown


async def test_each_change_has_a_key_of_its_own(
    criteria_client: CriteriaClient, criteria: FakeCriteria, file: Path
) -> None:
    for _ in range(3):
        await set_from_file(criteria_client, "backend", file, ChangeOptions(as_json=True))
    keys = {metadata["idempotency-key"] for metadata in criteria.metadata}
    assert len(keys) == 3
    assert all(len(key) >= 16 for key in keys)


async def test_a_given_key_is_sent_as_it_is(
    criteria_client: CriteriaClient, criteria: FakeCriteria, file: Path
) -> None:
    await set_from_file(criteria_client, "backend", file, ChangeOptions("crit_6", "key-1", as_json=True))
    (metadata,) = criteria.metadata
    assert metadata["idempotency-key"] == "key-1"
    assert metadata["x-expected-criteria-revision"] == "crit_6"


async def test_json_is_the_answer_of_the_route_alone(
    criteria_client: CriteriaClient, criteria: FakeCriteria, file: Path, capsys: Captured
) -> None:
    await set_from_file(criteria_client, "backend", file, ChangeOptions(as_json=True))
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["criteria"]
    assert [(one["text"], one["importance"], one["order"]) for one in answer["criteria"]] == [
        ("Python", "MUST_HAVE", 0),
        ("Kindness", "PREFERRED", 1),
    ]
    assert criteria.reads == []


async def test_clearing_the_criteria_is_said(
    criteria_client: CriteriaClient, criteria: FakeCriteria, tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / "none.json").write_text('{"criteria": []}', encoding="utf-8")
    await set_from_file(criteria_client, "backend", tmp_path / "none.json", ChangeOptions())
    assert list(criteria.changes[0].criteria) == []
    assert capsys.readouterr().err == f"{CLEARED}\n"


async def test_nothing_is_sent_of_a_file_with_a_fault(
    criteria_client: CriteriaClient, criteria: FakeCriteria, tmp_path: Path
) -> None:
    (tmp_path / "criteria.md").write_text(f"{LIST}Rust\n", encoding="utf-8")
    with pytest.raises(UsageFault, match="line 4"):
        await set_from_file(criteria_client, "backend", tmp_path / "criteria.md", ChangeOptions())
    assert criteria.changes == []


async def test_a_change_whose_answer_is_lost_can_be_repeated_with_its_key(
    criteria_client: CriteriaClient, criteria: FakeCriteria, file: Path
) -> None:
    criteria.refusals = [refusal(error_reason_pb2.INTERNAL_ERROR)]
    with pytest.raises(CallFailed) as caught:
        await set_from_file(criteria_client, "backend", file, ChangeOptions())
    key = criteria.metadata[0]["idempotency-key"]
    assert f"To repeat it safely: --idempotency-key {key!s}" in describe(caught.value).splitlines()


async def test_a_refusal_names_code_fields_and_trace_id(
    criteria_client: CriteriaClient, criteria: FakeCriteria, file: Path
) -> None:
    criteria.refusals = [refusal(error_reason_pb2.VALIDATION_ERROR, ("criteria[1].text", "is too long"))]
    with pytest.raises(CallFailed) as caught:
        await set_from_file(criteria_client, "backend", file, ChangeOptions())
    assert describe(caught.value).splitlines() == [
        "VALIDATION_ERROR: Request validation failed.",
        "  criteria[1].text: is too long",
        f"Trace id: {TRACE_ID}",
    ]
