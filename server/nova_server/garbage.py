"""How the garbage collector is set up for a long-lived process."""

from __future__ import annotations

import gc

# Allocations between two collections of the youngest generation. A call allocates hundreds of objects and frees them
# by itself; at the default of 700 the collector runs at nearly every call and finds nothing.
YOUNGEST_THRESHOLD = 20_000


def settle() -> None:
    """Leave what was made until now, modules and their statements, out of every later collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST_THRESHOLD, 20, 20)
