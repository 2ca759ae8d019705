"""Submissions as a test needs them: only what matters is said."""

from __future__ import annotations

from collections.abc import Iterable

from nova_server.ports.scoring import BatchSubmission, JobSubmission, Rescore, ResumeSource, SubmittedApplication
from nova_server.ports.tenancy import Environment, TenantKey

JOB_DESCRIPTION = "A backend engineer with five years of Python."
ACME = TenantKey("partner-1", Environment.SANDBOX, "acme")
GLOBEX = TenantKey("partner-1", Environment.SANDBOX, "globex")


def resume_text(application_id: str) -> str:
    """Return the resume of an application: a text of its own."""
    return f"The resume of {application_id}: " + "ten years of Python. " * 4


def application(application_id: str) -> SubmittedApplication:
    """Return an application with a resume of its own."""
    return SubmittedApplication(application_id, ResumeSource(text=resume_text(application_id)))


def submission(
    *application_ids: str,
    tenant: TenantKey = ACME,
    job_id: str = "job-1",
    job_description: str = JOB_DESCRIPTION,
    role_knowledge: str | None = None,
) -> BatchSubmission:
    """Return a submission of these applications."""
    return BatchSubmission(
        tenant,
        job_id,
        job_description,
        tuple(application(application_id) for application_id in application_ids),
        role_knowledge=role_knowledge,
    )


def single(
    application_id: str,
    *,
    tenant: TenantKey = ACME,
    job_id: str = "job-1",
    job_description: str = JOB_DESCRIPTION,
    role_knowledge: str | None = None,
    rescore: Rescore | None = None,
) -> JobSubmission:
    """Return a submission of one application."""
    return JobSubmission(
        tenant,
        job_id,
        job_description,
        application(application_id),
        role_knowledge=role_knowledge,
        rescore=rescore,
    )


def rescore(
    application_id: str, version_id: str | None = None, *, job_description: str = JOB_DESCRIPTION
) -> JobSubmission:
    """Return a request to score an application again, against a version that is pinned or else the current one."""
    return single(application_id, job_description=job_description, rescore=Rescore(version_id))


def submissions(
    count: int, *, size: int = 25, tenant: TenantKey = ACME, job_id: str = "job-1", prefix: str = "app"
) -> Iterable[BatchSubmission]:
    """Yield batches of `size` applications, each of another applicant."""
    for number in range(count):
        names = (f"{prefix}-{number:04d}-{place:02d}" for place in range(size))
        yield submission(*names, tenant=tenant, job_id=job_id)
