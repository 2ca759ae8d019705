"""Which spellings of a value the check of a request's JSON takes, and which lists it misses."""

from __future__ import annotations

import pytest
from nova.criteria.v1.criteria_service_pb2 import AddCriterionRequest, SetCriteriaRequest
from nova.scoring.v1.scoring_service_pb2 import SubmitScoringBatchRequest

from tests.support.lua import GatewayLua

BATCH = SubmitScoringBatchRequest.DESCRIPTOR.full_name
SET = SetCriteriaRequest.DESCRIPTOR.full_name
ADD = AddCriterionRequest.DESCRIPTOR.full_name
LUA = GatewayLua()


def faults(body: str, message: str = BATCH) -> list[str]:
    return LUA.faults(body.encode(), message)


def test_an_escaped_enum_value_is_the_value_that_it_spells() -> None:
    assert faults('{"applications":[{"resume":{"type":"\\u0075rl"}}]}') == []


@pytest.mark.parametrize("value", ["1", '"URL"', '"type_url"', '""', '"unspecified"', "true", "[]", "{}"])
def test_an_enum_is_taken_in_its_documented_spelling_only(value: str) -> None:
    body = f'{{"applications":[{{"resume":{{"type":{value}}}}}]}}'

    assert faults(body) == ["applications[0].resume.type=invalid:url, text"]


@pytest.mark.parametrize(
    "value", ["1", "2.0", '"must_have"', '"Must_Have"', '"IMPORTANCE_UNSPECIFIED"', '""', '"OPTIONAL"', "true", "[]"]
)
def test_an_enum_outside_of_a_message_is_taken_as_it_is_declared(value: str) -> None:
    told = "invalid:MUST_HAVE, PREFERRED, NICE_TO_HAVE"

    assert faults(f'{{"text":"x","importance":{value}}}', ADD) == [f"importance={told}"]
    assert faults(f'{{"criteria":[{{}},{{"importance":{value}}}]}}', SET) == [f"criteria[1].importance={told}"]
    assert faults('{"text":"x","importance":"NICE_TO_HAVE"}', ADD) == []


@pytest.mark.parametrize("body", ["{}", '{"criteria":null}', '{"Criteria":[]}', '{"criterion":[],"criteria":null}'])
def test_a_list_that_has_to_be_named_is_missed(body: str) -> None:
    assert faults(body, SET) == ["criteria=required"]


@pytest.mark.parametrize("body", ['{"criteria":[]}', '{"criteri\\u0061":[]}', '{"criteria":null,"criteria":[{}]}'])
def test_a_list_that_has_to_be_named_may_be_empty(body: str) -> None:
    assert faults(body, SET) == []


def test_of_a_list_with_a_fault_it_is_not_said_that_it_is_missing() -> None:
    assert faults('{"criteria":{}}', SET) == ["criteria=wrong_type:array"]
    assert faults("[]", SET) == ["body=wrong_type:object"]
