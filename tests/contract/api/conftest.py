"""How these tests log, and what their servers share."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
import structlog
from nova_server.api import field_rules
from protovalidate import Validator

compiled_once = cache(Validator)


@pytest.fixture(autouse=True)
def short_log() -> Iterator[None]:
    """Log no tracebacks. With the values of all variables, one can take longer than a test waits."""
    structlog.configure(processors=[structlog.processors.JSONRenderer(default=repr)])
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def compiled_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the rules of the protos from one server to the next. Compiling them takes longer than a test."""
    monkeypatch.setattr(field_rules, "Validator", compiled_once)
