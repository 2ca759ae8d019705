"""The JSON that is sent: keys in the documented order, no spaces, every character as itself."""

from __future__ import annotations

import json
from collections.abc import Mapping

from nova_server.ports.clock import Instant
from nova_server.ports.scorer import Assessment
from nova_server.ports.scoring import BatchStatus
from nova_server.ports.webhooks import EndedBatch, EndedJob, WebhookEvent
from nova_server.webhooks.times import rfc3339

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
TEST_MESSAGE = "This is a test webhook."


class JsonEventBodies:
    """Implements `ports.webhooks.EventBodies`."""

    def of_job(self, job: EndedJob) -> str:
        completed = job.assessment is not None
        event = WebhookEvent.SCORE_COMPLETED if completed else WebhookEvent.SCORE_FAILED
        identity = {
            "event": event,
            "tenantId": job.tenant_id,
            "scoringJobId": job.scoring_job_id,
            "criteriaVersionId": job.criteria_version_id,
            "jobId": job.job_id,
            "applicationId": job.application_id,
        }
        return _render(identity | _end_of(job))

    def of_batch(self, batch: EndedBatch) -> str:
        return _render(
            {
                "event": WebhookEvent.BATCH_COMPLETED,
                "tenantId": batch.tenant_id,
                "batchId": batch.batch_id,
                "jobId": batch.job_id,
                "totalJobs": batch.total_jobs,
                "completedJobs": batch.completed_jobs,
                "failedJobs": batch.failed_jobs,
                "status": BatchStatus.FAILED if batch.failed_jobs else BatchStatus.COMPLETED,
                "completedAt": rfc3339(batch.completed_at),
            }
        )

    def of_test(self, now: Instant) -> str:
        return _render({"event": WebhookEvent.TEST, "message": TEST_MESSAGE, "timestamp": rfc3339(now)})


def _end_of(job: EndedJob) -> dict[str, object]:
    ended_at = rfc3339(job.finished_at)
    if job.assessment is None:
        return {"error": {"code": job.error_code, "message": job.error_message}, "failedAt": ended_at}
    return {"result": {"score": job.score, "assessment": _words(job.assessment)}, "completedAt": ended_at}


def _words(assessment: Assessment) -> dict[str, object]:
    return {
        "verdict": assessment.verdict,
        "strengths": assessment.strengths,
        "concerns": assessment.concerns,
        "interviewFocus": assessment.interview_focus,
    }


def _render(body: Mapping[str, object]) -> str:
    return _ENCODER.encode(body)
