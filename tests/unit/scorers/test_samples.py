"""The samples are readable, and come out in the order they were written for."""

from __future__ import annotations

import json
import runpy
from datetime import date
from functools import cache
from pathlib import Path

import docx
import pypdfium2
import pytest
from nova_server.ports.scorer import ScoringInput
from nova_server.scorers.local.scorer import examine, score

SAMPLES = Path(__file__).parents[3] / "samples"
TODAY = date(2026, 11, 23)

STRONG = ["Lena Brandt.docx", "Amara Okafor.pdf", "Tomasz Wilk.pdf", "Priya Raman.md"]
MIXED = ["Marco Bellini.txt", "Hannah Whitlock.pdf", "Daniel Osei.docx"]
WRONG = ["Sofia Lindqvist.pdf", "Kenji Moriyama.docx", "Grace Adeyemi.pdf", "Oliver Baker.txt"]


def text_of(path: Path) -> str:
    """Return the text of a document that is known to be sound."""
    if path.suffix == ".pdf":
        return "\n".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(path))
    if path.suffix == ".docx":
        document = docx.Document(str(path))
        rows = [" | ".join(cell.text for cell in row.cells) for table in document.tables for row in table.rows]
        return "\n".join([paragraph.text for paragraph in document.paragraphs] + rows)
    return path.read_text()


def given(name: str) -> ScoringInput:
    """Return the application of a sample resume for the sample job."""
    return ScoringInput(
        (SAMPLES / "job.md").read_text(),
        text_of(SAMPLES / "resumes" / name),
        TODAY,
        role_knowledge=(SAMPLES / "role_knowledge.md").read_text(),
    )


@cache
def score_of_sample(name: str) -> int:
    """Return the score of a sample resume."""
    return score(given(name)).score


@pytest.mark.parametrize("name", STRONG)
def test_a_good_fit_is_in_the_upper_bands(name: str) -> None:
    assert score_of_sample(name) >= 7


@pytest.mark.parametrize("name", MIXED)
def test_a_partial_fit_lies_between(name: str) -> None:
    assert 3 <= score_of_sample(name) <= 6


@pytest.mark.parametrize("name", WRONG)
def test_another_trade_is_in_the_lowest_band(name: str) -> None:
    assert score_of_sample(name) <= 2


def test_the_best_two_are_exceptional() -> None:
    assert {score_of_sample(name) for name in STRONG[:2]} <= {9, 10}


def test_the_order_of_the_fits_is_the_intended_one() -> None:
    fits = [examine(given(name))[3].value for name in (*STRONG, *MIXED)]

    assert fits == sorted(fits, reverse=True)


@pytest.mark.parametrize("name", [*STRONG, *MIXED, *WRONG])
def test_no_assessment_speaks_of_the_company_or_its_benefits(name: str) -> None:
    assessment = score(given(name)).assessment
    said = " ".join([*assessment.strengths, *assessment.concerns, *assessment.interview_focus])

    assert not any(word in said for word in ("£", "pension", "equal opportunity", "founded", "calm weeks", "Leeds, UK"))


def test_every_resume_is_in_one_of_the_groups_or_cannot_be_read() -> None:
    names = {path.name for path in (SAMPLES / "resumes").iterdir()}

    assert names == {*STRONG, *MIXED, *WRONG, "Ruth Calloway.pdf", "Victor Hale.pdf"}


def test_the_scan_holds_no_text() -> None:
    assert text_of(SAMPLES / "resumes" / "Ruth Calloway.pdf").strip() == ""


def test_the_locked_document_asks_for_its_password() -> None:
    with pytest.raises(pypdfium2.PdfiumError, match="password"):
        pypdfium2.PdfDocument(SAMPLES / "resumes" / "Victor Hale.pdf")


def test_the_documents_are_made_from_their_sources(tmp_path: Path) -> None:
    made = runpy.run_path(str(SAMPLES / "make.py"))["make"](tmp_path)
    readable = [path for path in made if path.name != "Victor Hale.pdf"]

    assert len(made) == 10
    for path in readable:
        assert text_of(path) == text_of(SAMPLES / "resumes" / path.name)


def test_making_the_documents_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    make = runpy.run_path(str(SAMPLES / "make.py"))["make"]
    folders = [tmp_path / "first", tmp_path / "second"]
    contents = []
    for folder in folders:
        folder.mkdir()
        contents.append([path.read_bytes() for path in make(folder)])

    assert contents[0] == contents[1]


def test_no_document_is_large() -> None:
    assert all(path.stat().st_size < 60_000 for path in (SAMPLES / "resumes").iterdir())


def test_the_json_request_keeps_the_limits_of_the_contract() -> None:
    request = json.loads((SAMPLES / "batch.json").read_text())

    assert 1 <= len(request["applications"]) <= 25
    assert 1 <= len(request["jobDescription"]) <= 50_000
    assert 1 <= len(request["roleKnowledge"]) <= 15_000
    ids = [application["applicationId"] for application in request["applications"]]
    assert len(set(ids)) == len(ids)
    for application in request["applications"]:
        assert application["resume"]["type"] == "text"
        assert 50 <= len(application["resume"]["content"]) <= 102_400
