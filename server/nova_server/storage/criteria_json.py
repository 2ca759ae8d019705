"""How the criteria of a version are stored: `[[id, text, importance, created_at], …]`, in their order."""

from __future__ import annotations

import json
from collections.abc import Sequence

from nova_server.ports.criteria import Criterion
from nova_server.ports.scorer import Importance


def dump_criteria(criteria: Sequence[Criterion]) -> str:
    """Return the stored form of criteria."""
    rows = [[one.id, one.text, one.importance.value, one.created_at] for one in criteria]
    return json.dumps(rows, ensure_ascii=False)


def load_criteria(stored: str | None) -> tuple[Criterion, ...] | None:
    """Return the criteria that `dump_criteria` stored. None while they are not derived."""
    if stored is None:
        return None
    return tuple(
        Criterion(criterion_id, text, Importance(importance), created_at)
        for criterion_id, text, importance, created_at in json.loads(stored)
    )
