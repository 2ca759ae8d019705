"""Criteria as a person writes them down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from nova.criteria.v1.criteria_service_pb2 import GetCurrentCriteriaVersionResponse
from nova.criteria.v1.criterion_pb2 import MUST_HAVE, NICE_TO_HAVE, PREFERRED, CriterionText, Importance
from nova_server.cli.criteria_files import read_criteria
from nova_server.cli.documented_json import render
from nova_server.cli.failures import UsageFault

from tests.unit.cli.fake_criteria import KINDNESS, PYTHON, version


def read(folder: Path, content: str | bytes, name: str = "criteria.md") -> list[CriterionText]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_criteria(path)


def fault(folder: Path, content: str | bytes, name: str = "criteria.md") -> str:
    with pytest.raises(UsageFault) as caught:
        read(folder, content, name)
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("line", "text", "importance"),
    [
        ("- MUST_HAVE: 5+ years of Python", "5+ years of Python", MUST_HAVE),
        ("PREFERRED: Kindness", "Kindness", PREFERRED),
        ("* NICE_TO_HAVE: Rust", "Rust", NICE_TO_HAVE),
        ("  + PREFERRED :Kindness  ", "Kindness", PREFERRED),
        ("12. MUST_HAVE: Numbered", "Numbered", MUST_HAVE),
        ("- MUST_HAVE: PREFERRED: a colon", "PREFERRED: a colon", MUST_HAVE),
        ("- MUST_HAVE: # of years > 5", "# of years > 5", MUST_HAVE),
        ("- MUST_HAVE: Zoë 東京", "Zoë 東京", MUST_HAVE),
    ],
)
def test_a_line_is_a_criterion(tmp_path: Path, line: str, text: str, importance: Importance.ValueType) -> None:
    assert read(tmp_path, line) == [CriterionText(text=text, importance=importance)]


def test_lines_keep_their_order_and_headings_and_blank_lines_are_skipped(tmp_path: Path) -> None:
    written = "\ufeff# Backend\r\n\r\n- PREFERRED: b\r\n   \r\n  # MUST_HAVE: not this\r\n- MUST_HAVE: a\r\n"
    assert [criterion.text for criterion in read(tmp_path, written)] == ["b", "a"]


@pytest.mark.parametrize(
    "line",
    [
        "Python",
        "- Python",
        "must_have: Python",
        "MUST-HAVE: Python",
        "- MUST_HAVE Python",
        "- MUST_HAVE:",
        "-MUST_HAVE: a",
    ],
)
def test_a_line_without_importance_or_text_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    said = fault(tmp_path, f"# Backend\n\n- MUST_HAVE: a\n{line}\n")
    assert said.splitlines() == [
        "criteria.md, line 4: no importance, or no text.",
        "Write it as `- MUST_HAVE: text`, with one of MUST_HAVE, PREFERRED, NICE_TO_HAVE.",
    ]


def test_every_line_at_fault_is_named(tmp_path: Path) -> None:
    said = fault(tmp_path, "Python\n- MUST_HAVE: a\nKindness\n")
    assert [line.split(":")[0] for line in said.splitlines()[:-1]] == ["criteria.md, line 1", "criteria.md, line 3"]


def test_a_separator_that_no_editor_counts_as_a_line_does_not_shift_the_numbers(tmp_path: Path) -> None:
    assert fault(tmp_path, "- MUST_HAVE: a\u2028b\x0bc\nPython").startswith("criteria.md, line 2:")


@pytest.mark.parametrize("content", ["", "\n \n", "# Nothing but a heading\n"])
def test_a_list_without_a_criterion_never_clears_the_criteria(tmp_path: Path, content: str) -> None:
    assert '{"criteria": []}' in fault(tmp_path, content)


def test_an_empty_list_in_json_does(tmp_path: Path) -> None:
    assert read(tmp_path, '{"criteria": []}') == []


@pytest.mark.parametrize("name", ["criteria.json", "criteria.JSON", "criteria.txt", "criteria"])
def test_json_is_known_by_its_content_or_its_name(tmp_path: Path, name: str) -> None:
    body = {"criteria": [{"text": "Python", "importance": "MUST_HAVE"}]}
    assert read(tmp_path, f"\n {json.dumps(body)}", name) == [CriterionText(text="Python", importance=MUST_HAVE)]


def test_what_show_prints_can_be_set_again(tmp_path: Path) -> None:
    shown = GetCurrentCriteriaVersionResponse(
        version=version(2), criteria_revision="crit_7", criteria=[PYTHON, KINDNESS]
    )
    assert read(tmp_path, json.dumps(render(shown))) == [
        CriterionText(text=PYTHON.text, importance=MUST_HAVE),
        CriterionText(text=KINDNESS.text, importance=PREFERRED),
    ]


def test_what_only_the_service_can_judge_is_left_to_it(tmp_path: Path) -> None:
    written = '{"criteria": [{"text": ""}, {"text": "Python", "importance": "VITAL"}]}'
    assert read(tmp_path, written) == [CriterionText(), CriterionText(text="Python")]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "null",
        "{}",
        '{"criteria": null}',
        '{"criteria": {}}',
        '{"criteria": "MUST_HAVE: Python"}',
        '{"criteria": ["MUST_HAVE: Python"]}',
        '{"criteria": [{"text": 7}]}',
        '{"criterion": [{"text": "Python", "importance": "MUST_HAVE"}]}',
        '{"criteria": ' * 100_000,
        "- MUST_HAVE: Python",
    ],
)
def test_json_of_another_shape_is_a_usage_fault(tmp_path: Path, content: str) -> None:
    assert fault(tmp_path, content, "criteria.json").startswith("criteria.json holds no criteria: ")


def test_a_file_that_is_not_text_is_a_usage_fault(tmp_path: Path) -> None:
    assert fault(tmp_path, b"\xff\xfe\xfd") == "criteria.md is not UTF-8 text."
