"""Turns messages into the records of the use cases, and back. Everything here was validated before."""

from __future__ import annotations

from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova.scoring.v1 import (
    application_pb2,
    assessment_pb2,
    resume_pb2,
    scoring_batch_pb2,
    scoring_job_pb2,
    scoring_service_pb2,
)

from nova_server.api.timestamps import timestamp_of
from nova_server.ports.scorer import ApplicationAnswer, Assessment
from nova_server.ports.scoring import (
    AcceptedBatch,
    BatchStatus,
    BatchSubmission,
    BatchWithJobs,
    JobState,
    JobSubmission,
    Rescore,
    ResumeSource,
    ScoringBatch,
    ScoringJob,
    SubmittedApplication,
)
from nova_server.ports.tenancy import TenantKey

BATCH_STATUS = {
    BatchStatus.PENDING: scoring_batch_pb2.ScoringBatch.PENDING,
    BatchStatus.COMPLETED: scoring_batch_pb2.ScoringBatch.COMPLETED,
    BatchStatus.FAILED: scoring_batch_pb2.ScoringBatch.FAILED,
}
# Callers are not told whether a job waits or is being scored.
JOB_STATUS = {
    JobState.PENDING: scoring_job_pb2.ScoringJob.PENDING,
    JobState.RUNNING: scoring_job_pb2.ScoringJob.PENDING,
    JobState.COMPLETED: scoring_job_pb2.ScoringJob.COMPLETED,
    JobState.FAILED: scoring_job_pb2.ScoringJob.FAILED,
}


def to_batch_submission(request: scoring_service_pb2.SubmitScoringBatchRequest, tenant: TenantKey) -> BatchSubmission:
    """Return the batch that `request` submits for `tenant`."""
    return BatchSubmission(
        tenant=tenant,
        job_id=request.job_id,
        job_description=request.job_description,
        applications=tuple([_application(application) for application in request.applications]),
        job_title=request.job_title if request.HasField("job_title") else None,
        company_name=request.company_name if request.HasField("company_name") else None,
        role_knowledge=request.role_knowledge if request.HasField("role_knowledge") else None,
    )


def to_job_submission(request: scoring_service_pb2.SubmitScoringJobRequest, tenant: TenantKey) -> JobSubmission:
    """Return the application that `request` submits for `tenant`."""
    return JobSubmission(
        tenant=tenant,
        job_id=request.job_id,
        job_description=request.job_description,
        application=_application(request),
        job_title=request.job_title if request.HasField("job_title") else None,
        company_name=request.company_name if request.HasField("company_name") else None,
        role_knowledge=request.role_knowledge if request.HasField("role_knowledge") else None,
        rescore=_rescore(request.rescore),
    )


def _rescore(rescore: scoring_job_pb2.Rescore) -> Rescore | None:
    if not rescore.enabled:
        return None
    return Rescore(rescore.criteria_version_id if rescore.HasField("criteria_version_id") else None)


def _application(
    application: application_pb2.Application | scoring_service_pb2.SubmitScoringJobRequest,
) -> SubmittedApplication:
    """Return the application: an item of a batch, or what a request is about that submits a single one."""
    resume = _resume_source(application.resume)
    if not application.HasField("application_data"):
        return SubmittedApplication(application.application_id, resume)
    data = application.application_data
    answers = tuple([ApplicationAnswer(given.question, given.answer) for given in data.application_answers])
    context = data.context if data.HasField("context") else None
    return SubmittedApplication(application.application_id, resume, answers, context)


def _resume_source(resume: resume_pb2.Resume) -> ResumeSource:
    return ResumeSource(url=resume.url) if resume.HasField("url") else ResumeSource(text=resume.content)


def from_accepted(accepted: AcceptedBatch) -> scoring_service_pb2.SubmitScoringBatchResponse:
    """Return the answer to a submission."""
    return scoring_service_pb2.SubmitScoringBatchResponse(
        batch=from_batch(accepted.batch), scoring_job_ids=accepted.scoring_job_ids
    )


def from_found(found: BatchWithJobs) -> scoring_service_pb2.GetScoringBatchResponse:
    """Return a batch with its jobs, as GetScoringBatch answers."""
    return scoring_service_pb2.GetScoringBatchResponse(
        batch=from_batch(found.batch), scoring_jobs=[from_job(job) for job in found.jobs]
    )


def from_change(change: BatchWithJobs) -> scoring_service_pb2.WatchScoringBatchResponse:
    """Return a batch with the jobs that changed, as WatchScoringBatch tells."""
    return scoring_service_pb2.WatchScoringBatchResponse(
        batch=from_batch(change.batch), scoring_jobs=[from_job(job) for job in change.jobs]
    )


def from_batch(batch: ScoringBatch) -> scoring_batch_pb2.ScoringBatch:
    """Return the message of a batch."""
    return scoring_batch_pb2.ScoringBatch(
        id=batch.id,
        job_id=batch.job_id,
        status=BATCH_STATUS[batch.status],
        total_jobs=batch.total_jobs,
        completed_jobs=batch.completed_jobs,
        failed_jobs=batch.failed_jobs,
        created_at=timestamp_of(batch.created_at),
        completed_at=timestamp_of(batch.completed_at),
    )


def from_job(job: ScoringJob) -> scoring_job_pb2.ScoringJob:
    """Return the message of a scoring job. What is not known yet is left unset."""
    return scoring_job_pb2.ScoringJob(
        id=job.id,
        criteria_version_id=job.criteria_version_id,
        job_id=job.job_id,
        application_id=job.application_id,
        status=JOB_STATUS[job.state],
        is_rescore=job.is_rescore,
        score=job.score,
        assessment=_assessment(job.assessment),
        error_code=ErrorReason.Value(job.error_code) if job.error_code else None,
        error_message=job.error_message,
        queued_at=timestamp_of(job.queued_at),
        started_at=timestamp_of(job.started_at),
        completed_at=timestamp_of(job.finished_at if job.state is JobState.COMPLETED else None),
        failed_at=timestamp_of(job.finished_at if job.state is JobState.FAILED else None),
    )


def _assessment(assessment: Assessment | None) -> assessment_pb2.Assessment | None:
    if assessment is None:
        return None
    return assessment_pb2.Assessment(
        verdict=assessment.verdict,
        strengths=assessment.strengths,
        concerns=assessment.concerns,
        interview_focus=assessment.interview_focus,
    )
