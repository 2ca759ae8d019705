"""What the gateway's Lua costs on the largest answer, beside Python's own JSON doing the same."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.machine import run
from tests.support.lua import GatewayLua

MESSAGE = "nova.scoring.v1.GetScoringBatchResponse"
JOBS = 25
ROUNDS = 2000

# As the transcoder prints a scored job: the keys that have no value are not there.
JOB = {
    "id": "cmlz26dl3001bwp61r8sjf2ka",
    "criteriaVersionId": "cmlz26d0a000awp61m3xq81vd",
    "jobId": "job-123",
    "applicationId": "app-001",
    "status": "completed",
    "isRescore": False,
    "score": 7,
    "assessment": {
        "verdict": 'A strong match: "seven years" of Python, and the team\'s own stack. ' * 4,
        "strengths": ["Seven years of experience with Python and PostgreSQL at three companies"] * 5,
        "concerns": ["Kubernetes is asked for and not mentioned anywhere in the application"] * 4,
        "interviewFocus": ["How the move to several regions was planned and what broke"] * 3,
    },
    "queuedAt": "2026-11-24T01:57:42.168323Z",
    "startedAt": "2026-11-24T01:57:42.172839Z",
    "completedAt": "2026-11-24T01:57:42.186879Z",
}
BATCH = {
    "id": "cmlz26em4002cwp61t7ukh3lb",
    "jobId": "job-123",
    "status": "pending",
    "totalJobs": JOBS,
    "completedJobs": 24,
    "failedJobs": 0,
    "createdAt": "2026-11-24T01:57:42.168323Z",
}
NULLS = ("errorCode", "errorMessage", "failedAt")


def measure(_folder: Path) -> None:
    """Print both times."""
    lua = GatewayLua()
    printed = json.dumps({"batch": BATCH, "scoringJobs": [JOB] * JOBS}, separators=(",", ":"))
    assert json.loads(lua.completed(printed, MESSAGE)) == json.loads(_completed(printed))
    view = _milliseconds(lambda: lua.completed(printed, MESSAGE))
    peer = _milliseconds(lambda: _completed(printed))
    print(
        f"JSON view: {view:.3f} ms for {JOBS} jobs in {len(printed)} bytes, Python's json {peer:.3f} ms: "
        f"{view / peer:.2f} of it"
    )


def _completed(printed: str) -> str:
    """Do what the view does by parsing and printing."""
    answer: dict[str, Any] = json.loads(printed)
    answer["batch"].setdefault("completedAt", None)
    for job in answer["scoringJobs"]:
        for key in NULLS:
            job.setdefault(key, None)
    return json.dumps(answer, separators=(",", ":"))


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(ROUNDS):
        work()
    return (time.perf_counter() - began) / ROUNDS * 1000


if __name__ == "__main__":
    run(measure)
