"""How these tests log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def short_log() -> Iterator[None]:
    """Log no tracebacks. With the values of all variables, one can take longer than a test waits."""
    structlog.configure(processors=[structlog.processors.JSONRenderer(default=repr)])
    yield
    structlog.reset_defaults()
