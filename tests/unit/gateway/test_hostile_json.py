"""Bodies that are made to keep the gateway busy, and the largest that callers send in earnest."""

from __future__ import annotations

import json

import pytest
from nova.scoring.v1.scoring_service_pb2 import SubmitScoringBatchRequest

from tests.support.lua import GatewayLua

BATCH = SubmitScoringBatchRequest.DESCRIPTOR.full_name
MAX_BYTES = 4_718_592
LUA = GatewayLua()


def faults(body: bytes | str) -> list[str]:
    return LUA.faults(body.encode() if isinstance(body, str) else body, BATCH)


def test_a_body_may_hold_a_hundred_thousand_values() -> None:
    assert faults('{"x":[' + ",".join(["0"] * 99_998) + "]}") == []
    assert faults('{"x":[' + ",".join(["0"] * 99_999) + "]}") == ["body=too_many_values:100000"]


def filled(unit: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    """Return the largest body that Envoy lets through, made of `unit`."""
    return before + unit * ((MAX_BYTES - len(before) - len(after)) // len(unit)) + after


TOO_MANY = "too_many_values"
HOSTILE = {
    "openings of lists": (filled(b"["), "too_deep"),
    "openings of objects": (filled(b'{"a":'), "too_deep"),
    "empty objects": (filled(b"{},", b'{"x":[', b"{}]}"), TOO_MANY),
    "empty lists": (filled(b"[],", b'{"x":[', b"[]]}"), TOO_MANY),
    "empty applications": (filled(b"{},", b'{"applications":[', b"{}]}"), TOO_MANY),
    "numbers for applications": (filled(b"0,", b'{"applications":[', b"{}]}"), TOO_MANY),
    "numbers between spaces": (filled(b" ,0 ", b'{"x":[0', b"]}"), TOO_MANY),
    "the same unknown key": (filled(b'"":0,', b"{", b'"b":0}'), TOO_MANY),
    "the same known key": (filled(b'"jobTitle":"",', b"{", b'"b":0}'), TOO_MANY),
    "the same known key, escaped": (filled(b'"\\u006aobTitle":"",', b"{", b'"b":0}'), TOO_MANY),
    "texts between all control characters": (filled(b'"",\n\r\t', b'{"x":[', b'""]}' + bytes(range(32))), TOO_MANY),
    "members of a oneof in turn": (filled(b'"url":"","content":"",', b'{"applications":[{"resume":{'), TOO_MANY),
    "quotes": (filled(b'"'), "malformed_json"),
    "an open text": (filled(b"a", b'{"x":"'), "malformed_json"),
    "one long word": (filled(b"a", b'{"x":'), "malformed_json"),
    "one long number that ends as a word": (filled(b"1", b'{"x":', b"a}"), "malformed_json"),
    "a quote behind many backslashes": (filled(b"\\\\", b'{"x":"', b'\\"'), "malformed_json"),
    "backslashes": (filled(b"\\\\", b'{"x":"', b'"}'), None),
    "escaped quotes": (filled(b'\\"', b'{"x":"', b'"}'), None),
    "runs of backslashes before quotes": (filled(b"\\\\" * 500 + b'\\"', b'{"x":"', b'"}'), None),
    "a key of escapes": (filled(b"\\u0061", b'{"', b'":0}'), None),
    "spaces": (filled(b" ", b"{", b"}"), None),
    "a long number": (filled(b"1", b'{"x":', b"}"), None),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_body_of_the_largest_size_costs_no_more_than_its_length(kind: str) -> None:
    """Envoy serves every caller on the thread that runs this. A quadratic step would take hours here."""
    body, code = HOSTILE[kind]

    found = faults(body)

    assert [fault.partition("=")[2].partition(":")[0] for fault in found] == ([code] if code else [])


def test_a_large_valid_request_has_no_faults() -> None:
    answers = [{"question": "Why?", "answer": "Because."}] * 500
    application = {
        "applicationId": "a",
        "resume": {"type": "text", "content": "x" * 102_400},
        "applicationData": {"applicationAnswers": answers, "context": "c" * 15_000},
    }

    assert faults(json.dumps({"jobDescription": "d" * 50_000, "applications": [application] * 25}, indent=1)) == []
