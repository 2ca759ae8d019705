"""What happens to the service: its database is restarted and killed, and so are its processes, at random moments."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from random import Random

import psutil

from tests.support.named_nodes import NamedCluster, NamedNode
from tools.postgresql import PostgresServer

Range = tuple[float, float]
DATABASE, API, WORKER = "database", "api", "worker"
KILLED, PAUSED = "killed", "paused beyond its leases"
STROKES = {
    DATABASE: ("stopped (fast)", "stopped (immediate)", KILLED),
    API: (KILLED,),
    WORKER: (KILLED, PAUSED),
}


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two blows to the database, between two to processes, and how long the database stays away."""

    database: Range
    processes: Range
    absence: Range


SHORT = Pace(database=(1, 3), processes=(1, 2), absence=(0, 1))
LONG = Pace(database=(5, 20), processes=(4, 12), absence=(0, 3))
LEASE_SECONDS = 2
# So long that others have taken over what a worker was at, and often not so long that they have ended it.
PAUSE = (LEASE_SECONDS + 0.2, LEASE_SECONDS + 1.5)


class Weather:
    """Blows for a while. `blows` counts what happened to what."""

    def __init__(self, random: Random, pace: Pace, database: PostgresServer, cluster: NamedCluster) -> None:
        self._random = random
        self._pace = pace
        self._database = database
        self._cluster = cluster
        self._end = 0.0
        self.blows: Counter[str] = Counter()

    async def blow(self, seconds: float) -> None:
        """Return after so many seconds, or a little later, with everything running again."""
        self._end = asyncio.get_running_loop().time() + seconds
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hit_database(Random(self._random.random())))
            group.create_task(self._hit_processes(Random(self._random.random()), API, self._cluster.apis))
            group.create_task(self._hit_processes(Random(self._random.random()), WORKER, self._cluster.workers))

    async def _hit_database(self, random: Random) -> None:
        async for stroke in self._strokes(random, DATABASE, self._pace.database):
            await to_the_end(partial(self._strike, stroke))
            await asyncio.sleep(random.uniform(*self._pace.absence))
            await to_the_end(self._database.start)

    def _strike(self, stroke: str) -> None:
        match stroke:
            case "stopped (fast)":
                self._database.stop("fast")
            case "stopped (immediate)":
                self._database.stop("immediate")
            case _:
                self._database.kill()

    async def _hit_processes(self, random: Random, kind: str, nodes: Sequence[NamedNode]) -> None:
        async for stroke in self._strokes(random, kind, self._pace.processes):
            node = random.choice(nodes)
            lives = len(node.lives)
            if stroke == PAUSED:
                await _pause(node, random.uniform(*PAUSE))
            else:
                await to_the_end(node.revive, otherwise=node.give_up)
                self.blows[f"{kind} ended by itself, without a database to start on"] += len(node.lives) - lives - 1

    async def _strokes(self, random: Random, kind: str, pace: Range) -> AsyncIterator[str]:
        """Yield what to do next, when it is time, and count it when it is done.

        In each round comes everything once. However slow the machine is, there is one round.
        """
        for number in count():
            for stroke in random.sample(STROKES[kind], len(STROKES[kind])):
                await self._calm(random.uniform(*pace), cut_short=number > 0)
                if number > 0 and self._left() <= 0:
                    return
                yield stroke
                self.blows[f"{kind} {stroke}"] += 1

    async def _calm(self, seconds: float, *, cut_short: bool) -> None:
        await asyncio.sleep(max(0, min(seconds, self._left())) if cut_short else seconds)

    def _left(self) -> float:
        """Return for how many seconds it still blows."""
        return self._end - asyncio.get_running_loop().time()


async def _pause(node: NamedNode, seconds: float) -> None:
    """Let a process do nothing for a while, as a machine that has no time for it."""
    process = psutil.Process(node.server.pid)
    process.suspend()
    try:
        await asyncio.sleep(seconds)
    finally:
        process.resume()


def nothing() -> None:
    """Leave it alone."""


async def to_the_end(work: Callable[[], None], otherwise: Callable[[], None] = nothing) -> None:
    """Do some work in a thread. When this is cancelled, do `otherwise` to cut it short, and wait for its end still."""
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.to_thread(otherwise)
        await asyncio.wait([working])
        raise
