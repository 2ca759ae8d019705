"""What the Lua filter takes for a number in a request's JSON, and for an integer."""

from __future__ import annotations

import pytest
from nova.scoring.v1.scoring_service_pb2 import SubmitScoringBatchRequest
from nova.webhooks.v1.webhook_service_pb2 import RotateWebhookSecretRequest

from tests.support.lua import GatewayLua

LUA = GatewayLua()
BATCH = SubmitScoringBatchRequest.DESCRIPTOR.full_name
ROTATION = RotateWebhookSecretRequest.DESCRIPTOR.full_name
NUMBERS = ["0", "-0", "7", "-12", "1.5", "0.0", "1e5", "1E5", "1e+5", "1e-5", "-0.5E-07", "1e400", "9" * 5000]
NO_NUMBERS = ["01", "-01", "00", "+1", ".5", "1.", "-.5", "1.e5", "1e", "1e+", "-", "0x10", "1e5.5", "1-2", "1+1"]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:9])
def test_a_number_of_any_form_is_a_number(number: str) -> None:
    assert LUA.faults(f'{{"colour":{number}}}'.encode(), BATCH) == []
    assert LUA.faults(f'{{"jobTitle":{number}}}'.encode(), BATCH) == ["jobTitle=wrong_type:string"]


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("0", None),
        ("-0", None),
        ("-2147483648", None),
        ("2147483647", None),
        ("3600.000", None),
        ("36e2", None),
        ("10e-1", None),
        ("1.5", "wrong_type:integer"),
        ("1e-5", "wrong_type:integer"),
        ("2147483648", "out_of_range"),
        ("-2147483649", "out_of_range"),
        ("1e400", "out_of_range"),
        ("9" * 5000, "out_of_range"),
        ('"7"', "wrong_type:integer"),
        ("true", "wrong_type:integer"),
        ("[7]", "wrong_type:integer"),
    ],
    ids=lambda number: number and number[:11],
)
def test_an_integer_is_a_number_without_a_fraction_that_fits_into_32_bits(number: str, fault: str | None) -> None:
    found = LUA.faults(f'{{"overlapSeconds":{number}}}'.encode(), ROTATION)

    assert found == ([f"overlapSeconds={fault}"] if fault else [])


@pytest.mark.parametrize("word", [*NO_NUMBERS, "NaN", "Infinity", "-Infinity", "True", "nul"])
def test_what_only_looks_like_a_number_is_malformed(word: str) -> None:
    assert LUA.faults(f'{{"colour":{word}}}'.encode(), BATCH) == ["body=malformed_json:11"]
