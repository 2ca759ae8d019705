"""Criteria as a person writes them down: JSON, or a list with one criterion a line."""

from __future__ import annotations

import json
import re
from pathlib import Path

from nova.criteria.v1.criteria_service_pb2 import SetCriteriaRequest
from nova.criteria.v1.criterion_pb2 import CriterionText, Importance

from nova_server.cli.applications import read_text
from nova_server.cli.documented_json import parse
from nova_server.cli.failures import UsageFault

IMPORTANCES = tuple(name for name, number in Importance.items() if number)
HOW_TO_WRITE = f"Write it as `- {IMPORTANCES[0]}: text`, with one of {', '.join(IMPORTANCES)}."

_LINE = re.compile(rf"(?:(?:[-*+]|\d+[.)])\s+)?({'|'.join(IMPORTANCES)})\s*:\s*(\S.*)")


def read_criteria(path: Path) -> list[CriterionText]:
    """Return the criteria in a file, in their order. Raises UsageFault that names the file, and each line at fault."""
    text = read_text(path)
    if path.suffix.lower() == ".json" or text.lstrip().startswith("{"):
        return _parse_json(path, text)
    return _parse_lines(path, text)


def _parse_json(path: Path, text: str) -> list[CriterionText]:
    """Return the criteria of the body that SetCriteria takes, or of one that lists criteria with more about them."""
    try:
        return _criteria_of(json.loads(text))
    except ValueError as error:
        raise UsageFault(f"{path} holds no criteria: {error}") from error
    except RecursionError:
        raise UsageFault(f"{path} holds no criteria: it is nested too deep") from None


def _criteria_of(body: object) -> list[CriterionText]:
    """An empty list clears the criteria of a job, so that it has to be written down and is never assumed."""
    if not isinstance(body, dict) or not isinstance(body.get("criteria"), list):
        raise ValueError('the JSON is not an object with a list "criteria"')
    return list(parse({"criteria": body["criteria"]}, SetCriteriaRequest()).criteria)


def _parse_lines(path: Path, text: str) -> list[CriterionText]:
    stripped = [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1)]
    found = [(number, _LINE.fullmatch(line)) for number, line in stripped if line and not line.startswith("#")]
    if not found:
        raise UsageFault(f'{path} holds no criteria. To clear those of the job, write {{"criteria": []}} as JSON.')
    faults = [f"{path}, line {number}: no importance, or no text." for number, match in found if match is None]
    if faults:
        raise UsageFault("\n".join([*faults, HOW_TO_WRITE]))
    return [CriterionText(text=match[2], importance=Importance.Value(match[1])) for _, match in found if match]
