"""What `nova rescore` shows of a scoring job."""

from __future__ import annotations

from nova.scoring.v1.scoring_job_pb2 import ScoringJob
from nova.scoring.v1.scoring_service_pb2 import GetScoringJobResponse

from nova_server.cli.answers import print_answer
from nova_server.cli.documented_json import spell
from nova_server.cli.results import failure_of
from nova_server.cli.text import print_facts, print_points, printable, shown_time
from nova_server.ports.clock import Instant


def show_job(job: ScoringJob, *, as_json: bool) -> None:
    """Print a scoring job that ended, as lines to read or as the answer of GetScoringJob."""
    if as_json:
        print_answer(GetScoringJobResponse(scoring_job=job))
    else:
        print_facts(_facts(job))
        print_points("strengths", job.assessment.strengths)
        print_points("concerns", job.assessment.concerns)


def _facts(job: ScoringJob) -> dict[str, str | None]:
    scored = job.HasField("score")
    return {
        "application": job.application_id,
        "scoring job": job.id,
        "criteria version": job.criteria_version_id,
        "status": str(spell(job.status, ScoringJob.Status.DESCRIPTOR)),
        "error": failure_of(job) if job.status == ScoringJob.FAILED else None,
        "score": str(job.score) if scored else None,
        "verdict": job.assessment.verdict if scored else None,
    }


def origin(job: ScoringJob, latest: ScoringJob | None) -> str:
    """Say whether a submission made `job`, when `latest` was the application's latest job before it.

    The service's own times tell: a job that was there is not younger than the latest one.
    """
    name = f"Scoring job {printable(job.id)}"
    if latest is not None and (job.id == latest.id or _queued_at(job) < _queued_at(latest)):
        return f"{name} was made before, at {shown_time(_queued_at(job))}: there is one for each criteria version."
    again = "again" if job.is_rescore else "for the first time"
    return f"{name} is new: it scores {printable(job.application_id)} {again}."


def _queued_at(job: ScoringJob) -> Instant:
    return Instant(job.queued_at.ToMicroseconds())
