"""Types of arrays, told to the driver: it would otherwise ask the server about them, on every connection anew.

It asks with a recursive query over the system's tables, which takes longer than all the statements of a submission.
"""

from __future__ import annotations

import asyncpg

# The type of an array, its name, and the type of its elements. In every server these are the same for ever.
ARRAY_TYPES = (
    (1000, "_bool", 16),
    (1001, "_bytea", 17),
    (1005, "_int2", 21),
    (1007, "_int4", 23),
    (1009, "_text", 25),
    (1015, "_varchar", 1043),
    (1016, "_int8", 20),
    (1022, "_float8", 701),
)
_KNOWN = [
    {"oid": oid, "name": name, "ns": "pg_catalog", "elemtype": element, "elemdelim": ",", "range_subtype": None,
     "attrtypoids": None, "basetype": None}
    for oid, name, element in ARRAY_TYPES
]  # fmt: skip


def know_arrays(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Let a connection write rows without a question."""
    connection.get_settings().register_data_types(_KNOWN)
