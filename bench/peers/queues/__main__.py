"""Times a queue as the command line says, and prints a line of JSON: jobs a second."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

import uvloop

from bench.peers.queues.pgqueuer_jobs import PgQueuerJobs
from bench.peers.queues.procrastinate_jobs import ProcrastinateJobs
from bench.peers.queues.timing import QueuePeer, measure

PEERS: dict[str, Callable[[], QueuePeer]] = {"pgqueuer": PgQueuerJobs, "procrastinate": ProcrastinateJobs}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.peers.queues")
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("url", help="of an empty PostgreSQL database")
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    peer = PEERS[arguments.peer]()
    uvloop.run(peer.install(arguments.url))
    enqueuing, working = measure(peer, arguments.url, arguments.jobs, arguments.processes)
    seconds = {"enqueue": enqueuing, "process": working, "total": enqueuing + working}
    print(json.dumps({name: arguments.jobs / duration for name, duration in seconds.items()}))


if __name__ == "__main__":
    main()
