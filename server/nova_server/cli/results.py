"""The table of results."""

from __future__ import annotations

from collections.abc import Iterable

from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova.scoring.v1.scoring_job_pb2 import ScoringJob
from rich.table import Table
from rich.text import Text

from nova_server.cli.documented_json import spell
from nova_server.cli.text import printable

STYLES = {ScoringJob.COMPLETED: "green", ScoringJob.FAILED: "red"}


def result_table(jobs: Iterable[ScoringJob]) -> Table:
    """Return the jobs as a table, best score first, and those without a score last."""
    table = Table(expand=True, show_lines=True)
    table.add_column("Application", max_width=40, overflow="fold")
    table.add_column("Status", no_wrap=True)
    table.add_column("Score", justify="right", no_wrap=True)
    table.add_column("Verdict", ratio=1)
    for job in sorted(jobs, key=_rank):
        table.add_row(_text(job.application_id), _status(job), _score(job), _text(_words(job)))
    return table


def failure_of(job: ScoringJob) -> str:
    """Return the code and the sentence of a failed job. A code that a newer server sends is a number."""
    return f"{spell(job.error_code, ErrorReason.DESCRIPTOR)}: {job.error_message}"


def _rank(job: ScoringJob) -> tuple[int, str]:
    return (-job.score, job.application_id)


def _status(job: ScoringJob) -> Text:
    return Text(ScoringJob.Status.Name(job.status).lower(), style=STYLES.get(job.status, ""))


def _score(job: ScoringJob) -> Text:
    return Text(str(job.score), style="bold") if job.HasField("score") else Text("–")


def _words(job: ScoringJob) -> str:
    """Return the verdict, or why there is none."""
    if job.status == ScoringJob.FAILED:
        return failure_of(job)
    return job.assessment.verdict


def _text(words: str) -> Text:
    """Return words as they are: Text, unlike a plain string, is not searched for markup."""
    return Text(printable(words))
