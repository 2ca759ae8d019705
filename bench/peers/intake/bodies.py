"""What comes in and what goes out, as pydantic models. The limits are those of the protos."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=15_000)]

RESUME_BYTES = 102_400


class Body(BaseModel):
    """A body in camel case."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class TextResume(Body):
    """A resume in the request."""

    type: Literal["text"]
    content: Annotated[str, StringConstraints(min_length=50, max_length=RESUME_BYTES)]

    @model_validator(mode="after")
    def fits(self) -> Self:
        """Refuse a text that is too long in bytes."""
        if len(self.content) > RESUME_BYTES // 4 and len(self.content.encode()) > RESUME_BYTES:
            raise ValueError("the resume is too long")
        return self


class UrlResume(Body):
    """A resume to fetch."""

    type: Literal["url"]
    url: Annotated[str, StringConstraints(min_length=1, max_length=2_048)]


class Answer(Body):
    """A question and its answer."""

    question: Annotated[str, StringConstraints(max_length=15_000)]
    answer: Annotated[str, StringConstraints(max_length=15_000)]


class ApplicationData(Body):
    """What is known beside the resume."""

    application_answers: Annotated[list[Answer], Field(max_length=500)] = []
    context: Annotated[str, StringConstraints(max_length=15_000)] | None = None


class Application(Body):
    """An application to score."""

    application_id: Identifier
    resume: Annotated[TextResume | UrlResume, Field(discriminator="type")]
    application_data: ApplicationData | None = None


class Submission(Body):
    """The request."""

    job_description: Annotated[str, StringConstraints(min_length=1, max_length=50_000)]
    applications: Annotated[list[Application], Field(min_length=1, max_length=25)]
    job_title: Title | None = None
    company_name: Title | None = None
    role_knowledge: LongText | None = None

    @model_validator(mode="after")
    def names_each_application_once(self) -> Self:
        """Refuse an application id that comes twice."""
        if len({application.application_id for application in self.applications}) < len(self.applications):
            raise ValueError("an application id comes twice")
        return self


class Batch(Body):
    """A batch, as far as it is known when it is accepted."""

    id: UUID
    job_id: str
    total_jobs: int


class Accepted(Body):
    """The answer: the ids of the jobs are in the order of the applications."""

    batch: Batch
    scoring_job_ids: list[UUID]
