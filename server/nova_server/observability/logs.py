"""One JSON object a line: an event name, a level, a UTC time, and the trace id when a call is being served.

    {"event": "call_failed", "level": "error", "timestamp": "2026-03-01T09:00:00.000000Z", "trace_id": "4bf9…", …}

Code of this project logs an event name with fields that it chose. What libraries log through the standard `logging`
module is free text that may quote a caller (a header, a URL, a row), so only its logger's name, its level, the place in
the library's source and the class of its exception are kept.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from pathlib import PurePath
from typing import Any, TextIO

import structlog

from nova_server.observability.exceptions import describe_exception


def configure_logging(level: str, stream: TextIO | None = None) -> None:
    """Write every log line of this process at `level` or above to `stream`, by default standard error.

    Standard output stays free for what commands print. May be called again; the last call counts.
    """
    lowest = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _hide_exception_text,
            structlog.processors.JSONRenderer(default=_name_type),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        # Loggers are made at import, before this function runs; a cached one would keep the old stream.
        cache_logger_on_first_use=False,
    )
    _take_over_standard_logging(lowest)


def _take_over_standard_logging(lowest: int) -> None:
    logging.captureWarnings(capture=True)
    # Below warnings, libraries tell of every request and statement, which nobody asked for.
    logging.basicConfig(handlers=[LibraryHandler()], level=max(lowest, logging.WARNING), force=True)


class LibraryHandler(logging.Handler):
    """Turns a record of the standard `logging` module into a line of ours, without its text."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log where the record comes from."""
        structlog.get_logger().log(
            record.levelno,
            "library_message",
            logger=record.name,
            source=f"{PurePath(record.pathname).name}:{record.lineno}",
            exc_info=record.exc_info,
        )


def _hide_exception_text(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace `exc_info` by the description that is safe to show."""
    error = _exception(event.pop("exc_info", None))
    if error is not None:
        event["exception"] = describe_exception(error)
    return event


def _exception(exc_info: object) -> BaseException | None:
    """Find the exception in whatever callers may pass as `exc_info`: itself, a triple, or True for the current one."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def _name_type(value: object) -> str:
    """Stand in for a value that JSON cannot hold. Its `repr` might quote a caller; its type does not."""
    return f"<{type(value).__name__}>"
