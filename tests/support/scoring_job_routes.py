"""The routes of single scoring jobs over REST."""

from __future__ import annotations

from tests.support.documented_routes import documented_routes
from tests.support.use_cases import JOB

APPLICATION = "/v1/jobs/job-1/applications/app-1"
JOBS = f"{APPLICATION}/scoring-jobs"
READ = f"{JOBS}/{JOB.id}"
SCORE = f"{APPLICATION}/score"
# Every key of a scoring job, in the order of the documentation.
KEYS = [
    "id", "criteriaVersionId", "jobId", "applicationId", "status", "isRescore", "score", "assessment", "errorCode",
    "errorMessage", "queuedAt", "startedAt", "completedAt", "failedAt",
]  # fmt: skip

_IDS = {"jobId": "job-1", "applicationId": "app-1", "scoringJobId": JOB.id}
ROUTES = documented_routes("submitScoringJob", "getScoringJob", "getLatestScore", **_IDS)
