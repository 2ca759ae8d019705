"""Many rows in one parameter, so that one prepared statement serves every number of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Integer, Select, String, bindparam, column, literal_column, select
from sqlalchemy.sql.functions import FunctionElement


def without_nul(text: str) -> str:
    """Return a text without the one character that PostgreSQL can neither store nor look for.

    No id has it, see the rules in the protos, so that a search for one that does finds nothing, as it should.
    """
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if "\0" in text else text


class JsonElements(FunctionElement[Any]):
    """The elements of a JSON array, as rows with one column `value`. Each dialect has words of its own for it."""

    name = "elements"
    inherit_cache = True


class JsonText(FunctionElement[str]):
    """The text at a place in a JSON array. Each dialect has words of its own for it."""

    name = "text"
    type = String()
    inherit_cache = True


class Among(FunctionElement[bool]):
    """The condition that a column has one of the few values that a subquery finds. Each dialect writes it its own way.

    PostgreSQL has to be told that they are few, or it may read the whole table to compare each of its rows.
    """

    name = "among"  # without the type of a condition: SQLite has none, and would get a comparison with 1
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], found: Select[*tuple[Any, ...]]) -> None:
        super().__init__(column, found.scalar_subquery())


def json_rows(name: str, *columns: str) -> CTE:
    """Return a table of text columns, to be filled by `rows_parameter(name, …)` when the statement is run."""
    return _rows(name, *columns).cte(name)


def rows_parameter(name: str, rows: Iterable[Sequence[str]]) -> dict[str, str]:
    """Return the parameter that fills the table of `json_rows(name, …)`."""
    return {name: json.dumps([[without_nul(text) for text in row] for row in rows])}


def among(text: ColumnElement[str], name: str) -> Among:
    """Return the condition that a column has one of the texts of `texts_parameter(name, …)`."""
    return Among(text, _rows(name, "text"))


def texts_parameter(name: str, texts: Iterable[str]) -> dict[str, str]:
    """Return the parameter that fills the list of `among(…, name)`."""
    return rows_parameter(name, ([text] for text in texts))


def _rows(name: str, *columns: str) -> Select[*tuple[Any, ...]]:
    each = JsonElements(bindparam(name, type_=String)).table_valued("value", name=f"{name}_each")
    values = (
        JsonText(column("value"), literal_column(str(place), Integer)).label(label)
        for place, label in enumerate(columns)
    )
    return select(*values).select_from(each)
