"""Many rows in one parameter, so that one prepared statement serves every number of them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import CTE, String, bindparam, column, func, select


def json_rows(name: str, *columns: str) -> CTE:
    """Return a table of text columns, to be filled by `rows_parameter(name, …)` when the statement is run."""
    each = func.json_each(bindparam(name, type_=String)).table_valued("value", name=f"{name}_each")
    values = (
        func.json_extract(column("value"), f"$[{place}]", type_=String).label(label)
        for place, label in enumerate(columns)
    )
    return select(*values).select_from(each).cte(name)


def rows_parameter(name: str, rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return the parameter that fills the table of `json_rows(name, …)`."""
    return {name: json.dumps([list(row) for row in rows])}
