"""What a scoring job is scored from, put together from where its parts are stored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, case, select

from nova_server.ports.scorer import ApplicationAnswer, CriterionText
from nova_server.ports.scoring import JobTexts, ResumeSource
from nova_server.storage.criteria_json import load_criteria
from nova_server.storage.json_rows import among, texts_parameter
from nova_server.storage.schema import criteria_versions, scoring_inputs, scoring_jobs, texts


def _text(digest: ColumnElement[Any]) -> ScalarSelect[str]:
    """Return a text of the job's tenant. A join might go by one half of its key, and read all that the tenant has."""
    of_tenant = texts.c.tenant_id == scoring_jobs.c.tenant_id
    return select(texts.c.content).where(of_tenant, texts.c.digest == digest).scalar_subquery()


# A version that a partner set follows from no texts: then those of the submission stand beside it.
_follows_from_texts = criteria_versions.c.job_description_digest.is_not(None)
_description_digest = case(
    (_follows_from_texts, criteria_versions.c.job_description_digest), else_=scoring_inputs.c.job_description_digest
)
_knowledge_digest = case(
    (_follows_from_texts, criteria_versions.c.role_knowledge_digest), else_=scoring_inputs.c.role_knowledge_digest
)

_READ = (
    select(
        scoring_jobs.c.id,
        scoring_inputs.c.resume_url,
        scoring_inputs.c.job_title,
        scoring_inputs.c.company_name,
        scoring_jobs.c.criteria_version_id,
        criteria_versions.c.criteria,
        _text(_description_digest).label("job_description"),
        _text(_knowledge_digest).label("role_knowledge"),
        _text(scoring_inputs.c.resume_digest).label("resume_text"),
        _text(scoring_inputs.c.application_data_digest).label("application_data"),
    )
    .select_from(
        scoring_jobs.join(scoring_inputs, scoring_inputs.c.scoring_job_id == scoring_jobs.c.id).join(
            criteria_versions, criteria_versions.c.id == scoring_jobs.c.criteria_version_id
        )
    )
    .where(among(scoring_jobs.c.id, "job_ids"))
)


def read_job_texts(connection: Connection, job_ids: Sequence[str]) -> dict[str, JobTexts]:
    """Return the texts of the jobs that exist, by id of the scoring job."""
    rows = connection.execute(_READ, texts_parameter("job_ids", job_ids))
    return {row.id: _to_texts(row) for row in rows}


def _to_texts(row: Row[*tuple[Any, ...]]) -> JobTexts:
    criteria = load_criteria(row.criteria)
    answers, context = json.loads(row.application_data) if row.application_data else ([], None)
    return JobTexts(
        job_description=row.job_description,
        resume=ResumeSource(url=row.resume_url, text=row.resume_text),
        job_title=row.job_title,
        company_name=row.company_name,
        role_knowledge=row.role_knowledge,
        answers=tuple(ApplicationAnswer(*answer) for answer in answers),
        context=context,
        criteria_version_id=row.criteria_version_id,
        criteria=None if criteria is None else tuple(CriterionText(one.text, one.importance) for one in criteria),
    )
