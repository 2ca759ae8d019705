"""What the tests of the commands share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nova_server.cli.channel import Connection, connect
from nova_server.cli.client import ScoringClient
from nova_server.cli.criteria_client import CriteriaClient

from tests.unit.cli.fake_service import FakeScoring, RunningService, running_service

RESUME = "Jane Smith. Seven years of backend work in Python, with PostgreSQL and gRPC."


@pytest.fixture
async def service() -> AsyncIterator[RunningService]:
    async with running_service() as service:
        yield service


@pytest.fixture
def fake(service: RunningService) -> FakeScoring:
    return service.fake


@pytest.fixture
async def connection(service: RunningService) -> AsyncIterator[Connection]:
    async with connect(service.address, "sk_test_secret", "acme") as connection:
        yield connection


@pytest.fixture
def client(connection: Connection) -> ScoringClient:
    return ScoringClient(connection)


@pytest.fixture
def criteria_client(connection: Connection) -> CriteriaClient:
    return CriteriaClient(connection)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a job and two resumes."""
    (tmp_path / "job.txt").write_text("Senior Backend Engineer. Python.", encoding="utf-8")
    (tmp_path / "jane-smith.txt").write_text(RESUME, encoding="utf-8")
    (tmp_path / "john-doe.pdf").write_bytes(b"%PDF-1.7 pretended")
    return tmp_path
