"""The routes of criteria over REST."""

from __future__ import annotations

from tests.support.documented_routes import documented_routes
from tests.support.recorded_criteria import POSTGRES, VERSION_ID
from tests.support.rest import HEADERS

CRITERIA = "/v1/jobs/job-1/criteria"
ITEMS = f"{CRITERIA}/items"
ITEM = f"{ITEMS}/{POSTGRES.id}"
VERSIONS = f"{CRITERIA}/versions"
CURRENT = f"{VERSIONS}/current"
VERSION = f"{VERSIONS}/{VERSION_ID}"
JSON = {**HEADERS, "Content-Type": "application/json"}

_IDS = {"jobId": "job-1", "criterionId": POSTGRES.id, "criteriaVersionId": VERSION_ID}
READS = documented_routes(
    "getCriteria", "listCriteriaVersions", "getCurrentCriteriaVersion", "getCriteriaVersion", **_IDS
)
CHANGES = documented_routes(
    "setCriteria", "archiveCriteria", "addCriterion", "updateCriterion", "removeCriterion", **_IDS
)
ROUTES = [*READS, *CHANGES]
