"""The table of results, and the text that reaches a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pytest
from nova.errors.v1 import error_reason_pb2
from nova.scoring.v1.scoring_job_pb2 import ScoringJob
from nova_server.cli.progress import progress_shown
from nova_server.cli.results import result_table
from nova_server.cli.text import printable
from rich.console import Console

from tests.unit.cli.fake_service import failed, pending, scored


def printed(jobs: Iterable[ScoringJob], width: int = 120) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width).print(result_table(jobs))
    return stream.getvalue()


def test_rows_go_from_the_best_score_to_those_without_one() -> None:
    table = printed([failed("eve", error_reason_pb2.RESUME_EMPTY), scored("ann", 3), pending("dan"), scored("cyd", 10)])
    places = [table.index(name) for name in ("cyd", "ann", "dan", "eve")]
    assert places == sorted(places)


def test_equal_scores_are_ordered_by_application() -> None:
    table = printed([scored("bob"), scored("ann")])
    assert table.index("ann") < table.index("bob")


def test_a_failed_job_shows_its_code_and_sentence() -> None:
    assert "RESUME_EMPTY: The resume's document holds no text. It may be a scan." in printed(
        [failed("eve", error_reason_pb2.RESUME_EMPTY)]
    )


def test_a_long_verdict_is_wrapped_and_not_cut() -> None:
    table = printed([scored("ann", verdict="word " * 60 + "end.")], width=80)
    assert table.count("word") == 60
    assert "end." in table
    assert all(len(line) <= 80 for line in table.splitlines())


def test_a_long_application_id_is_folded_and_not_cut() -> None:
    assert printed([scored("x" * 255)]).count("x") == 255


def test_markup_in_a_verdict_is_shown_and_not_obeyed() -> None:
    assert "[red]quoted[/red]" in printed([scored("ann", verdict="[red]quoted[/red]")])


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\u202e", "\u200b", "\x00"])
def test_text_cannot_steer_the_terminal(hostile: str) -> None:
    shown = printable(f"before{hostile}after")
    assert shown.startswith("before")
    assert shown.endswith("after")
    assert shown.isprintable()


def test_words_in_other_scripts_stay() -> None:
    assert printable("Zoë 東京\nété") == "Zoë 東京 été"


def test_on_a_terminal_progress_is_a_bar() -> None:
    stream = io.StringIO()
    with progress_shown(Console(file=stream, force_terminal=True, width=100)) as display:
        display.show(3, 8)
    assert "3/8" in stream.getvalue()


def test_elsewhere_progress_is_a_line_for_each_change() -> None:
    stream = io.StringIO()
    with progress_shown(Console(file=stream)) as display:
        for ended in (0, 3, 3, 8):
            display.show(ended, 8)
    assert stream.getvalue().splitlines() == [f"{ended} of 8 scored or failed" for ended in (0, 3, 8)]
