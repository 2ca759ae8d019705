"""Lists far over their limits are cut before anything looks for faults in them: that is what keeps others served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from nova.criteria.v1 import criterion_pb2
from nova.scoring.v1 import application_pb2
from nova_server.api.call import Call, current_call
from nova_server.api.criteria_validation import CriteriaValidator
from nova_server.api.validation import RequestValidator
from nova_server.errors import ValidationFailed

from tests.support.api import HostPolicy, job_submission, submission
from tests.support.criteria_requests import Set

ANSWERS = [application_pb2.ApplicationAnswer(question="q", answer="a")] * 2_000


class Context:
    """A context of a call without metadata."""

    def invocation_metadata(self) -> None:
        """A call without metadata."""


@pytest.fixture
def call() -> Iterator[None]:
    """Be in a call, whose headers are looked at beside its request."""
    token = current_call.set(Call("/x/y", streams=False, context=cast(Any, Context())))
    yield
    current_call.reset(token)


@pytest.fixture(scope="module")
def validator() -> RequestValidator:
    return RequestValidator(HostPolicy())


def test_of_the_answers_of_a_single_application_one_too_many_is_kept(validator: RequestValidator) -> None:
    request = job_submission(application_data=application_pb2.ApplicationData(application_answers=ANSWERS))

    with pytest.raises(ValidationFailed):
        validator.check_job(request)

    assert len(request.application_data.application_answers) == 501


def test_of_the_answers_in_a_batch_one_too_many_is_kept(validator: RequestValidator) -> None:
    request = submission(2)
    request.applications[1].application_data.application_answers.extend(ANSWERS)

    with pytest.raises(ValidationFailed):
        validator.check_batch(request)

    assert len(request.applications[1].application_data.application_answers) == 501


def test_of_the_applications_of_a_batch_one_too_many_is_kept(validator: RequestValidator) -> None:
    request = submission(200)

    with pytest.raises(ValidationFailed):
        validator.check_batch(request)

    assert len(request.applications) == 26


@pytest.mark.usefixtures("call")
def test_of_criteria_one_too_many_is_kept() -> None:
    criteria = [criterion_pb2.CriterionText(text="Go", importance=criterion_pb2.MUST_HAVE)] * 2_000
    request = Set(job_id="j", criteria=criteria)

    with pytest.raises(ValidationFailed):
        CriteriaValidator().check(request)

    assert len(request.criteria) == 101
