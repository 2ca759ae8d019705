"""`docs/errors.md` against the catalogue."""

from __future__ import annotations

from nova.errors.v1.error_reason_pb2 import ErrorReason

from tools import document_errors


def rows() -> dict[str, list[str]]:
    cells = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in document_errors.render().splitlines()]
    return {row[0]: row for row in cells if row[0] in ErrorReason.keys()}  # noqa: SIM118 - an enum is no mapping


def test_every_reason_that_is_sent_has_a_row() -> None:
    assert sorted(rows()) == sorted(name for name, number in ErrorReason.items() if number)


def test_a_row_of_a_call_says_how_the_error_travels() -> None:
    row = rows()["SERVICE_UNAVAILABLE"]

    assert row[1:4] == ["UNAVAILABLE", "503", "yes"]
    assert row[4].startswith("The service cannot take the request now: its store is away")


def test_a_row_of_a_job_says_what_went_wrong() -> None:
    assert rows()["RESUME_TOO_LARGE"] == [
        "RESUME_TOO_LARGE",
        "no",
        "The resume's document is over 50 MiB, or unpacks to far more than its pages could hold.",
    ]


def test_the_page_in_the_tree_is_the_one_that_is_rendered() -> None:
    assert document_errors.PAGE.read_text(encoding="utf-8") == document_errors.render()
