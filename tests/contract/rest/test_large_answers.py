"""The largest answer reaches callers of every version of HTTP."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE
from dataclasses import replace

import pytest
from nova_server.ports.scorer import Assessment
from nova_server.ports.scoring import BatchWithJobs, JobState

from tests.support.api import Served
from tests.support.rest import BATCHES, HEADERS, Rest
from tests.support.use_cases import ENDED, JOB

JOBS = 25
SENTENCE = "Seven years of Python and PostgreSQL at three companies. "
# Four times as long as the local scorer's longest, in non-Latin letters, of which each takes two bytes.
WORDS = Assessment("Опыт. " * 100, (SENTENCE * 4,) * 20, (SENTENCE * 4,) * 12, (SENTENCE * 4,) * 12)


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
async def test_a_batch_of_25_long_assessments_is_answered_whole(rest: Rest, served: Served, version: str) -> None:
    job = replace(JOB, state=JobState.COMPLETED, score=7, assessment=WORDS)
    served.use_cases.found = BatchWithJobs(ENDED, (job,) * JOBS)
    headers = [part for name, value in HEADERS.items() for part in ("--header", f"{name}: {value}")]
    curl = await asyncio.create_subprocess_exec(
        "curl", "--silent", version, *headers, f"{rest.url}{BATCHES}/cbatch", stdout=PIPE
    )
    body, _ = await asyncio.wait_for(curl.communicate(), 30)
    assert len(body) > 256 * 1024
    answer = json.loads(body)
    assert [one["assessment"]["verdict"] for one in answer["scoringJobs"]] == [WORDS.verdict] * JOBS
