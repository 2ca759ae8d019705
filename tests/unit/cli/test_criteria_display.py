"""What is shown of a job's criteria."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import pytest
from nova.criteria.v1.criterion_pb2 import Criterion
from nova.errors.v1 import error_reason_pb2
from nova_server.cli.call_failure import CallFailed
from nova_server.cli.criteria_client import CriteriaClient
from nova_server.cli.criteria_display import Shown, print_criteria, show_criteria

from tests.unit.cli.fake_criteria import FakeCriteria, criterion, version
from tests.unit.cli.fake_service import RunningService

CREATED = "2026-01-02T03:04:05Z"
SHOWN_CRITERIA = [
    {"id": "crit_000000000000", "text": "5+ years of Python", "importance": "MUST_HAVE", "order": 0},
    {"id": "crit_000000000001", "text": "Kindness", "importance": "PREFERRED", "order": 1},
]


@pytest.fixture
def criteria(service: RunningService) -> FakeCriteria:
    return service.criteria


def cells(table: str) -> list[list[str]]:
    """Return the rows of a printed table, without its title."""
    rows = [re.split(r"[│┃]", line)[1:-1] for line in table.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in row] for row in rows]


def test_criteria_are_shown_in_their_order_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    print_criteria([criterion(0, "word " * 100 + "end"), criterion(1, "Kindness")])
    shown = capsys.readouterr().out
    assert shown.count("word") == 100
    assert cells(shown)[0][0] == "0"
    assert cells(shown)[-1] == ["1", "MUST_HAVE", "Kindness", "crit_000000000001"]


@pytest.mark.parametrize("text", ["[red]Python[/red]", "Python\x1b[2J", "Python\u202e"])
def test_text_of_a_criterion_is_neither_markup_nor_a_command_to_the_terminal(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    print_criteria([criterion(0, text)])
    ((_, _, shown, _),) = cells(capsys.readouterr().out)
    assert shown == text.replace("\x1b", "").replace("\u202e", "")


def test_an_importance_of_a_newer_server_is_shown_as_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    print_criteria([Criterion(id="crit_1", text="Python", importance=99)])  # type: ignore[arg-type]  # may be sent
    assert cells(capsys.readouterr().out) == [["0", "99", "Python", "crit_1"]]


async def test_the_current_version_is_named_above_its_criteria(
    criteria_client: CriteriaClient, capsys: pytest.CaptureFixture[str]
) -> None:
    await show_criteria(criteria_client, "backend", Shown())
    heading, table = capsys.readouterr().out.split("\n", 1)
    assert heading == "Version 2 of the criteria of job backend: version-2, ACTIVE, revision crit_7"
    assert cells(table) == [
        ["0", "MUST_HAVE", "5+ years of Python", "crit_000000000000"],
        ["1", "PREFERRED", "Kindness", "crit_000000000001"],
    ]


async def test_another_version_has_no_revision(
    criteria_client: CriteriaClient, capsys: pytest.CaptureFixture[str]
) -> None:
    await show_criteria(criteria_client, "backend", Shown(version_id="version-1"))
    heading, table = capsys.readouterr().out.split("\n", 1)
    assert heading == "Version 1 of the criteria of job backend: version-1, ARCHIVED"
    assert len(cells(table)) == 2


async def test_all_versions_are_listed_over_all_pages(
    criteria_client: CriteriaClient, criteria: FakeCriteria, capsys: pytest.CaptureFixture[str]
) -> None:
    criteria.versions = [version(3), version(2, archived=True), version(1, archived=True)]
    await show_criteria(criteria_client, "backend", Shown(all_versions=True))
    assert cells(capsys.readouterr().out) == [
        ["3", "version-3", "ACTIVE", "2026-01-02 03:04:05Z", "–"],
        ["2", "version-2", "ARCHIVED", "2026-01-02 03:04:05Z", "2026-01-02 03:05:05Z"],
        ["1", "version-1", "ARCHIVED", "2026-01-02 03:04:05Z", "2026-01-02 03:05:05Z"],
    ]


def shown_version(number: int, status: str, archived_at: str | None) -> dict[str, object]:
    return {
        "id": f"version-{number}",
        "version": number,
        "status": status,
        "createdAt": CREATED,
        "archivedAt": archived_at,
    }


def with_times(criteria: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    return [{**criterion, "createdAt": CREATED} for criterion in criteria]


@pytest.mark.parametrize(
    ("shown", "answer"),
    [
        (
            Shown(as_json=True),
            {
                "version": shown_version(2, "ACTIVE", None),
                "criteriaRevision": "crit_7",
                "criteria": with_times(SHOWN_CRITERIA),
            },
        ),
        (
            Shown(version_id="version-1", as_json=True),
            {
                "version": shown_version(1, "ARCHIVED", "2026-01-02T03:05:05Z"),
                "criteria": with_times(SHOWN_CRITERIA),
            },
        ),
        (
            Shown(all_versions=True, as_json=True),
            {
                "versions": [
                    shown_version(2, "ACTIVE", None),
                    shown_version(1, "ARCHIVED", "2026-01-02T03:05:05Z"),
                ],
                "nextPageToken": None,
            },
        ),
    ],
)
async def test_json_is_the_body_of_the_matching_route(
    criteria_client: CriteriaClient, capsys: pytest.CaptureFixture[str], shown: Shown, answer: object
) -> None:
    await show_criteria(criteria_client, "backend", shown)
    assert json.loads(capsys.readouterr().out) == answer


async def test_a_job_without_criteria_is_a_failure(criteria_client: CriteriaClient, criteria: FakeCriteria) -> None:
    criteria.archived = True
    with pytest.raises(CallFailed) as caught:
        await show_criteria(criteria_client, "backend", Shown())
    assert caught.value.code == error_reason_pb2.ErrorReason.Name(error_reason_pb2.CRITERIA_NOT_FOUND)
