"""The two hooks that Envoy calls, with what Envoy would hand them."""

from __future__ import annotations

import json

import pytest

from tests.support.lua import GatewayLua, Passed

LUA = GatewayLua()
SERVICE = "nova.scoring.v1.ScoringService"
SUBMIT, GET = f"{SERVICE}.SubmitScoringBatch", f"{SERVICE}.GetScoringBatch"
PATH = "/v1/jobs/job-1/scoring-batches"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
FAULTS = "nova-request-faults"
JSON = {"content-type": "application/json"}


def headers(path: str = PATH, method: str = "POST", **more: str) -> dict[str, str]:
    return {
        ":method": method,
        ":path": path,
        "x-request-id": "4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
        "authorization": "Bearer key",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }


def submitted(body: bytes = b"{}", /, path: str = PATH, **more: str) -> Passed:
    return LUA.request(headers(path, **{"content_type": "application/json", **more}), body, route=SUBMIT)


def fetched(body: bytes = b"", /, path: str = f"{PATH}/b1", **more: str) -> Passed:
    return LUA.request(headers(path, "GET", **more), body, route=GET)


def answered(body: str, *, status: str = "200", route: str = SUBMIT, trace_id: str | None = TRACE) -> Passed:
    given = {
        ":status": status,
        "content-type": "application/json",
        "grpc-status": "0",
        "x-envoy-upstream-service-time": "1",
    }
    return LUA.response(given, body.encode(), route=route, trace_id=trace_id)


def test_a_request_without_faults_passes_as_it_came() -> None:
    passed = submitted(b'{"jobTitle":"x"}')

    assert passed.body == b'{"jobTitle":"x"}'
    assert passed.headers == headers(content_type="application/json")


def test_the_trace_id_is_the_request_id_in_32_digits() -> None:
    assert submitted().trace_id == fetched().trace_id == TRACE


def test_a_request_with_faults_passes_empty_with_the_faults_in_a_header() -> None:
    passed = submitted(b'{"jobTitle":7,"jobDescription":false}')

    assert passed.headers[FAULTS] == "jobTitle=wrong_type:string;jobDescription=wrong_type:string"
    assert (passed.body, passed.headers["content-length"]) == (b"{}", "2")
    assert passed.headers["authorization"] == "Bearer key"


@pytest.mark.parametrize(
    "name", ["x-envoy-upstream-rq-timeout-ms", "x-envoy-retry-on", "grpc-timeout", "grpc-encoding", FAULTS, "nova-any"]
)
def test_a_caller_sets_no_header_that_only_we_may_set(name: str) -> None:
    for passed in (submitted(**{name: "1"}), fetched(**{name: "1"})):
        assert name not in passed.headers


@pytest.mark.parametrize("name", ["x-trace-bin", "-bin", "idempotency-key-bin", "x$y", "x`y", "x!", "~", "x|y", "ü"])
def test_a_header_that_is_no_metadata_is_dropped(name: str) -> None:
    for passed in (submitted(**{name: "1"}), fetched(**{name: "1"})):
        assert name not in passed.headers


@pytest.mark.parametrize("name", ["idempotency-key", "x-expected-criteria-revision", "x.y", "x-binary", "bin", "1"])
@pytest.mark.parametrize("value", ["", "a, b", "ü 🎉", "\t"])
def test_any_other_header_passes_as_it_came(name: str, value: str) -> None:
    for passed in (submitted(**{name: value}), fetched(**{name: value})):
        assert passed.headers[name] == value


@pytest.mark.parametrize("value", [b"\xe4", b"key-\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80"])
def test_a_value_that_is_no_utf_8_becomes_one_that_is_and_no_other_that_a_caller_means(value: bytes) -> None:
    given = {**headers(f"{PATH}/b1", "GET"), "idempotency-key": value.decode("latin-1")}

    passed = LUA.request(given, route=GET, encoding="latin-1")

    assert "\ufffd" in passed.headers["idempotency-key"]
    assert passed.headers["authorization"] == "Bearer key"


def test_over_grpc_binary_metadata_passes() -> None:
    given = headers(f"/{SERVICE}/SubmitScoringBatch", content_type="application/grpc", x_trace_bin="YWJj")

    assert LUA.request(given, route="grpc").headers == given


def test_a_caller_does_not_hide_faults_by_a_header_of_its_own() -> None:
    assert submitted(b"[]", **{FAULTS: ""}).headers[FAULTS] == "body=wrong_type:object"


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/json; charset=utf-8", "Application/JSON", " application/json ;charset=utf-8"],
)
def test_json_is_taken_however_its_media_type_is_written(media_type: str) -> None:
    assert FAULTS not in submitted(content_type=media_type).headers


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "text/json",
        "text/plain",
        "application/jsonp",
        "application/json-patch+json",
        "application/x-www-form-urlencoded",
        "application/grpc",
        "application/grpc+json",
        "json",
        ";",
    ],
)
def test_no_other_media_type_is_taken(media_type: str) -> None:
    passed = submitted(content_type=media_type)

    assert passed.headers[FAULTS] == "Content-Type=invalid:application/json"
    assert (passed.headers["content-type"], passed.body) == ("application/json", b"{}")


def test_a_body_without_a_media_type_is_not_taken() -> None:
    assert LUA.request(headers(), b"{}", route=SUBMIT).headers[FAULTS] == "Content-Type=invalid:application/json"


def test_a_body_that_a_request_has_no_use_for_is_dropped() -> None:
    passed = fetched(b"{", content_type="application/json")

    assert passed.body == b""
    assert passed.headers == headers(f"{PATH}/b1", "GET", content_length="0")


@pytest.mark.parametrize("media_type", ["application/json", "application/grpc", "text/html"])
def test_the_media_type_of_a_request_without_a_body_means_nothing(media_type: str) -> None:
    passed = fetched(content_type=media_type)

    assert passed.headers == headers(f"{PATH}/b1", "GET")


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("page=2", "page=unknown_parameter"),
        ("jobId=x", "jobId=unknown_parameter"),
        ("page_size=2", "query=unknown_parameter"),
        ("a%62c=1", "query=unknown_parameter"),
        ("%3B=1", "query=unknown_parameter"),
        ("a;b=c:d=1", "query=unknown_parameter"),
        ("=1", "query=unknown_parameter"),
        ("=page=1", "query=unknown_parameter"),
        ("x", "x=unknown_parameter"),
        ("x" * 65, "query=unknown_parameter"),
        ("&&page=2&size=3", "page=unknown_parameter;size=unknown_parameter"),
        ("page=2?size=3", "page=unknown_parameter"),
    ],
)
def test_a_parameter_that_the_route_does_not_have_is_a_fault(query: str, fault: str) -> None:
    for passed in (fetched(path=f"{PATH}/b1?{query}"), submitted(path=f"{PATH}?{query}")):
        assert passed.headers[FAULTS] == fault
        assert "?" not in passed.headers[":path"]


@pytest.mark.parametrize("query", ["", "&", "&&"])
def test_a_query_without_parameters_is_none(query: str) -> None:
    assert FAULTS not in fetched(path=f"{PATH}/b1?{query}").headers


def test_a_wrong_parameter_is_told_before_the_body_is_read() -> None:
    passed = submitted(b"{", path=f"{PATH}?x=1")

    assert (passed.headers[FAULTS], passed.body) == ("x=unknown_parameter", b"{}")


@pytest.mark.parametrize("route", ["grpc", SUBMIT])
def test_a_grpc_call_passes_as_it_came_but_for_our_own_header(route: str) -> None:
    given = headers(f"/{SERVICE}/SubmitScoringBatch", content_type="application/grpc", grpc_timeout="1S", te="trailers")

    passed = LUA.request({**given, FAULTS: "a=invalid"}, b"\0\0\0\0\0", route=route)

    assert (passed.headers, passed.body, passed.trace_id) == (given, b"\0\0\0\0\0", TRACE)


@pytest.mark.parametrize(("route", "status"), [(SUBMIT, "202"), (GET, "200")])
def test_a_success_has_the_status_of_its_operation(route: str, status: str) -> None:
    assert answered("{}", route=route).headers[":status"] == status


def test_a_success_has_its_nulls_and_its_length_in_bytes() -> None:
    passed = answered('{"batch":{"id":"b","jobId":"Zürich 🎉"},"scoringJobIds":[]}')

    assert json.loads(passed.body)["batch"] == {"id": "b", "jobId": "Zürich 🎉", "completedAt": None}
    assert passed.headers == {
        ":status": "202",
        "content-type": "application/json",
        "content-length": str(len(passed.body)),
        "x-trace-id": TRACE,
    }


def test_a_failure_is_a_problem_with_its_length_in_bytes() -> None:
    status = {"code": 14, "message": "Später.", "details": [{"reason": "SERVICE_UNAVAILABLE"}, {"retryDelay": "1.5s"}]}

    passed = answered(json.dumps(status, separators=(",", ":"), ensure_ascii=False), status="503")

    assert json.loads(passed.body)["message"] == "Später."
    assert passed.headers == {
        ":status": "503",
        "content-type": "application/problem+json",
        "content-length": str(len(passed.body)),
        "retry-after": "2",
        "x-trace-id": TRACE,
    }


def test_the_status_of_a_problem_is_that_of_its_code_and_not_the_transcoders() -> None:
    status = '{"code":8,"message":"Slow down.","details":[{"reason":"PAYLOAD_TOO_LARGE"}]}'

    assert answered(status, status="429").headers[":status"] == "413"


def test_an_answer_of_envoy_itself_only_gets_its_trace_id() -> None:
    given = {":status": "400", "content-type": "application/problem+json", "content-length": "2"}

    passed = LUA.response(given, b"{}", route=SUBMIT, trace_id=TRACE)

    assert (passed.headers, passed.body) == ({**given, "x-trace-id": TRACE}, b"{}")


def test_an_answer_to_a_request_that_never_came_to_the_filter_stays_as_it_is() -> None:
    given = {":status": "404", "content-type": "application/problem+json", "x-trace-id": "0" * 32}

    assert LUA.response(given, b"{}", route="unknown", trace_id=None).headers == given


@pytest.mark.parametrize("route", ["grpc", SUBMIT])
def test_an_answer_over_grpc_passes_with_the_trace_id(route: str) -> None:
    given = {":status": "200", "content-type": "application/grpc", "grpc-status": "5"}

    passed = LUA.response(given, b"\0\0", route=route, trace_id=TRACE)

    assert (passed.headers, passed.body) == ({**given, "x-trace-id": TRACE}, b"\0\0")


def test_health_says_nothing_of_envoys_clusters() -> None:
    given = {":status": "200", "x-envoy-upstream-healthchecked-cluster": "nova"}

    assert LUA.response(given, b"", route="unknown", trace_id=TRACE).headers == {":status": "200", "x-trace-id": TRACE}
