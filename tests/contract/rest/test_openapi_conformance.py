"""A running server answers as its OpenAPI document says, whatever is sent. Schemathesis makes up what is sent."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.running_server import new_key, started

SCHEMATHESIS = Path(sys.executable).parent / "st"
CASES = re.compile(r"(?P<generated>\d+) generated, (?P<passed>\d+) passed")
# Of methods that a route does not have, the contract says that they are not found. And JSON Schema has no words for
# some of what makes a submission valid: where a URL may lead, and that no application is submitted twice.
EXCLUDED_CHECKS = "unsupported_method,positive_data_acceptance"


@pytest.fixture(scope="module")
def characters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for Hypothesis's tables of characters, which take it seconds to make."""
    return tmp_path_factory.mktemp("characters")


@pytest.mark.parametrize(
    ("methods", "examples", "expected"), [(("GET",), 100, 1200), (("POST", "PUT", "PATCH", "DELETE"), 20, 800)]
)
def test_every_answer_is_a_documented_one(
    tmp_path: Path, characters: Path, methods: tuple[str, ...], examples: int, expected: int
) -> None:
    secret = new_key(tmp_path)
    with started(tmp_path, gateway=True) as server:
        options = (*(f"--include-method={method}" for method in methods), "--max-examples", str(examples))
        run = schemathesis(server.rest_url, secret, *options, folder=tmp_path, characters=characters)

        found = CASES.search(run.stdout)
        assert found, run.stdout
        assert (run.returncode, found["passed"]) == (0, found["generated"]), run.stdout
        assert int(found["generated"]) >= expected
        assert asyncio.run(server.envoy_admin().lua_errors()) == 0
        assert [line for line in server.log.lines() if line["level"] == "error"] == []


def schemathesis(
    url: str, secret: str, *options: str, folder: Path, characters: Path
) -> subprocess.CompletedProcess[str]:
    headers = ("--header", f"Authorization: Bearer {secret}", "--header", "X-Tenant-Id: tenant-1")
    checks = ("--checks", "all", "--exclude-checks", EXCLUDED_CHECKS)
    data = ("--mode", "all", "--phases", "examples,coverage,fuzzing", "--seed", "1")
    command = (str(SCHEMATHESIS), "run", f"{url}/openapi.json", "--no-color", *headers, *checks, *data, *options)
    kept = {**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(characters)}
    return subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, check=False)
