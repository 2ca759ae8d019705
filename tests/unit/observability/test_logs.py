"""Log lines are JSON with an event name, and never quote what an exception or a library says."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from nova_server.observability.logs import configure_logging

SECRET = "jane.smith@example.com"


class Lines:
    """What was logged so far."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def only(self) -> dict[str, Any]:
        (line,) = self.all()
        return line


@pytest.fixture
def lines() -> Iterator[Lines]:
    written = Lines()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging("info", written.stream)
    yield written
    root.handlers, root.level = handlers, level
    logging.captureWarnings(capture=False)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def test_a_line_has_an_event_a_level_a_utc_time_and_its_fields(lines: Lines) -> None:
    structlog.get_logger().info("batch_accepted", jobs=2)

    line = lines.only()
    assert (line["event"], line["level"], line["jobs"]) == ("batch_accepted", "info", 2)
    assert line["timestamp"].endswith("Z")


def test_a_line_has_the_trace_id_of_the_call_it_belongs_to(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(trace_id="4bf92f35"):
        structlog.get_logger().info("inside")
    structlog.get_logger().info("outside")

    assert [line.get("trace_id") for line in lines.all()] == ["4bf92f35", None]


@pytest.mark.parametrize(("level", "events"), [("debug", ["a", "b", "c"]), ("warning", ["b", "c"]), ("error", ["c"])])
def test_lines_below_the_level_are_not_written(lines: Lines, level: str, events: list[str]) -> None:
    configure_logging(level, lines.stream)

    log = structlog.get_logger()
    log.debug("a")
    log.warning("b")
    log.error("c")

    assert [line["event"] for line in lines.all()] == events


def fail_with_secret() -> None:
    try:
        int(SECRET)
    except ValueError as error:
        raise LookupError(f"no such row: {SECRET}") from error


def test_an_exception_shows_its_class_its_frames_and_its_cause_but_not_its_text(lines: Lines) -> None:
    try:
        fail_with_secret()
    except LookupError as error:
        structlog.get_logger().error("read_failed", exc_info=error)

    described = lines.only()["exception"]
    assert [error["type"] for error in described] == ["LookupError", "ValueError"]
    assert described[0]["frames"][-1].startswith("unit/observability/test_logs.py:")
    assert described[0]["frames"][-1].endswith("in fail_with_secret")
    assert SECRET not in lines.stream.getvalue()


@pytest.mark.parametrize("exc_info", [True, "exception", "triple"])
def test_an_exception_is_described_however_it_is_passed(lines: Lines, exc_info: object) -> None:
    try:
        fail_with_secret()
    except LookupError as error:
        passed = {"exception": error, "triple": (LookupError, error, error.__traceback__)}
        structlog.get_logger().error("read_failed", exc_info=passed.get(str(exc_info), exc_info))

    assert lines.only()["exception"][0]["type"] == "LookupError"
    assert SECRET not in lines.stream.getvalue()


@pytest.mark.parametrize("exc_info", [None, False, (None, None, None), True])
def test_a_line_without_an_exception_has_no_field_for_one(lines: Lines, exc_info: object) -> None:
    structlog.get_logger().error("odd", exc_info=exc_info)

    assert "exception" not in lines.only()


def recurse(depth: int) -> None:
    if depth == 0:
        raise RecursionError(SECRET)
    recurse(depth - 1)


def test_a_recursion_does_not_fill_the_log(lines: Lines) -> None:
    try:
        recurse(200)
    except RecursionError as error:
        structlog.get_logger().error("too_deep", exc_info=error)

    assert len(lines.only()["exception"][0]["frames"]) == 40


def test_a_value_that_json_cannot_hold_is_named_by_its_type(lines: Lines) -> None:
    structlog.get_logger().info("odd", value=SECRET.encode())

    assert lines.only()["value"] == "<bytes>"


def test_what_a_library_logs_is_kept_without_its_text(lines: Lines) -> None:
    logging.getLogger("aiohttp.server").warning("Bad header %s", SECRET)

    line = lines.only()
    assert (line["event"], line["level"], line["logger"]) == ("library_message", "warning", "aiohttp.server")
    assert line["source"].startswith("test_logs.py:")
    assert SECRET not in lines.stream.getvalue()


def test_an_exception_that_a_library_logs_is_described_without_its_text(lines: Lines) -> None:
    try:
        fail_with_secret()
    except LookupError:
        logging.getLogger("asyncio").exception("Task failed: %s", SECRET)

    assert [error["type"] for error in lines.only()["exception"]] == ["LookupError", "ValueError"]
    assert SECRET not in lines.stream.getvalue()


def test_what_libraries_log_below_a_warning_is_dropped(lines: Lines) -> None:
    logging.getLogger("sqlalchemy.engine").info("SELECT %s", SECRET)

    assert lines.all() == []


def test_a_warning_of_python_becomes_a_line_without_its_text(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn(SECRET, stacklevel=1)

    assert lines.only()["logger"] == "py.warnings"
    assert SECRET not in lines.stream.getvalue()


def test_the_log_goes_to_standard_error_and_leaves_standard_output_alone(
    lines: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("info")
    structlog.get_logger().info("started")

    captured = capsys.readouterr()
    assert captured.out == ""
    assert json.loads(captured.err)["event"] == "started"
    assert lines.all() == []
