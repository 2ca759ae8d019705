"""On a bad day, with its database restarted and its processes killed all the time, the service keeps every promise.

`python -m tests.crash.chaos` is a day that is as long as you like.
"""

from __future__ import annotations

from tests.crash.chaos.story import tell
from tests.crash.chaos.weather import SHORT

SECONDS = 8
SEED = 20_260_401


async def test_a_database_restarted_and_processes_killed_under_load_lose_nothing_and_do_nothing_twice() -> None:
    report = await tell(SECONDS, SEED, SHORT)
    assert report.parts["scoring jobs"]["ended"] == report.parts["work"]["jobs"] > 0
    assert report.parts["deliveries"]["returned"], "no receiver failed"
