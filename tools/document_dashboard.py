"""Render `docs/monitoring/grafana-dashboard.json`: what `tools.dashboard_panels` lists, as Grafana reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from tools.dashboard_panels import ROWS, SELECTION, Curve, Panel

SCHEMA_VERSION = 41  # Grafana 12's; older and newer ones take it
WIDTH = 24
COLUMNS = 3
HEIGHT = 8
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def render() -> str:
    """Return the dashboard."""
    dashboard = {
        "uid": "nova-scoring",
        "title": "nova",
        "description": "The scoring service: what comes in, what waits, what is done, and what it is done with.",
        "tags": ["nova"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_source_variable(), *(_label_variable(*labels) for labels in SELECTION)]},
        "panels": list(_laid_out()),
    }
    return json.dumps(dashboard, indent=2) + "\n"


def _source_variable() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "refresh": 1}


def _label_variable(name: str, of: str) -> dict[str, Any]:
    """Return the choice among the values that the label `name` has on `of`."""
    query = f"label_values({of}, {name})"
    return {
        "name": name,
        "type": "query",
        "datasource": SOURCE,
        "definition": query,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _laid_out() -> Iterator[dict[str, Any]]:
    """Place the rows below each other, and the panels of each side by side."""
    ids, top = count(1), 0
    for title, panels in ROWS.items():
        place = {"h": 1, "w": WIDTH, "x": 0, "y": top}
        yield {"id": next(ids), "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}
        top += 1
        for number, panel in enumerate(panels):
            line, column = divmod(number, COLUMNS)
            width = WIDTH // COLUMNS
            place = {"h": HEIGHT, "w": width, "x": column * width, "y": top + line * HEIGHT}
            yield {"id": next(ids), "gridPos": place, **_drawn(panel)}
        top += -(-len(panels) // COLUMNS) * HEIGHT


def _drawn(panel: Panel) -> dict[str, Any]:
    custom = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 10, "showPoints": "never"}
    defaults = {"unit": panel.unit, "custom": custom} | ({"min": 0} if panel.from_zero else {})
    return {
        "type": "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [_target(number, curve) for number, curve in enumerate(panel.curves)],
    }


def _target(number: int, curve: Curve) -> dict[str, Any]:
    return {
        "refId": chr(ord("A") + number),
        "datasource": SOURCE,
        "editorMode": "code",
        "expr": curve.expression,
        "legendFormat": curve.legend,
        "range": True,
    }
