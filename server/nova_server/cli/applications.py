"""Requests made from what a person has: resumes on disk, or a request written down as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nova.scoring.v1.application_pb2 import Application
from nova.scoring.v1.resume_pb2 import Resume
from nova.scoring.v1.scoring_job_pb2 import Rescore
from nova.scoring.v1.scoring_service_pb2 import SubmitScoringBatchRequest, SubmitScoringJobRequest

from nova_server.cli.documented_json import parse
from nova_server.cli.failures import UsageFault

# The most applications that one batch takes.
BATCH_LIMIT = 25
TEXT_SUFFIXES = frozenset({".txt", ".md"})


@dataclass(frozen=True, slots=True)
class Job:
    """The job that resumes on disk are submitted for."""

    id: str
    description: str
    title: str | None = None
    company_name: str | None = None
    role_knowledge: str | None = None


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What the command line says about the job. Long texts are files."""

    id: str | None = None
    description_file: Path | None = None
    title: str | None = None
    company_name: str | None = None
    role_knowledge_file: Path | None = None

    def read(self) -> Job:
        """Return the job. Raises UsageFault when its id or its description is missing, or a file is not text."""
        if not self.id or not self.description_file:
            raise UsageFault("Name the job and its text: --job-id and --job-description.")
        role_knowledge = read_text(self.role_knowledge_file) if self.role_knowledge_file else None
        return Job(self.id, read_text(self.description_file), self.title, self.company_name, role_knowledge)

    def only_id(self) -> str | None:
        """Return the job's id. Raises UsageFault when anything else is given."""
        if self != JobOptions(self.id):
            raise UsageFault("A JSON request holds the texts of its job. Beside it only --job-id can be given.")
        return self.id


@dataclass(frozen=True, slots=True)
class ResumeFile:
    """A resume on disk. `text` is its content when the request carries it, and None when it has to be fetched."""

    application_id: str
    path: Path
    text: str | None


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file. Raises UsageFault when it holds something else."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageFault(f"{path} is not UTF-8 text.") from error


def read_resumes(paths: Sequence[Path]) -> list[ResumeFile]:
    """Return the resumes at `paths`, named by their file names and in the order of these names.

    The order makes the same files the same batches, however the shell listed them. Raises UsageFault when two files
    would be the same application, or one cannot be read.
    """
    named: dict[str, Path] = {}
    for path in paths:
        other = named.setdefault(path.stem, path)
        if other != path:
            raise UsageFault(f"{other} and {path} would both be application {path.stem}. Rename one of them.")
    return [ResumeFile(name, path, _inline_text(path)) for name, path in sorted(named.items())]


def _inline_text(path: Path) -> str | None:
    """Return the text of a UTF-8 text file. Any other document is read by the service."""
    if path.suffix.lower() not in TEXT_SUFFIXES:
        return None
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return None


def make_requests(job: Job, resumes: Sequence[ResumeFile], urls: Mapping[Path, str]) -> list[SubmitScoringBatchRequest]:
    """Return one request for every 25 resumes. `urls` tells where each resume that has no text can be fetched."""
    applications = iter([_application(resume, urls) for resume in resumes])
    requests = []
    while part := list(islice(applications, BATCH_LIMIT)):
        requests.append(_request(job, part))
    return requests


def make_rescore(
    job: Job, resume: ResumeFile, urls: Mapping[Path, str], criteria_version_id: str | None
) -> SubmitScoringJobRequest:
    """Return the request for a fresh score, against a pinned criteria version or else the current one."""
    return SubmitScoringJobRequest(
        job_id=job.id,
        job_description=job.description,
        job_title=job.title,
        company_name=job.company_name,
        role_knowledge=job.role_knowledge,
        application_id=resume.application_id,
        resume=_source(resume, urls),
        rescore=Rescore(enabled=True, criteria_version_id=criteria_version_id),
    )


def _request(job: Job, applications: list[Application]) -> SubmitScoringBatchRequest:
    return SubmitScoringBatchRequest(
        job_id=job.id,
        job_description=job.description,
        job_title=job.title,
        company_name=job.company_name,
        role_knowledge=job.role_knowledge,
        applications=applications,
    )


def _application(resume: ResumeFile, urls: Mapping[Path, str]) -> Application:
    return Application(application_id=resume.application_id, resume=_source(resume, urls))


def _source(resume: ResumeFile, urls: Mapping[Path, str]) -> Resume:
    if resume.text is None:
        return Resume(type=Resume.URL, url=urls[resume.path])
    return Resume(type=Resume.TEXT, content=resume.text)


def read_request(path: Path, job_id: str | None) -> SubmitScoringBatchRequest:
    """Return the request that a JSON file holds in its documented REST shape.

    `job_id` stands for the one in the path of the REST route, and wins over a `jobId` in the file. Raises UsageFault
    when the file is not such a request, or no job is named.
    """
    try:
        request = parse(json.loads(path.read_text(encoding="utf-8-sig")), SubmitScoringBatchRequest())
    except ValueError as error:
        raise UsageFault(f"{path} is not a request: {error}") from error
    except RecursionError:
        raise UsageFault(f"{path} is not a request: it is nested too deep") from None
    request.job_id = job_id or request.job_id
    if not request.job_id:
        raise UsageFault("Name the job: --job-id.")
    return request
