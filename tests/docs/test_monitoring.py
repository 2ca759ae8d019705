"""The dashboard and the alerts speak of metrics that there are, and Prometheus understands them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova_server.egress.denied import DENY_REASONS
from nova_server.observability.metrics import Metrics
from nova_server.ports.webhooks import FailureReason, WebhookEvent
from nova_server.settings import Role
from prometheus_client import Counter, Histogram
from prometheus_client.metrics import MetricWrapperBase

from tools import document_dashboard

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "docs/monitoring"
ALERTS = MONITORING / "alerts.yml"
ALERT_TESTS = MONITORING / "alerts_test.yml"
RUNBOOK = "docs/operations/runbook.md"
DASHBOARD = json.loads((MONITORING / "grafana-dashboard.json").read_text(encoding="utf-8"))

# What Prometheus itself knows of a process, and adds to each of its metrics.
OF_PROMETHEUS = {"job", "instance"}
OF_PROCESSES = (
    "up",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_open_fds",
    "process_max_fds",
    "process_start_time_seconds",
)
# Reasons and outcomes are spelled in many places, so that only those are looked at that are compared with a word.
VALUES: Mapping[str, set[str]] = {
    "role": {role.value for role in Role},
    "event": {event.value for event in WebhookEvent},
    "reason": {*DENY_REASONS, "conflict", "connection"},
    "use": {"write", "read", "listen"},
    "state": {"busy", "free"},
}

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed: on Debian it is in the package `prometheus`"
)


def samples() -> dict[str, set[str]]:
    """Return the labels of each sample that a process exposes, by its name."""
    found: dict[str, set[str]] = dict.fromkeys(OF_PROCESSES, OF_PROMETHEUS)
    for metric in vars(Metrics()).values():
        if isinstance(metric, MetricWrapperBase):
            found |= {name: {*metric._labelnames, *OF_PROMETHEUS} for name in names_of(metric)}
            if isinstance(metric, Histogram):
                found[f"{metric._name}_bucket"] = found[f"{metric._name}_bucket"] | {"le"}
    return found


def names_of(metric: MetricWrapperBase) -> list[str]:
    if isinstance(metric, Histogram):
        return [f"{metric._name}_{part}" for part in ("bucket", "sum", "count")]
    return [f"{metric._name}_total" if isinstance(metric, Counter) else metric._name]


SAMPLES = samples()


def rules() -> list[Mapping[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def panels() -> list[Mapping[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def drawn() -> dict[str, str]:
    """Return the expressions of the dashboard, by the panel and its curve."""
    curves = ((panel["title"], target) for panel in panels() for target in panel["targets"])
    return {f"{title} {target['refId']}": target["expr"] for title, target in curves}


EXPRESSIONS = drawn() | {rule["alert"]: rule["expr"] for rule in rules()}

each_expression = pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)


def selectors(expression: str) -> Iterator[tuple[str, str]]:
    """Yield each metric of an expression, and the conditions on its labels."""
    yield from re.findall(r"\b((?:nova|process)_\w+|up)\b(?!\()(?:\{([^}]*)\})?", unquoted(expression))


def unquoted(expression: str) -> str:
    """Leave out the words of `label_replace`, which are none of PromQL."""
    return re.sub(r'\), "\w+", "\w*", "", ""\)', ")", expression)


@each_expression
def test_every_metric_that_is_asked_for_exists(expression: str) -> None:
    asked = [name for name, _ in selectors(expression)]
    assert asked
    assert [name for name in asked if name not in SAMPLES] == []


@each_expression
def test_every_label_that_is_asked_for_exists(expression: str) -> None:
    asked = dict.fromkeys(name for name, _ in selectors(expression))
    for name, conditions in selectors(expression):
        assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", conditions)) <= SAMPLES[name]
    for labels in re.findall(r"\bby \(([^)]*)\)", expression):
        assert set(labels.split(", ")) <= set().union(*(SAMPLES[name] for name in asked))


@each_expression
def test_every_label_is_compared_with_what_it_can_be(expression: str) -> None:
    for _, conditions in selectors(expression):
        for label, value in re.findall(r'(\w+)\s*!?=\s*"([^"]*)"', conditions):
            assert value in VALUES.get(label, {value})


def test_outcomes_and_statuses_are_spelled_as_the_service_spells_them() -> None:
    known = {
        "outcome": {"completed", "delivered", *ErrorReason.keys(), *FailureReason},
        "code": {code.name for code in grpc.StatusCode},
    }
    for label, value in re.findall(r'(outcome|code)\s*(?:=~|!~|!=|=)\s*"([^"]*)"', "".join(EXPRESSIONS.values())):
        assert set(value.split("|")) <= known[label]


def test_every_metric_of_ours_is_on_the_dashboard() -> None:
    shown = {name for expression in drawn().values() for name, _ in selectors(expression)}
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in SAMPLES} - families == set()


def test_the_dashboard_is_fresh() -> None:
    assert (MONITORING / "grafana-dashboard.json").read_text(encoding="utf-8") == document_dashboard.render()


def test_the_dashboard_takes_its_source_from_a_variable() -> None:
    variables = [variable["name"] for variable in DASHBOARD["templating"]["list"]]
    assert variables == ["datasource", "job", "instance"]
    sources = [panel["datasource"] for panel in panels()]
    sources += [target["datasource"] for panel in panels() for target in panel["targets"]]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)


def test_the_dashboard_has_a_row_for_each_part_of_the_service() -> None:
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert rows == ["Intake", "Queue", "Workers", "Webhooks", "Store", "Processes"]


def test_no_panel_lies_on_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_every_alert_says_how_urgent_it_is_and_what_to_do() -> None:
    headings = re.findall(r"^#+ (.+)$", (ROOT / RUNBOOK).read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "ticket")
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert (page, anchor in anchors) == (RUNBOOK, True), rule["alert"]


def test_every_alert_is_explained_beside_what_to_do() -> None:
    text = (ROOT / RUNBOOK).read_text(encoding="utf-8")
    assert [rule["alert"] for rule in rules() if f"`{rule['alert']}`" not in text] == []
    assert set(re.findall(r"`(Nova[A-Z]\w+)`", text)) == {rule["alert"] for rule in rules()}


def test_every_alert_is_tested_both_ways() -> None:
    told: set[str] = set()
    silent: set[str] = set()
    for test in yaml.safe_load(ALERT_TESTS.read_text(encoding="utf-8"))["tests"]:
        for case in test["alert_rule_test"]:
            (told if case.get("exp_alerts") else silent).add(case["alertname"])
    names = {rule["alert"] for rule in rules()}
    assert told == names
    # An alert without a moment of silence is tested by a second series of which nothing is told.
    assert len(silent) > len(names) / 2


@needs_promtool
def test_prometheus_takes_the_alerts() -> None:
    run_promtool("check", "rules", str(ALERTS))


@needs_promtool
def test_the_alerts_tell_of_what_they_are_for() -> None:
    run_promtool("test", "rules", str(ALERT_TESTS))


@needs_promtool
def test_prometheus_understands_the_dashboard(tmp_path: Path) -> None:
    chosen = (re.sub(r"\$__rate_interval", "5m", expression) for expression in drawn().values())
    recorded = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(chosen)]
    (tmp_path / "panels.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": recorded}]}))
    run_promtool("check", "rules", str(tmp_path / "panels.yml"))


def run_promtool(*arguments: str) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
