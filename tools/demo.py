"""Start a server, score the sample resumes on it over REST, check what comes out and what webhooks tell, and stop it.

Needs the runtime dependencies only. Ends with code 1 when anything is other than expected.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
from nova.scoring.v1.scoring_job_pb2 import ScoringJob
from nova_server.cli.applications import ResumeFile, read_resumes
from nova_server.cli.document_server import lend
from nova_server.cli.documented_json import parse
from nova_server.cli.progress import progress_shown
from nova_server.cli.results import result_table
from nova_server.cli.text import output_console
from rich.console import Console

from tools.demo_server import LOG, Server, Unexpected, running_server
from tools.demo_webhooks import receiving_webhooks, show_webhooks

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data/demo"
REQUEST = "request.json"
SAMPLES = ROOT / "samples"
ROUTE = "/v1/jobs/senior-backend-engineer/scoring-batches"
TENANT = "acme-corp"
POLL_SECONDS = 0.2

# What the samples are made to show: who should come out on top, who below, and which document cannot be read.
GOOD_FITS = ("Amara Okafor", "Lena Brandt")
POOR_FITS = ("Grace Adeyemi", "Oliver Baker", "Kenji Moriyama")
UNREADABLE = {"Ruth Calloway": "RESUME_EMPTY", "Victor Hale": "RESUME_ENCRYPTED"}

Json = Mapping[str, Any]


def main() -> int:
    """Run the demo, with its data in the folder named by the first argument. Returns the exit code."""
    begin = time.monotonic()
    data = Path(sys.argv[1]).resolve() if sys.argv[1:] else DATA
    shutil.rmtree(data, ignore_errors=True)
    try:
        with running_server(data) as server:
            asyncio.run(demonstrate(server, data))
    except Unexpected as fault:
        print(f"\nThe demo failed: {fault}\nThe server's log is {data / LOG}", file=sys.stderr)
        return 1
    print(f"\nEverything is as expected, after {time.monotonic() - begin:.1f} s.")
    return 0


async def demonstrate(server: Server, data: Path) -> None:
    """Score the samples, check the result and what webhooks tell of it, and say how to repeat it."""
    print("Creating a sandbox key: nova keys create --environment sandbox")
    key = server.run("keys", "create", "--environment", "sandbox").strip()
    headers = {"Authorization": f"Bearer {key}", "X-Tenant-Id": TENANT}
    resumes = read_resumes(sorted((SAMPLES / "resumes").iterdir()))
    async with (
        lend([resume.path for resume in resumes if resume.text is None]) as urls,
        aiohttp.ClientSession(server.rest_url, headers=headers) as session,
        receiving_webhooks(server) as webhooks,
    ):
        request = submission(resumes, urls)
        (data / REQUEST).write_text(json.dumps(request, indent=2, ensure_ascii=False), encoding="utf-8")
        await show_webhooks(webhooks, await score(session, request))
    print(f"\nAll over again, whenever you like:\n\n{commands(data, key)}")


async def score(session: aiohttp.ClientSession, request: Json) -> Mapping[str, Json]:
    """Submit the request, wait for the scores, show and check them, and submit it again. Returns the jobs by name."""
    print(f"Submitting {len(request['applications'])} resumes: POST {ROUTE}\n", flush=True)
    accepted = await submit(session, request)
    print(json.dumps(accepted["batch"], indent=2), "\n", flush=True)
    ended = await finished(session, accepted["batch"]["id"])
    output_console().print(result_table(parse(job, ScoringJob()) for job in ended["scoringJobs"]))
    jobs = {job["applicationId"]: job for job in ended["scoringJobs"]}
    check(jobs)
    again = await submit(session, request)
    if again["batch"] != ended["batch"]:
        raise Unexpected("the same request made another batch")
    print("Submitted again, the same request is the same batch, with its counts of now.")
    return jobs


def submission(resumes: list[ResumeFile], urls: Mapping[Path, str]) -> Json:
    """Return the body of the request: a text travels in it, any other document is fetched from its URL."""
    return {
        "jobDescription": (SAMPLES / "job.md").read_text(encoding="utf-8"),
        "jobTitle": "Senior Backend Engineer",
        "roleKnowledge": (SAMPLES / "role_knowledge.md").read_text(encoding="utf-8"),
        "applications": [
            {"applicationId": resume.application_id, "resume": source(resume, urls)} for resume in resumes
        ],
    }


def source(resume: ResumeFile, urls: Mapping[Path, str]) -> Json:
    """Return a resume as the request has it."""
    if resume.text is None:
        return {"type": "url", "url": urls[resume.path]}
    return {"type": "text", "content": resume.text}


async def submit(session: aiohttp.ClientSession, request: Json) -> Json:
    """Return the accepted batch. Raises Unexpected when it is refused."""
    async with session.post(ROUTE, json=request) as answer:
        return await body(answer, 202)


async def finished(session: aiohttp.ClientSession, batch_id: str) -> Json:
    """Return the batch once it has ended, and show how far it is until then."""
    with progress_shown(Console(stderr=True)) as display:
        while True:
            async with session.get(f"{ROUTE}/{batch_id}") as answer:
                found = await body(answer, 200)
            batch = found["batch"]
            display.show(batch["completedJobs"] + batch["failedJobs"], batch["totalJobs"])
            if batch["status"] != "pending":
                return found
            await asyncio.sleep(POLL_SECONDS)


async def body(answer: aiohttp.ClientResponse, status: int) -> Json:
    """Return the JSON of an answer. Raises Unexpected when its status is another one."""
    if answer.status != status:
        raise Unexpected(f"the answer has status {answer.status}: {await answer.text()}")
    content: Json = await answer.json()
    return content


def check(jobs: Mapping[str, Json]) -> None:
    """Raise Unexpected unless the samples came out as they are made to."""
    for name, code in UNREADABLE.items():
        if jobs[name]["errorCode"] != code:
            raise Unexpected(f"{name} should have failed with {code}, and shows {jobs[name]['errorCode']}")
    failed = sorted(name for name, job in jobs.items() if job["status"] != "completed" and name not in UNREADABLE)
    if failed:
        raise Unexpected(f"these should have been scored: {', '.join(failed)}")
    worst_good, best_poor = min(jobs[name]["score"] for name in GOOD_FITS), max(jobs[n]["score"] for n in POOR_FITS)
    if worst_good <= best_poor:
        raise Unexpected(f"a good fit has {worst_good}, and a poor one {best_poor}")


def commands(data: Path, key: str) -> str:
    """Return what a reader types to repeat the request, in two terminals."""
    return "\n".join(
        (
            f"  NOVA_DATA_DIR={data} NOVA_ALLOW_NETWORKS=127.0.0.0/8 .venv/bin/nova serve",
            "",
            f"  curl http://127.0.0.1:8080{ROUTE} \\",
            f"    -H 'Authorization: Bearer {key}' -H 'X-Tenant-Id: {TENANT}' \\",
            f"    -H 'Content-Type: application/json' --data-binary @{data / REQUEST}",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
